#include "deferred.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/List.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_strided.h>

#include <utility>

#include "convert.h"
#include "values.h"

namespace libtorch_node {
namespace {

// Calls `replace` with each tensor in a value and puts what it returns in the tensor's place. Lists are copied: a value
// may be shared with another stack.
template <typename Replace>
void ReplaceTensors(c10::IValue& value, const Replace& replace) {
  if (value.isTensor()) {
    value = replace(value.toTensor());
  } else if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(replace(tensor));
    value = std::move(list);
  } else if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
      list.push_back(tensor.has_value() ? std::make_optional(replace(*tensor)) : std::nullopt);
    }
    value = std::move(list);
  }
}

// Calls `visit` with each tensor in a value, in order; undefined ones too.
template <typename Visit>
void VisitTensors(const c10::IValue& value, const Visit& visit) {
  if (value.isTensor()) {
    visit(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) visit(tensor);
  } else if (value.isOptionalTensorList()) {
    for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
      if (tensor.has_value()) visit(*tensor);
    }
  }
}

// A tensor of the same shape, strides and dtype without data.
at::Tensor ShapeOf(Region& region, const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_meta()) return tensor;
  auto& [original, shape] = region.shapes[tensor.unsafeGetTensorImpl()];
  if (!original.defined()) {
    if (tensor.layout() != at::kStrided) {
      throw CodedError("TORCH_ASYNC", "only dense tensors can be used inside computeAsync()");
    }
    original = tensor;
    shape = at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(at::kMeta));
  }
  return shape;
}

Stack ShapesOf(Region& region, Stack stack) {
  for (c10::IValue& value : stack) {
    ReplaceTensors(value, [&](const at::Tensor& tensor) { return ShapeOf(region, tensor); });
  }
  return stack;
}

bool Holds(const Conversion& conversion, Kind kind) {
  return conversion.kind == kind || (conversion.inner && Holds(*conversion.inner, kind));
}

// Arguments that say where and how to compute, turned so that nothing is computed.
void TurnToMeta(const Op& op, Stack& stack) {
  bool takes_tensors = false;
  for (const OpArgument& argument : op.arguments) takes_tensors |= Holds(argument.conversion, Kind::kTensor);
  for (size_t i = 0; i < stack.size(); ++i) {
    const Conversion& conversion = op.arguments[i].conversion;
    if (Holds(conversion, Kind::kDevice)) {
      if (!takes_tensors || !stack[i].isNone()) stack[i] = c10::Device(c10::DeviceType::Meta);
    } else if (Holds(conversion, Kind::kGenerator) || op.arguments[i].name == "pin_memory") {
      stack[i] = c10::IValue();
    }
  }
}

bool ReturnsTensorsOnly(const Op& op) {
  for (const c10::Argument& result : op.handle.schema().returns()) {
    const auto& type = *result.type();
    const bool is_list = type.kind() == c10::TypeKind::ListType &&
                         type.expectRef<c10::ListType>().getElementType()->kind() == c10::TypeKind::TensorType;
    if (type.kind() != c10::TypeKind::TensorType && !is_list) return false;
  }
  return true;
}

void CallOnShapes(const Op& op, Stack& stack) {
  TurnToMeta(op, stack);
  try {
    op.handle.callBoxed(stack);
  } catch (const c10::NotImplementedError&) {
    throw CodedError("TORCH_ASYNC", op.handle.schema().name() +
                                        "() cannot be queued inside computeAsync(): its result, or the shape of it, "
                                        "depends on values that are not there yet. Await them first");
  }
}

// What the values of stand-ins will be, by stand-in.
using Needed = std::unordered_map<const void*, std::shared_ptr<Pending>>;

// On the compute thread, where all that was queued before is made.
void PutValues(Stack& stack, const Needed& needed) {
  if (needed.empty()) return;
  for (c10::IValue& value : stack) {
    ReplaceTensors(value, [&](const at::Tensor& tensor) {
      const auto found = tensor.defined() ? needed.find(tensor.unsafeGetTensorImpl()) : needed.end();
      if (found == needed.end()) return tensor;
      if (!found->second->value.defined()) {
        throw CodedError("TORCH_ASYNC", "it needs a tensor of an earlier computeAsync(), which failed");
      }
      return found->second->value;
    });
  }
}

// The values for the `shapes` that a call has as its results.
std::vector<Deferred> Queue(const Arguments& arguments, const std::string& name, Stack stack, StackFunction compute,
                            const Stack& shapes) {
  ComputeThread& thread = *arguments.environment->compute;
  Needed needed;
  // Results are taken to be where the first argument is that says so.
  std::optional<c10::Device> device;
  for (const c10::IValue& value : stack) {
    if (value.isDevice()) device = value.toDevice();
    VisitTensors(value, [&](const at::Tensor& tensor) {
      if (!tensor.defined()) return;
      auto pending = thread.FindPending(tensor);
      if (!device.has_value()) device = pending ? pending->device : tensor.device();
      if (pending) needed[tensor.unsafeGetTensorImpl()] = std::move(pending);
    });
  }
  std::vector<Deferred> results;
  std::vector<std::shared_ptr<Pending>> made;
  for (const c10::IValue& value : shapes) {
    VisitTensors(value, [&](const at::Tensor& shape) {
      auto pending = shape.defined() ? std::make_shared<Pending>() : nullptr;
      if (pending && device.has_value()) pending->device = *device;
      made.push_back(pending);
      results.push_back({shape, std::move(pending)});
    });
  }
  // Arguments go when they were used: the job's own copies would keep them until its end.
  auto given = std::make_shared<Stack>(std::move(stack));
  thread.Enqueue(arguments.environment->region, name,
                 [given = std::move(given), needed = std::move(needed), made = std::move(made),
                  compute = std::move(compute)]() mutable {
                   Stack values = std::move(*given);
                   PutValues(values, needed);
                   needed.clear();
                   compute(values);
                   size_t next = 0;
                   for (const c10::IValue& value : values) {
                     VisitTensors(value, [&](const at::Tensor& tensor) {
                       if (next < made.size() && made[next]) made[next]->value = tensor;
                       ++next;
                     });
                   }
                 });
  return results;
}

}  // namespace

std::vector<Deferred> Defer(const Arguments& arguments, const std::string& name, Stack stack, StackFunction compute,
                            const StackFunction& shapes) {
  Stack results;
  if (shapes) {
    const at::NoGradGuard no_grad;
    results = ShapesOf(*arguments.environment->region, stack);
    shapes(results);
  }
  return Queue(arguments, name, std::move(stack), std::move(compute), results);
}

napi_value MakeDeferred(const Arguments& arguments, const Deferred& deferred, napi_value owner) {
  if (!deferred.pending) return MakeHandle(arguments.env, 0);
  Environment& environment = *arguments.environment;
  // An op such as contiguous() may return its argument, but each result is found by a stand-in of its own.
  const at::Tensor shape = environment.compute->Remembers(deferred.shape) ? deferred.shape.detach() : deferred.shape;
  environment.compute->Remember(*environment.region, shape, deferred.pending);
  const Handle handle = environment.tensors.AddPending(shape, deferred.pending, owner);
  environment.region->results.push_back(handle);
  return MakeHandle(arguments.env, handle);
}

napi_value DeferOp(const Arguments& arguments, const Op& op, Stack stack, napi_value owner) {
  if (at::autocast::is_autocast_enabled(at::kCPU) || at::autocast::is_autocast_enabled(at::kCUDA)) {
    throw CodedError("TORCH_ASYNC", "autocast cannot be used inside computeAsync(): shapes are computed without it");
  }
  Stack shapes = ShapesOf(*arguments.environment->region, stack);
  {
    const at::NoGradGuard no_grad;
    CallOnShapes(op, shapes);
  }
  std::vector<napi_value> results;
  if (!ReturnsTensorsOnly(op)) {
    // A question about shapes, such as size(), which is answered at once.
    for (const c10::IValue& value : shapes) results.push_back(FromIValue(arguments, value));
  } else {
    // What the op only wrote to is no new tensor.
    for (size_t i = 0; i < shapes.size(); ++i) {
      if (op.returns_argument[i]) shapes[i] = at::Tensor();
    }
    const auto deferred = Queue(
        arguments, op.handle.schema().name(), std::move(stack),
        [handle = op.handle](Stack& values) { handle.callBoxed(values); }, shapes);
    size_t next = 0;
    for (const c10::IValue& shape : shapes) {
      if (shape.isTensor()) {
        results.push_back(MakeDeferred(arguments, deferred[next++], op.returns_one_tensor ? owner : nullptr));
        continue;
      }
      std::vector<napi_value> elements;
      VisitTensors(shape,
                   [&](const at::Tensor&) { elements.push_back(MakeDeferred(arguments, deferred[next++], nullptr)); });
      results.push_back(MakeArray(arguments.env, elements));
    }
  }
  if (results.empty()) return Undefined(arguments.env);
  return results.size() == 1 ? results[0] : MakeArray(arguments.env, results);
}

void MarkGradients(const Arguments& arguments) {
  Region& region = *arguments.environment->region;
  if (std::exchange(region.changes_gradients, true)) return;
  ++arguments.environment->gradient_regions;
}

}  // namespace libtorch_node
