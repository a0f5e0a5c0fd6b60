// Adam and AdamW, to the bits of torch/optim/adam.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace libtorch_node {

struct AdamOptions {
  double lr = 0;
  double beta1 = 0;
  double beta2 = 0;
  double eps = 0;
  double weight_decay = 0;
  bool decoupled_weight_decay = false;
  bool amsgrad = false;
  bool maximize = false;
  bool foreach = false;
};

// One parameter with its gradient and its state.
struct AdamParameter {
  at::Tensor param;
  at::Tensor grad;
  at::Tensor exp_avg;
  at::Tensor exp_avg_sq;
  at::Tensor max_exp_avg_sq;  // undefined unless amsgrad
  double step = 0;            // this step included
};

// The step's scalars, computed in double precision as CPython does.
struct AdamScalars {
  AdamScalars(const AdamOptions& options, double step);

  double step_size;
  double bias_correction2_sqrt;
};

// _single_tensor_adam: one op after the other, and the yardstick of every other way.
void AdamForLoop(const AdamParameter& parameter, const AdamOptions& options);

// _multi_tensor_adam.
void AdamForeach(const std::vector<AdamParameter>& parameters, const AdamOptions& options);

// By foreach ops or one parameter after the other, as the options say; the latter in one pass on the CPU, where that
// holds.
void AdamStep(const std::vector<AdamParameter>& parameters, const AdamOptions& options);

// `exact-fused`, or `for-loop` where the one-pass form is off.
const char* AdamPath();

}  // namespace libtorch_node
