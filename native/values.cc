#include "values.h"

#include <ATen/core/grad_mode.h>

#include <array>
#include <cmath>
#include <limits>

#include "compute/thread.h"

namespace libtorch_node {
namespace {

// As many as tensors can be alive.
constexpr uint32_t kMaxListLength = uint32_t{1} << 24;

[[noreturn]] void ThrowExpected(napi_env env, const char* expected, const char* name, napi_value value) {
  ThrowType(std::string("expected ") + expected + " for argument `" + name + "`, received " + Describe(env, value));
}

bool IsIntegral(double value) { return std::trunc(value) == value && std::abs(value) <= kMaxSafeInteger; }

int64_t ReadBigInt(napi_env env, napi_value value, const char* name) {
  int64_t result = 0;
  bool lossless = false;
  Check(env, napi_get_value_bigint_int64(env, value, &result, &lossless));
  if (!lossless) ThrowExpected(env, "an integer of 64 bits", name, value);
  return result;
}

}  // namespace

napi_valuetype TypeOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  Check(env, napi_typeof(env, value, &type));
  return type;
}

bool IsNullish(napi_env env, napi_value value) {
  const napi_valuetype type = TypeOf(env, value);
  return type == napi_undefined || type == napi_null;
}

bool IsArray(napi_env env, napi_value value) {
  bool result = false;
  Check(env, napi_is_array(env, value, &result));
  return result;
}

std::string Describe(napi_env env, napi_value value) {
  const napi_valuetype type = TypeOf(env, value);
  if (type == napi_undefined) return "undefined";
  if (type == napi_null) return "null";
  if (type == napi_function) return "a function";
  if (type == napi_symbol) return "a symbol";
  if (type == napi_external) return "an external value";
  if (type == napi_object) return IsArray(env, value) ? "an array" : "an object";
  napi_value text = nullptr;
  Check(env, napi_coerce_to_string(env, value, &text));
  std::string shown = ReadString(env, text, "value");
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  switch (type) {
    case napi_string:
      return "the string '" + shown + "'";
    case napi_boolean:
      return "the boolean " + shown;
    case napi_bigint:
      return "the bigint " + shown;
    default:
      return "the number " + shown;
  }
}

double ReadDouble(napi_env env, napi_value value, const char* name) {
  double result = 0;
  if (napi_get_value_double(env, value, &result) == napi_ok) return result;
  if (TypeOf(env, value) == napi_bigint) return static_cast<double>(ReadBigInt(env, value, name));
  ThrowExpected(env, "a number", name, value);
}

int64_t ReadInt(napi_env env, napi_value value, const char* name) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) == napi_ok) {
    if (!IsIntegral(number)) ThrowExpected(env, "an integer", name, value);
    return static_cast<int64_t>(number);
  }
  if (TypeOf(env, value) == napi_bigint) return ReadBigInt(env, value, name);
  ThrowExpected(env, "an integer", name, value);
}

uint32_t ReadId(napi_env env, napi_value value, const char* name) {
  const int64_t id = ReadInt(env, value, name);
  if (id < 0 || id > std::numeric_limits<uint32_t>::max()) {
    ThrowExpected(env, "an integer from 0 to 2^32-1", name, value);
  }
  return static_cast<uint32_t>(id);
}

uint64_t ReadSeed(napi_env env, napi_value value, const char* name) {
  if (TypeOf(env, value) != napi_bigint) return static_cast<uint64_t>(ReadInt(env, value, name));
  bool lossless = false;
  uint64_t unsigned_value = 0;
  Check(env, napi_get_value_bigint_uint64(env, value, &unsigned_value, &lossless));
  if (lossless) return unsigned_value;
  int64_t signed_value = 0;
  Check(env, napi_get_value_bigint_int64(env, value, &signed_value, &lossless));
  if (!lossless) ThrowExpected(env, "an integer from -2^63 to 2^64-1", name, value);
  return static_cast<uint64_t>(signed_value);
}

bool ReadBool(napi_env env, napi_value value, const char* name) {
  bool result = false;
  if (napi_get_value_bool(env, value, &result) != napi_ok) ThrowExpected(env, "a boolean", name, value);
  return result;
}

std::string ReadString(napi_env env, napi_value value, const char* name) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
    ThrowExpected(env, "a string", name, value);
  }
  std::string result(length, '\0');
  Check(env, napi_get_value_string_utf8(env, value, result.data(), length + 1, &length));
  return result;
}

std::vector<napi_value> ReadArray(napi_env env, napi_value value, const char* name) {
  if (TypeOf(env, value) != napi_object || !IsArray(env, value)) ThrowExpected(env, "an array", name, value);
  uint32_t length = 0;
  Check(env, napi_get_array_length(env, value, &length));
  // A list of holes takes no memory in JavaScript, whatever its length.
  if (length > kMaxListLength) {
    ThrowValue("expected at most " + std::to_string(kMaxListLength) + " elements for argument `" + name +
               "`, received " + std::to_string(length));
  }
  std::vector<napi_value> result(length);
  for (uint32_t i = 0; i < length; ++i) Check(env, napi_get_element(env, value, i, &result[i]));
  return result;
}

std::vector<int64_t> ReadInts(napi_env env, napi_value value, const char* name) {
  std::vector<int64_t> result;
  for (napi_value element : ReadArray(env, value, name)) result.push_back(ReadInt(env, element, name));
  return result;
}

c10::Scalar ReadScalar(napi_env env, napi_value value, const char* name) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) == napi_ok) {
    const bool negative_zero = number == 0 && std::signbit(number);
    if (IsIntegral(number) && !negative_zero) return c10::Scalar(static_cast<int64_t>(number));
    return c10::Scalar(number);
  }
  switch (TypeOf(env, value)) {
    case napi_bigint:
      return c10::Scalar(ReadBigInt(env, value, name));
    case napi_boolean:
      return c10::Scalar(ReadBool(env, value, name));
    case napi_object: {
      if (IsArray(env, value)) break;
      napi_value whole = Property(env, value, "float");
      if (TypeOf(env, whole) == napi_number) return c10::Scalar(ReadDouble(env, whole, name));
      napi_value re = Property(env, value, "re");
      napi_value im = Property(env, value, "im");
      if (TypeOf(env, re) != napi_number || TypeOf(env, im) != napi_number) break;
      return c10::Scalar(c10::complex<double>(ReadDouble(env, re, "re"), ReadDouble(env, im, "im")));
    }
    default:
      break;
  }
  ThrowExpected(env, "a number, bigint, boolean or { re, im }", name, value);
}

Handle ReadHandle(napi_env env, napi_value value, const char* name) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) == napi_ok) {
    if (!(number >= 0) || !IsIntegral(number)) ThrowExpected(env, "a tensor", name, value);
    return static_cast<Handle>(number);
  }
  if (!IsNullish(env, value)) ThrowExpected(env, "a tensor", name, value);
  return 0;
}

void ThrowNoTensor(const char* name) {
  ThrowDisposed(std::string("argument `") + name + "` is no tensor: it is missing, or was disposed");
}

const at::Tensor& TensorOf(Environment& environment, Handle handle) {
  if (environment.region && environment.tensors.IsAlive(handle) && !environment.tensors.ReadsShapes() &&
      environment.tensors.FindPending(handle)) {
    environment.compute->Wait(*environment.region);
    environment.tensors.Settle(handle);
  }
  return environment.tensors.Get(handle);
}

at::Tensor ReadTensor(const Arguments& arguments, napi_value value, const char* name) {
  const Handle handle = ReadHandle(arguments.env, value, name);
  if (handle == 0) ThrowNoTensor(name);
  return TensorOf(*arguments.environment, handle);
}

at::Tensor ReadShape(const Arguments& arguments, napi_value value, const char* name) {
  const Handle handle = ReadHandle(arguments.env, value, name);
  if (handle == 0) ThrowNoTensor(name);
  Environment& environment = *arguments.environment;
  const at::Tensor& shape = environment.tensors.Shape(handle);
  return !environment.compute || environment.compute->KnowsShape(shape) ? shape : TensorOf(environment, handle);
}

at::Tensor ReadOptionalTensor(const Arguments& arguments, napi_value value, const char* name) {
  const Handle handle = ReadHandle(arguments.env, value, name);
  return handle == 0 ? at::Tensor() : TensorOf(*arguments.environment, handle);
}

std::vector<at::Tensor> ReadTensors(const Arguments& arguments, napi_value value, const char* name) {
  std::vector<at::Tensor> result;
  for (napi_value element : ReadArray(arguments.env, value, name)) {
    result.push_back(ReadTensor(arguments, element, name));
  }
  return result;
}

Bytes ReadBytes(napi_env env, napi_value value, const char* name) {
  bool matches = false;
  void* data = nullptr;
  size_t size = 0;
  Check(env, napi_is_typedarray(env, value, &matches));
  if (matches) {
    napi_typedarray_type type = napi_uint8_array;
    size_t length = 0;
    Check(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
    // In the order of napi_typedarray_type; the last is Float16Array, which newer versions of Node have.
    static constexpr std::array<size_t, 12> kItemSizes = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 2};
    if (static_cast<size_t>(type) >= kItemSizes.size()) ThrowExpected(env, "a known typed array", name, value);
    size = length * kItemSizes[type];
    return {static_cast<const uint8_t*>(data), size};
  }
  Check(env, napi_is_dataview(env, value, &matches));
  if (!matches) ThrowExpected(env, "a typed array, DataView or Buffer", name, value);
  Check(env, napi_get_dataview_info(env, value, &size, &data, nullptr, nullptr));
  return {static_cast<const uint8_t*>(data), size};
}

at::Tensor PlainElements(const at::Tensor& tensor) {
  const at::NoGradGuard no_grad;
  if (tensor.layout() != at::kStrided) ThrowType("only a dense tensor has bytes to read; call toDense() first");
  if (tensor.is_quantized()) ThrowType("a quantized tensor has no plain elements; call dequantize() first");
  if (tensor.is_meta()) ThrowType("a tensor on the meta device has no elements");
  // Zeros that autograd made, as the gradient of sgn(): they have no memory before they are copied.
  const at::Tensor solid = tensor._is_zerotensor() ? tensor.clone() : tensor;
  return solid.resolve_conj().resolve_neg().to(at::kCPU).contiguous();
}

napi_value ReadFunction(napi_env env, napi_value value, const char* name) {
  if (TypeOf(env, value) != napi_function) ThrowExpected(env, "a function", name, value);
  return value;
}

napi_value Property(napi_env env, napi_value object, const char* name) {
  if (TypeOf(env, object) != napi_object) ThrowExpected(env, "an object", name, object);
  napi_value value = nullptr;
  Check(env, napi_get_named_property(env, object, name, &value));
  return value;
}

napi_value Undefined(napi_env env) {
  napi_value result = nullptr;
  Check(env, napi_get_undefined(env, &result));
  return result;
}

napi_value Null(napi_env env) {
  napi_value result = nullptr;
  Check(env, napi_get_null(env, &result));
  return result;
}

napi_value MakeDouble(napi_env env, double value) {
  napi_value result = nullptr;
  Check(env, napi_create_double(env, value, &result));
  return result;
}

napi_value MakeInt(napi_env env, int64_t value) {
  napi_value result = nullptr;
  if (std::abs(static_cast<double>(value)) <= kMaxSafeInteger) {
    Check(env, napi_create_int64(env, value, &result));
  } else {
    Check(env, napi_create_bigint_int64(env, value, &result));
  }
  return result;
}

napi_value MakeBool(napi_env env, bool value) {
  napi_value result = nullptr;
  Check(env, napi_get_boolean(env, value, &result));
  return result;
}

napi_value MakeString(napi_env env, const std::string& value) {
  napi_value result = nullptr;
  Check(env, napi_create_string_utf8(env, value.data(), value.size(), &result));
  return result;
}

napi_value MakeInts(napi_env env, c10::IntArrayRef values) {
  napi_value result = nullptr;
  Check(env, napi_create_array_with_length(env, values.size(), &result));
  for (uint32_t i = 0; i < values.size(); ++i) Check(env, napi_set_element(env, result, i, MakeInt(env, values[i])));
  return result;
}

napi_value MakeScalar(napi_env env, const c10::Scalar& value) {
  if (value.isComplex()) {
    const auto number = value.toComplexDouble();
    napi_value result = MakeObject(env);
    SetProperty(env, result, "re", MakeDouble(env, number.real()));
    SetProperty(env, result, "im", MakeDouble(env, number.imag()));
    return result;
  }
  if (value.isFloatingPoint()) return MakeDouble(env, value.toDouble());
  if (value.isBoolean()) return MakeBool(env, value.toBool());
  if (value.type() == c10::ScalarType::UInt64) {
    napi_value result = nullptr;
    const uint64_t number = value.toUInt64();
    if (number <= static_cast<uint64_t>(kMaxSafeInteger)) return MakeInt(env, static_cast<int64_t>(number));
    Check(env, napi_create_bigint_uint64(env, number, &result));
    return result;
  }
  return MakeInt(env, value.toLong());
}

napi_value MakeHandle(napi_env env, Handle handle) { return MakeDouble(env, static_cast<double>(handle)); }

napi_value MakeTensor(const Arguments& arguments, at::Tensor tensor) {
  return MakeHandle(arguments.env, arguments.environment->tensors.Add(std::move(tensor)));
}

napi_value MakeArrayBuffer(napi_env env, size_t size, void** data) {
  napi_value global = nullptr;
  napi_value constructor = nullptr;
  napi_value result = nullptr;
  Check(env, napi_get_global(env, &global));
  Check(env, napi_get_named_property(env, global, "ArrayBuffer", &constructor));
  napi_value length = MakeDouble(env, static_cast<double>(size));
  if (napi_new_instance(env, constructor, 1, &length, &result) != napi_ok) {
    napi_get_and_clear_last_exception(env, &result);
    throw CodedError("TORCH_OUT_OF_MEMORY", "JavaScript cannot hold " + std::to_string(size) + " bytes in one buffer");
  }
  Check(env, napi_get_arraybuffer_info(env, result, data, nullptr));
  return result;
}

napi_value MakeArray(napi_env env, const std::vector<napi_value>& values) {
  napi_value result = nullptr;
  Check(env, napi_create_array_with_length(env, values.size(), &result));
  for (uint32_t i = 0; i < values.size(); ++i) Check(env, napi_set_element(env, result, i, values[i]));
  return result;
}

napi_value MakeObject(napi_env env) {
  napi_value result = nullptr;
  Check(env, napi_create_object(env, &result));
  return result;
}

void SetProperty(napi_env env, napi_value object, const char* name, napi_value value) {
  Check(env, napi_set_named_property(env, object, name, value));
}

}  // namespace libtorch_node
