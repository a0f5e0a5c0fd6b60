// Adam in one pass over the memory, with the very bits of the op after op form.
//
// Not at::_fused_adam_: that one rounds elsewhere and drifts away by about one unit in the last place per step.
#pragma once

#include "adam.h"

namespace libtorch_node {

// Whether this processor and this libtorch give the bits of AdamForLoop. The first call compares the two, in a few
// milliseconds and without touching any random number generator of libtorch.
bool ExactFusedAdamHolds();

// Dense float32 tensors on the CPU that share one memory layout and no memory; no amsgrad, and beta1 above zero.
bool ExactFusedAdamAccepts(const AdamParameter& parameter, const AdamOptions& options);

// Only where the two above say so. Like the in-place ops, it counts up the versions of the parameter and its state.
void ExactFusedAdamStep(const AdamParameter& parameter, const AdamOptions& options);

}  // namespace libtorch_node
