// What ops make of arguments without data where autocast is on.
#pragma once

#include <ATen/core/stack.h>
#include <c10/core/Device.h>

#include <functional>
#include <optional>

namespace libtorch_node {

// The device type whose autocast is on for tensors of `device`; nothing where it is off.
std::optional<c10::DeviceType> AutocastOf(std::optional<c10::Device> device);

// Calls `call` on a stack of meta tensors as autocast of that device would have it: what it casts is cast. Throws what
// `call` throws.
void CallUnderAutocast(torch::jit::Stack& stack, c10::DeviceType device,
                       const std::function<void(torch::jit::Stack&)>& call);

}  // namespace libtorch_node
