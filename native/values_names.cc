// PyTorch's names of dtypes, devices, layouts and memory formats.

#include <ATen/Context.h>

#include "library.h"
#include "values.h"

namespace libtorch_node {
namespace {

template <typename T>
struct Named {
  const char* name;
  T value;
};

// The first name of a value is the one that is written.
constexpr Named<c10::ScalarType> kDtypes[] = {
    {"float32", c10::ScalarType::Float},
    {"float64", c10::ScalarType::Double},
    {"float16", c10::ScalarType::Half},
    {"bfloat16", c10::ScalarType::BFloat16},
    {"int64", c10::ScalarType::Long},
    {"int32", c10::ScalarType::Int},
    {"int16", c10::ScalarType::Short},
    {"int8", c10::ScalarType::Char},
    {"uint8", c10::ScalarType::Byte},
    {"bool", c10::ScalarType::Bool},
    {"uint16", c10::ScalarType::UInt16},
    {"uint32", c10::ScalarType::UInt32},
    {"uint64", c10::ScalarType::UInt64},
    {"complex32", c10::ScalarType::ComplexHalf},
    {"complex64", c10::ScalarType::ComplexFloat},
    {"complex128", c10::ScalarType::ComplexDouble},
    {"float8_e4m3fn", c10::ScalarType::Float8_e4m3fn},
    {"float8_e5m2", c10::ScalarType::Float8_e5m2},
    {"float8_e4m3fnuz", c10::ScalarType::Float8_e4m3fnuz},
    {"float8_e5m2fnuz", c10::ScalarType::Float8_e5m2fnuz},
    {"float8_e8m0fnu", c10::ScalarType::Float8_e8m0fnu},
    {"quint8", c10::ScalarType::QUInt8},
    {"qint8", c10::ScalarType::QInt8},
    {"qint32", c10::ScalarType::QInt32},
};

constexpr Named<c10::Layout> kLayouts[] = {
    {"strided", c10::Layout::Strided},      {"sparse_coo", c10::Layout::Sparse},
    {"sparse_csr", c10::Layout::SparseCsr}, {"sparse_csc", c10::Layout::SparseCsc},
    {"sparse_bsr", c10::Layout::SparseBsr}, {"sparse_bsc", c10::Layout::SparseBsc},
    {"_mkldnn", c10::Layout::Mkldnn},       {"jagged", c10::Layout::Jagged},
};

constexpr Named<c10::MemoryFormat> kMemoryFormats[] = {
    {"contiguous_format", c10::MemoryFormat::Contiguous},
    {"preserve_format", c10::MemoryFormat::Preserve},
    {"channels_last", c10::MemoryFormat::ChannelsLast},
    {"channels_last_3d", c10::MemoryFormat::ChannelsLast3d},
};

template <typename T, size_t size>
T ReadNamed(const Named<T> (&table)[size], const char* kind, napi_env env, napi_value value, const char* argument) {
  const std::string given = ReadString(env, value, argument);
  for (const auto& entry : table) {
    if (given == entry.name) return entry.value;
  }
  std::string known;
  for (const auto& entry : table) known += std::string(known.empty() ? "" : ", ") + entry.name;
  ThrowType(std::string("expected a ") + kind + " for argument `" + argument + "` (" + known +
            "), received the string '" + given + "'");
}

template <typename T, size_t size>
const char* NameOf(const Named<T> (&table)[size], T value) {
  for (const auto& entry : table) {
    if (entry.value == value) return entry.name;
  }
  return "unknown";
}

}  // namespace

c10::ScalarType ReadDtype(napi_env env, napi_value value, const char* name) {
  return ReadNamed(kDtypes, "dtype", env, value, name);
}

const char* DtypeName(c10::ScalarType dtype) { return NameOf(kDtypes, dtype); }

c10::Layout ReadLayout(napi_env env, napi_value value, const char* name) {
  return ReadNamed(kLayouts, "layout", env, value, name);
}

const char* LayoutName(c10::Layout layout) { return NameOf(kLayouts, layout); }

c10::MemoryFormat ReadMemoryFormat(napi_env env, napi_value value, const char* name) {
  return ReadNamed(kMemoryFormats, "memory format", env, value, name);
}

const char* MemoryFormatName(c10::MemoryFormat format) { return NameOf(kMemoryFormats, format); }

c10::Device ReadDeviceName(napi_env env, napi_value value, const char* name) {
  const std::string given = ReadString(env, value, name);
  try {
    return c10::Device(given);
  } catch (const c10::Error&) {
    ThrowType(std::string("expected a device such as 'cpu', 'meta' or 'cuda:0' for argument `") + name +
              "`, received the string '" + given + "'");
  }
}

c10::Device ReadDevice(napi_env env, napi_value value, const char* name) {
  const c10::Device device = ReadDeviceName(env, value, name);
  // Said here, in one sentence: deep inside an op the same mistake is reported as a missing kernel.
  if (device.is_cuda() && !CudaReason().empty()) {
    ThrowValue(std::string("argument `") + name + "` names the device '" + device.str() +
               "', but CUDA is not available here: " + CudaReason());
  }
  return device;
}

}  // namespace libtorch_node
