// The one door for ops: every op of the loaded library's dispatcher, called by number.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/function_schema.h>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace libtorch_node {

// How one schema type is converted; see convert.cc.
enum class Kind : uint8_t {
  kTensor,
  kInt,
  kFloat,
  kBool,
  kScalar,
  kString,
  kDtype,
  kDevice,
  kLayout,
  kMemoryFormat,
  kGenerator,
  kOptional,
  kList,
  kUnsupported,
};

struct Conversion {
  Kind kind = Kind::kUnsupported;
  // Of an optional's value, or a list's elements.
  std::unique_ptr<Conversion> inner;
  // Of a list such as int[2]: a single value stands for this many equal ones; 0 if it may not.
  int32_t repeat = 0;
};

struct OpArgument {
  std::string name;
  Conversion conversion;
  std::optional<c10::IValue> default_value;
};

// The C++ signatures that most small ops have. Called through them an op is about 60 ns faster than through the boxed
// stack; which one fits is read from the op's registration, so no list of ops is kept.
using UnaryOp = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&)>;
using BinaryOp = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&, const at::Tensor&)>;
using ScaledBinaryOp = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Scalar&)>;
using ScalarOp = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&, const at::Scalar&)>;
using DirectOp = std::variant<std::monostate, UnaryOp, BinaryOp, ScaledBinaryOp, ScalarOp>;

// An op's schema, prepared once so that a call only converts values.
struct Op {
  explicit Op(const c10::OperatorHandle& operator_handle);

  c10::OperatorHandle handle;
  DirectOp direct;
  std::vector<OpArgument> arguments;
  // The most frequent kind of result, which needs no look at the value's type.
  bool returns_one_tensor = false;
  // By result: it is an argument that the op writes to, as add_'s result is its self.
  std::vector<bool> returns_argument;
  std::vector<Conversion> returns;
};

}  // namespace libtorch_node
