// Calls that are queued for the compute thread: the shapes of their results are known at once, the values later.
//
// Shapes come from running the same call on tensors of the meta device, which have no data. So module code in
// JavaScript runs through at once, and reads shapes as it always does. Where libtorch has no meta kernel, or the shape
// depends on values, a result is queued all the same, and waited for when somebody asks for its shape.
#pragma once

#include <ATen/core/ivalue.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dispatch.h"
#include "exports.h"
#include "thread.h"

namespace libtorch_node {

using Stack = std::vector<c10::IValue>;
// Takes its arguments from the stack and leaves its results there, as an op does.
using StackFunction = std::function<void(Stack&)>;

// While it lives, arguments are read as what stands for them, where their values are not there yet.
class ReadingShapes {
 public:
  explicit ReadingShapes(const Arguments& arguments) : tensors_(arguments.environment->tensors) {
    tensors_.ReadShapes(arguments.environment->region != nullptr);
  }
  ~ReadingShapes() { tensors_.ReadShapes(false); }
  ReadingShapes(const ReadingShapes&) = delete;
  ReadingShapes& operator=(const ReadingShapes&) = delete;

 private:
  TensorTable& tensors_;
};

// A tensor that a queued call will make: undefined where it makes none.
struct Deferred {
  at::Tensor shape;
  bool known = true;  // else `shape` only stands for the tensor
  std::shared_ptr<Pending> pending;
};

// Queues `compute` with the arguments on `stack`, which were read under ReadingShapes. `shapes` does the same to
// arguments without data; `makes` says which of the results will be defined, for when that cannot tell.
std::vector<Deferred> Defer(const Arguments& arguments, const std::string& name, Stack stack, StackFunction compute,
                            const StackFunction& shapes, const std::vector<bool>& makes);
// The same for what has no results.
void Defer(const Arguments& arguments, const std::string& name, Stack stack, StackFunction compute);
// The handle of a deferred tensor, 0 for an undefined one.
napi_value MakeDeferred(const Arguments& arguments, const Deferred& deferred);
// Queues an op; what JavaScript gets for it.
napi_value DeferOp(const Arguments& arguments, const Op& op, Stack stack);
// The open region changes gradients from here on, so that they cannot be read until it is finished.
void MarkGradients(const Arguments& arguments);

}  // namespace libtorch_node
