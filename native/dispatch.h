// The one door for ops: every op of the loaded library's dispatcher, called by number.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/function_schema.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "direct_call.h"
#include "guards.h"

namespace libtorch_node {

// How one schema type is converted; see convert.cc.
enum class Kind : uint8_t {
  kTensor,
  // A number for a tensor argument; see Op::number_argument.
  kNumberTensor,
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
  // Null stands for the default, which is another one: a default device was set.
  bool null_is_default = false;
};

// An op's schema, prepared once so that a call only converts values.
struct Op {
  // `number_argument`: the name of a tensor argument that takes a number instead, or null. Python's parser turns the 2
  // of `x * 2` into such a tensor and calls mul.Tensor; mul.Scalar would be another node in the graph.
  explicit Op(const c10::OperatorHandle& operator_handle, const char* number_argument = nullptr);

  // What stands for a missing `device` from now on, where the op is a factory and has no tensor to be like.
  void SetDefaultDevice(const std::optional<c10::Device>& device);

  c10::OperatorHandle handle;
  // Called before the op; null for nearly all.
  Guard guard;
  // Null where the op is called boxed.
  std::unique_ptr<DirectCall> direct;
  std::vector<OpArgument> arguments;
  // The most frequent kind of result, which needs no look at the value's type.
  bool returns_one_tensor = false;
  // By result: it is an argument that the op writes to, as add_'s result is its self.
  std::vector<bool> returns_argument;
  std::vector<Conversion> returns;

 private:
  // The position of a factory's `device`.
  std::optional<size_t> device_argument_;
};

}  // namespace libtorch_node
