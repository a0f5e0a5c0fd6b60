#include "sgd.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_neg.h>
#include <c10/core/Scalar.h>

#include <algorithm>

#include "../convert.h"
#include "foreach_groups.h"

namespace libtorch_node {
namespace {

// The first gradient *is* the first buffer: dampening counts from the second step on.
void UpdateBuffer(at::Tensor& buffer, const at::Tensor& grad, const SgdOptions& options) {
  if (buffer.defined()) {
    buffer.mul_(NumberTensor(options.momentum)).add_(grad, 1 - options.dampening);
  } else {
    buffer = grad.detach().clone();
  }
}

// _single_tensor_sgd
void SgdForLoop(const SgdParameter& parameter, const SgdOptions& options) {
  at::Tensor grad = options.maximize ? parameter.grad.neg() : parameter.grad;
  if (options.weight_decay != 0) grad = grad.add(parameter.param, options.weight_decay);
  if (options.momentum != 0) {
    at::Tensor& buffer = *parameter.momentum_buffer;
    UpdateBuffer(buffer, grad, options);
    grad = options.nesterov ? grad.add(buffer, options.momentum) : buffer;
  }
  parameter.param.add_(grad, -options.lr);
}

// _multi_tensor_sgd for one group of equal device and dtype.
void SgdForeachGroup(const std::vector<SgdParameter>& group, const SgdOptions& options) {
  std::vector<at::Tensor> params, grads, buffers;
  for (const SgdParameter& parameter : group) {
    params.push_back(parameter.param);
    grads.push_back(parameter.grad);
  }
  const bool has_sparse_grad =
      std::any_of(grads.begin(), grads.end(), [](const at::Tensor& grad) { return grad.is_sparse(); });

  if (options.maximize) grads = at::_foreach_neg(grads);
  if (options.weight_decay != 0) {
    if (options.maximize) {
      at::_foreach_add_(grads, params, options.weight_decay);
    } else {
      grads = at::_foreach_add(grads, params, options.weight_decay);
    }
  }
  if (options.momentum != 0) {
    const bool all_have_buffers = std::all_of(
        group.begin(), group.end(), [](const SgdParameter& parameter) { return parameter.momentum_buffer->defined(); });
    if (!all_have_buffers) {
      for (size_t i = 0; i < group.size(); ++i) UpdateBuffer(*group[i].momentum_buffer, grads[i], options);
    }
    for (const SgdParameter& parameter : group) buffers.push_back(*parameter.momentum_buffer);
    if (all_have_buffers) {
      at::_foreach_mul_(buffers, at::Scalar(options.momentum));
      at::_foreach_add_(buffers, grads, 1 - options.dampening);
    }
    if (options.nesterov) {
      // As in PyTorch this writes to the parameters' own gradients, unless a step above has copied them.
      at::_foreach_add_(grads, buffers, options.momentum);
    } else {
      grads = buffers;
    }
  }

  if (!has_sparse_grad) {
    at::_foreach_add_(params, grads, -options.lr);
    return;
  }
  for (size_t i = 0; i < params.size(); ++i) params[i].add_(grads[i], -options.lr);
}

}  // namespace

void SgdStep(const std::vector<SgdParameter>& parameters, const SgdOptions& options) {
  const at::NoGradGuard no_grad;
  if (options.foreach) {
    for (const std::vector<SgdParameter>& group : GroupByDeviceAndDtype(parameters)) SgdForeachGroup(group, options);
    return;
  }
  for (const SgdParameter& parameter : parameters) SgdForLoop(parameter, options);
}

}  // namespace libtorch_node
