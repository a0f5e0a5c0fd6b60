// Stochastic gradient descent, to the bits of torch/optim/sgd.py.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace libtorch_node {

struct SgdOptions {
  double lr = 0;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
  bool foreach = false;
};

// One parameter with its gradient.
struct SgdParameter {
  at::Tensor param;
  at::Tensor grad;
  // Undefined before the first step with momentum, which makes it.
  at::Tensor* momentum_buffer = nullptr;
};

// By foreach ops or one parameter after the other, as the options say.
void SgdStep(const std::vector<SgdParameter>& parameters, const SgdOptions& options);

}  // namespace libtorch_node
