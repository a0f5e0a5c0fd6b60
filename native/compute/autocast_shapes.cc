#include "autocast_shapes.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/List.h>
#include <ATen/ops/empty_strided.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <algorithm>
#include <utility>

#include "tensors_of.h"

// Autocast looks at the device of what it casts, and meta tensors are of none that it knows. So it is shown tensors of
// the device that have sizes but no memory, and all that it and ops made of others call is caught on its way to a
// kernel and run on meta tensors in their place. The key that catches is libtorch's own for tests of such modes;
// nothing else uses it.

namespace libtorch_node {
namespace {

constexpr c10::DispatchKey kCatcher = c10::DispatchKey::TESTING_ONLY_GenericMode;

thread_local c10::DeviceType shown_device = c10::DeviceType::CPU;

// A tensor of the device without memory. No kernel may see it.
at::Tensor Shown(const at::Tensor& shape) {
  const c10::Device device(shown_device, shown_device == c10::DeviceType::CPU ? -1 : 0);
  const c10::DispatchKey backend = shape.options().device(device).computeDispatchKey();
  c10::Storage storage(c10::Storage::use_byte_size_t{}, shape.storage().nbytes(), c10::DataPtr(nullptr, device));
  at::Tensor shown =
      at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(backend), shape.dtype());
  shown.unsafeGetTensorImpl()->set_sizes_and_strides(shape.sizes(), shape.strides(), shape.storage_offset());
  return shown;
}

at::Tensor ShownIfMeta(const at::Tensor& tensor) {
  return tensor.defined() && tensor.is_meta() ? Shown(tensor) : tensor;
}

at::Tensor MetaIfShown(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.device().type() != shown_device || tensor.layout() != at::kStrided) return tensor;
  // A number that stands for a tensor has its value.
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) return tensor;
  return at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(at::kMeta));
}

void CallOnMeta(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const c10::impl::ExcludeDispatchKeyGuard uncaught(kCatcher);
  const size_t count = op.schema().arguments().size();
  for (size_t i = stack->size() - count; i < stack->size(); ++i) {
    c10::IValue& value = (*stack)[i];
    ReplaceTensors(value, MetaIfShown);
    if (value.isDevice() && value.toDevice().type() == shown_device) value = c10::Device(c10::DeviceType::Meta);
  }
  op.callBoxed(stack);
  for (size_t i = stack->size() - op.schema().returns().size(); i < stack->size(); ++i) {
    ReplaceTensors((*stack)[i], ShownIfMeta);
  }
}

void Catch(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  const c10::DispatchKey autocast = at::autocast::get_autocast_dispatch_key_from_device_type(shown_device);
  // Autocast's kernels switch it off for what they call.
  if (keys.has(autocast) && op.hasKernelForDispatchKey(autocast)) {
    op.redispatchBoxed(c10::DispatchKeySet(autocast), stack);
  } else if (op.hasKernelForDispatchKey(c10::DispatchKey::CompositeImplicitAutograd)) {
    // Made of others, which come here one by one.
    op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, autocast), stack);
  } else {
    CallOnMeta(op, stack);
  }
}

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&Catch>());
}

}  // namespace

std::optional<c10::DeviceType> AutocastOf(std::optional<c10::Device> device) {
  if (!device.has_value() || !at::autocast::is_autocast_enabled(device->type())) return std::nullopt;
  return device->type();
}

void CallUnderAutocast(torch::jit::Stack& stack, c10::DeviceType device,
                       const std::function<void(torch::jit::Stack&)>& call) {
  shown_device = device;
  for (c10::IValue& value : stack) ReplaceTensors(value, ShownIfMeta);
  {
    const c10::impl::IncludeDispatchKeyGuard caught(kCatcher);
    call(stack);
  }
  for (c10::IValue& value : stack) ReplaceTensors(value, MetaIfShown);
}

}  // namespace libtorch_node
