#include "deferred.h"

#include <ATen/core/List.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_strided.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "autocast_shapes.h"
#include "convert.h"
#include "tensors_of.h"
#include "values.h"

namespace libtorch_node {
namespace {

// A tensor of the same shape, strides and dtype without data.
at::Tensor ShapeOf(Region& region, const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_meta()) return tensor;
  // A number that stands for a tensor counts less in type promotion, and goes with tensors of any device.
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) return tensor;
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

// The arguments without data; nothing where the shape of one is not known yet.
std::optional<Stack> ShapesOf(const Environment& environment, Stack stack) {
  Region& region = *environment.region;
  bool known = true;
  for (const c10::IValue& value : stack) {
    VisitTensors(value, [&](const at::Tensor& tensor) {
      // A nested tensor has no shape, once its value is made.
      if (tensor.defined()) known &= environment.compute->KnowsShape(tensor) && !tensor.is_nested();
    });
  }
  if (!known) return std::nullopt;
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

// Calls `compute` on arguments without data; false where libtorch cannot do that. `device` is where the values will be.
bool CallOnShapes(const StackFunction& compute, Stack& stack, std::optional<c10::Device> device) {
  const at::NoGradGuard no_grad;
  try {
    if (const auto autocast = AutocastOf(device)) {
      CallUnderAutocast(stack, *autocast, compute);
    } else {
      compute(stack);
    }
    return true;
  } catch (const c10::NotImplementedError&) {
    return false;
  } catch (const c10::Error& error) {
    // A kernel that reads values, as that of a packed sequence reads its batch sizes: there are none here.
    if (std::string_view(error.what_without_backtrace()).find("data is not allocated yet") == std::string_view::npos) {
      throw;
    }
    return false;
  }
}

bool IsTensor(const c10::Argument& result) { return result.type()->kind() == c10::TypeKind::TensorType; }

bool IsTensorList(const c10::Argument& result) {
  const auto& type = *result.type();
  return type.kind() == c10::TypeKind::ListType &&
         type.expectRef<c10::ListType>().getElementType()->kind() == c10::TypeKind::TensorType;
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

// Results are taken to be where the first argument is that says so.
std::optional<c10::Device> DeviceOf(const Arguments& arguments, const Stack& stack) {
  const ComputeThread& thread = *arguments.environment->compute;
  std::optional<c10::Device> device;
  for (const c10::IValue& value : stack) {
    if (value.isDevice()) device = value.toDevice();
    VisitTensors(value, [&](const at::Tensor& tensor) {
      if (!tensor.defined() || device.has_value()) return;
      const auto pending = thread.FindPending(tensor);
      device = pending ? pending->device : tensor.device();
    });
  }
  return device;
}

at::Tensor UnknownShape() { return at::empty_strided({0}, {1}, at::TensorOptions(at::kMeta)); }

// The values for the `shapes` that a call has as its results, which are only placeholders unless `known`.
std::vector<Deferred> Queue(const Arguments& arguments, const std::string& name, Stack stack, StackFunction compute,
                            const Stack& shapes, bool known) {
  ComputeThread& thread = *arguments.environment->compute;
  Needed needed;
  const std::optional<c10::Device> device = DeviceOf(arguments, stack);
  for (const c10::IValue& value : stack) {
    VisitTensors(value, [&](const at::Tensor& tensor) {
      if (!tensor.defined()) return;
      auto pending = thread.FindPending(tensor);
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
      results.push_back({shape, known, std::move(pending)});
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

// Queues an op and waits for it: of what it returns too little is known before.
napi_value CallAndWait(const Arguments& arguments, const Op& op, Stack stack) {
  const auto results = std::make_shared<Stack>();
  const auto call = [handle = op.handle, guard = op.guard, results](Stack& values) {
    if (guard != nullptr) guard(handle.schema(), values);
    handle.callBoxed(values);
    results->swap(values);
  };
  Queue(arguments, op.handle.schema().name(), std::move(stack), call, {}, true);
  arguments.environment->compute->Wait(*arguments.environment->region);
  std::vector<napi_value> values;
  for (size_t i = 0; i < results->size(); ++i) {
    if (op.returns_argument[i]) {
      values.push_back(MakeHandle(arguments.env, 0));
    } else if (op.returns.size() > 1 && (*results)[i].isTensor()) {
      values.push_back(MakeTensor(arguments, (*results)[i].toTensor()));
    } else {
      values.push_back(TypedFromIValue(arguments, (*results)[i], op.returns[i]));
    }
  }
  return values.size() == 1 ? values[0] : MakeArray(arguments.env, values);
}

}  // namespace

std::vector<Deferred> Defer(const Arguments& arguments, const std::string& name, Stack stack, StackFunction compute,
                            const StackFunction& shapes, const std::vector<bool>& makes) {
  std::optional<Stack> results = ShapesOf(*arguments.environment, stack);
  const bool known = results.has_value() && CallOnShapes(shapes, *results, DeviceOf(arguments, stack));
  if (!known) {
    results.emplace();
    for (const bool defined : makes) results->emplace_back(defined ? UnknownShape() : at::Tensor());
  }
  return Queue(arguments, name, std::move(stack), std::move(compute), *results, known);
}

void Defer(const Arguments& arguments, const std::string& name, Stack stack, StackFunction compute) {
  Queue(arguments, name, std::move(stack), std::move(compute), {}, true);
}

napi_value MakeDeferred(const Arguments& arguments, const Deferred& deferred) {
  if (!deferred.pending) return MakeHandle(arguments.env, 0);
  Environment& environment = *arguments.environment;
  // An op such as contiguous() may return its argument, but each result is found by a stand-in of its own.
  const at::Tensor shape = environment.compute->Remembers(deferred.shape) ? deferred.shape.detach() : deferred.shape;
  environment.compute->Remember(*environment.region, shape, deferred.known, deferred.pending);
  const Handle handle = environment.tensors.AddPending(shape, deferred.pending);
  environment.region->results.push_back(handle);
  return MakeHandle(arguments.env, handle);
}

napi_value DeferOp(const Arguments& arguments, const Op& op, Stack stack) {
  const auto& returns = op.handle.schema().returns();
  std::optional<Stack> shapes = ShapesOf(*arguments.environment, stack);
  const auto call_on_shapes = [&op](Stack& values) {
    TurnToMeta(op, values);
    op.handle.callBoxed(values);
  };
  const bool known = shapes.has_value() && CallOnShapes(call_on_shapes, *shapes, DeviceOf(arguments, stack));
  const bool one_by_one = std::all_of(returns.begin(), returns.end(), IsTensor);
  if (!known) {
    if (!one_by_one) return CallAndWait(arguments, op, std::move(stack));
    shapes.emplace();
    for (size_t i = 0; i < returns.size(); ++i) shapes->emplace_back(UnknownShape());
  }
  std::vector<napi_value> results;
  const bool tensors_only = std::all_of(returns.begin(), returns.end(), [](const c10::Argument& result) {
    return IsTensor(result) || IsTensorList(result);
  });
  if (!tensors_only) {
    // A question about shapes, such as size(), which is answered at once.
    for (const c10::IValue& value : *shapes) results.push_back(FromIValue(arguments, value));
    return results.size() == 1 ? results[0] : MakeArray(arguments.env, results);
  }
  // What the op only wrote to is no new tensor.
  for (size_t i = 0; i < shapes->size(); ++i) {
    if (op.returns_argument[i]) (*shapes)[i] = at::Tensor();
  }
  const auto call = [handle = op.handle, guard = op.guard](Stack& values) {
    if (guard != nullptr) guard(handle.schema(), values);
    handle.callBoxed(values);
  };
  const auto deferred = Queue(arguments, op.handle.schema().name(), std::move(stack), call, *shapes, known);
  auto next = deferred.begin();
  for (const c10::IValue& shape : *shapes) {
    if (shape.isTensor()) {
      results.push_back(MakeDeferred(arguments, *next++));
      continue;
    }
    std::vector<napi_value> elements;
    VisitTensors(shape, [&](const at::Tensor&) { elements.push_back(MakeDeferred(arguments, *next++)); });
    results.push_back(MakeArray(arguments.env, elements));
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
