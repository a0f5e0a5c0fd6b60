// JavaScript value <-> IValue, by schema type.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type_base.h>

#include "dispatch.h"
#include "values.h"

namespace libtorch_node {

// How a schema type converts. `size` is the N of a list type such as int[N].
Conversion ConversionOf(const c10::TypePtr& type, std::optional<int32_t> size);

c10::IValue ToIValue(const Arguments& arguments, napi_value value, const Conversion& conversion, const char* name);

// What Python's parser makes of a number where an op wants a tensor: without dimensions, and weak in type promotion.
at::Tensor NumberTensor(const at::Scalar& number);

// Tensors are registered; undefined ones become 0.
napi_value FromIValue(const Arguments& arguments, const c10::IValue& value);

// A schema's default in the form in which JavaScript would pass it: dtypes and formats by name.
napi_value TypedFromIValue(const Arguments& arguments, const c10::IValue& value, const Conversion& conversion);

// The type as the schema writes it, with SymInt, ScalarType and list sizes: `SymInt[2]?`.
std::string TypeName(const c10::TypePtr& type, std::optional<int32_t> size);

}  // namespace libtorch_node
