// Plain JavaScript values to C++ and back. Each reader names the argument in its error.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/Scalar.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <vector>

#include "exports.h"
#include "tensor_table.h"

namespace libtorch_node {

// The largest integer that a JavaScript number gives exactly, as it does all below.
inline constexpr double kMaxSafeInteger = 9007199254740991.0;

// -- what kind of value it is -----------------------------------------------------------------------------------------
napi_valuetype TypeOf(napi_env env, napi_value value);
bool IsNullish(napi_env env, napi_value value);
bool IsArray(napi_env env, napi_value value);
// `a number (2.5)`, `a string ('abc')`, `null`: what an error message says that it received.
std::string Describe(napi_env env, napi_value value);

// -- readers; `name` is the argument's name for the error ------------------------------------------------------------
double ReadDouble(napi_env env, napi_value value, const char* name);
int64_t ReadInt(napi_env env, napi_value value, const char* name);
// An id or a count of 32 bits: cut off to them, another one's number would come out.
uint32_t ReadId(napi_env env, napi_value value, const char* name);
// Accepts numbers and BigInts from int64-min to uint64-max; negative ones wrap as in torch.manual_seed.
uint64_t ReadSeed(napi_env env, napi_value value, const char* name);
bool ReadBool(napi_env env, napi_value value, const char* name);
std::string ReadString(napi_env env, napi_value value, const char* name);
std::vector<napi_value> ReadArray(napi_env env, napi_value value, const char* name);
std::vector<int64_t> ReadInts(napi_env env, napi_value value, const char* name);
// A number, BigInt, boolean, { re, im } or { float }. Integral numbers become integral scalars, as Python's 2 and 2.0
// differ; negative zero stays a float, and so does { float: 2 }, the element of a floating tensor.
c10::Scalar ReadScalar(napi_env env, napi_value value, const char* name);
// The handle's digits; 0 for null and undefined.
Handle ReadHandle(napi_env env, napi_value value, const char* name);
// The tensor of a handle. Inside of a region, what is read is waited for.
const at::Tensor& TensorOf(Environment& environment, Handle handle);
// What is said where a tensor's handle is 0.
[[noreturn]] void ThrowNoTensor(const char* name);
// The tensor; throws where there is none.
at::Tensor ReadTensor(const Arguments& arguments, napi_value value, const char* name);
// What has its sizes, strides and dtype: the tensor, or what stands for it while it is computed.
at::Tensor ReadShape(const Arguments& arguments, napi_value value, const char* name);
// The tensor, undefined where the handle is 0.
at::Tensor ReadOptionalTensor(const Arguments& arguments, napi_value value, const char* name);
std::vector<at::Tensor> ReadTensors(const Arguments& arguments, napi_value value, const char* name);
// The bytes of a typed array, DataView or Buffer.
struct Bytes {
  const uint8_t* data;
  size_t size;
};
Bytes ReadBytes(napi_env env, napi_value value, const char* name);
// The tensor's elements one after another on the CPU, as they are or copied; throws where it has none of that kind.
at::Tensor PlainElements(const at::Tensor& tensor);
// The value itself.
napi_value ReadFunction(napi_env env, napi_value value, const char* name);
// obj[name]
napi_value Property(napi_env env, napi_value object, const char* name);

// -- PyTorch's names -------------------------------------------------------------------------------------------------
c10::ScalarType ReadDtype(napi_env env, napi_value value, const char* name);
const char* DtypeName(c10::ScalarType dtype);
c10::Device ReadDevice(napi_env env, napi_value value, const char* name);
// One that may not be there.
c10::Device ReadDeviceName(napi_env env, napi_value value, const char* name);
c10::Layout ReadLayout(napi_env env, napi_value value, const char* name);
const char* LayoutName(c10::Layout layout);
c10::MemoryFormat ReadMemoryFormat(napi_env env, napi_value value, const char* name);
const char* MemoryFormatName(c10::MemoryFormat format);

// -- writers ---------------------------------------------------------------------------------------------------------
napi_value Undefined(napi_env env);
napi_value Null(napi_env env);
napi_value MakeDouble(napi_env env, double value);
// A number where it is exact, else a BigInt.
napi_value MakeInt(napi_env env, int64_t value);
napi_value MakeBool(napi_env env, bool value);
napi_value MakeString(napi_env env, const std::string& value);
napi_value MakeInts(napi_env env, c10::IntArrayRef values);
napi_value MakeScalar(napi_env env, const c10::Scalar& value);
napi_value MakeHandle(napi_env env, Handle handle);
// Registers a tensor; 0 for an undefined one.
napi_value MakeTensor(const Arguments& arguments, at::Tensor tensor);
// By JavaScript's own constructor: napi_create_arraybuffer ends the process where memory is short.
napi_value MakeArrayBuffer(napi_env env, size_t size, void** data);
napi_value MakeArray(napi_env env, const std::vector<napi_value>& values);
napi_value MakeObject(napi_env env);
void SetProperty(napi_env env, napi_value object, const char* name, napi_value value);

}  // namespace libtorch_node
