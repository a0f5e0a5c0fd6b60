// What a tensor is and holds: sizes, dtype, device, elements.

#include <ATen/ops/empty.h>

#include <cstring>

#include "compute/thread.h"
#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

at::Tensor Self(const Arguments& arguments) { return ReadTensor(arguments, arguments[0], "self"); }

// For its elements: what is queued may write to any tensor that is there already.
at::Tensor SelfWithElements(const Arguments& arguments) {
  Environment& environment = *arguments.environment;
  if (environment.region) environment.compute->Wait(*environment.region);
  return Self(arguments);
}

at::Tensor Shape(const Arguments& arguments) { return ReadShape(arguments, arguments[0], "self"); }

napi_value Sizes(Arguments& arguments) { return MakeInts(arguments.env, Shape(arguments).sizes()); }
napi_value Strides(Arguments& arguments) { return MakeInts(arguments.env, Shape(arguments).strides()); }
napi_value StorageOffset(Arguments& arguments) { return MakeInt(arguments.env, Shape(arguments).storage_offset()); }
napi_value DataPtr(Arguments& arguments) {
  const at::Tensor self = ReadTensor(arguments, arguments[0], "self");
  return MakeInt(arguments.env, static_cast<int64_t>(reinterpret_cast<intptr_t>(self.data_ptr())));
}
napi_value Numel(Arguments& arguments) { return MakeInt(arguments.env, Shape(arguments).numel()); }
napi_value Dim(Arguments& arguments) { return MakeInt(arguments.env, Shape(arguments).dim()); }

napi_value Dtype(Arguments& arguments) { return MakeString(arguments.env, DtypeName(Shape(arguments).scalar_type())); }

napi_value Device(Arguments& arguments) {
  const at::Tensor self = Shape(arguments);
  const auto pending = arguments.environment->tensors.FindPending(ReadHandle(arguments.env, arguments[0], "self"));
  return MakeString(arguments.env, (pending ? pending->device : self.device()).str());
}

napi_value Layout(Arguments& arguments) { return MakeString(arguments.env, LayoutName(Shape(arguments).layout())); }

napi_value IsContiguous(Arguments& arguments) { return MakeBool(arguments.env, Shape(arguments).is_contiguous()); }

napi_value SharesStorage(Arguments& arguments) {
  const at::Tensor a = ReadTensor(arguments, arguments[0], "a");
  const at::Tensor b = ReadTensor(arguments, arguments[1], "b");
  return MakeBool(arguments.env, a.has_storage() && b.has_storage() && a.is_alias_of(b));
}

// fromBytes(dtype, sizes, bytes)
napi_value FromBytes(Arguments& arguments) {
  napi_env env = arguments.env;
  const c10::ScalarType dtype = ReadDtype(env, arguments[0], "dtype");
  const std::vector<int64_t> sizes = ReadInts(env, arguments[1], "shape");
  const Bytes bytes = ReadBytes(env, arguments[2], "bytes");
  at::Tensor tensor = at::empty(sizes, at::TensorOptions(dtype));
  if (tensor.nbytes() != bytes.size) {
    ThrowValue(std::string("expected ") + std::to_string(tensor.nbytes()) + " bytes for a tensor of shape " +
               c10::str(tensor.sizes()) + " and dtype " + DtypeName(dtype) + ", received " +
               std::to_string(bytes.size));
  }
  if (bytes.size != 0) std::memcpy(tensor.mutable_data_ptr(), bytes.data, bytes.size);
  return MakeTensor(arguments, std::move(tensor));
}

napi_value ToBytes(Arguments& arguments) {
  const at::Tensor tensor = PlainElements(SelfWithElements(arguments));
  void* data = nullptr;
  napi_value result = MakeArrayBuffer(arguments.env, tensor.nbytes(), &data);
  if (tensor.nbytes() != 0) std::memcpy(data, tensor.const_data_ptr(), tensor.nbytes());
  return result;
}

napi_value Item(Arguments& arguments) { return MakeScalar(arguments.env, SelfWithElements(arguments).item()); }

}  // namespace

void RegisterData(Exports& exports) {
  exports.Add<Sizes>("sizes");
  exports.Add<Strides>("strides");
  exports.Add<StorageOffset>("storageOffset");
  exports.Add<DataPtr>("dataPtr");
  exports.Add<Numel>("numel");
  exports.Add<Dim>("dim");
  exports.Add<Dtype>("dtype");
  exports.Add<Device>("device");
  exports.Add<Layout>("layout");
  exports.Add<IsContiguous>("isContiguous");
  exports.Add<SharesStorage>("sharesStorage");
  exports.Add<FromBytes>("fromBytes");
  exports.Add<ToBytes>("toBytes");
  exports.Add<Item>("item");
}

}  // namespace libtorch_node
