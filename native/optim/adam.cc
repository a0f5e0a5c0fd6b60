#include "adam.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_maximum.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_neg.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/view_as_real.h>
#include <c10/core/Scalar.h>
#include <c10/util/Exception.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "../convert.h"
#include "exact_fused_adam.h"
#include "foreach_groups.h"

namespace libtorch_node {
namespace {

// Decided once per process: a change of bits in the middle of a run would be worse than the slower way.
bool UseExactFused() {
  static const bool use = [] {
    const char* wanted = std::getenv("LIBTORCH_NODE_ADAM");
    if (wanted != nullptr && std::strcmp(wanted, "for-loop") == 0) return false;
    return ExactFusedAdamHolds();
  }();
  return use;
}

AdamParameter ViewAsReal(const AdamParameter& parameter) {
  if (!parameter.param.is_complex()) return parameter;
  AdamParameter real = parameter;
  for (at::Tensor* tensor : {&real.param, &real.grad, &real.exp_avg, &real.exp_avg_sq, &real.max_exp_avg_sq}) {
    if (tensor->defined()) *tensor = at::view_as_real(*tensor);
  }
  return real;
}

// One group of parameters of equal device and dtype.
void AdamForeachGroup(const std::vector<AdamParameter>& group, const AdamOptions& options) {
  std::vector<at::Tensor> params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs;
  std::vector<at::Scalar> minus_step_sizes, bias_corrections2_sqrt;
  for (const AdamParameter& complex_or_real : group) {
    const AdamParameter parameter = ViewAsReal(complex_or_real);
    params.push_back(parameter.param);
    grads.push_back(parameter.grad);
    exp_avgs.push_back(parameter.exp_avg);
    exp_avg_sqs.push_back(parameter.exp_avg_sq);
    if (options.amsgrad) max_exp_avg_sqs.push_back(parameter.max_exp_avg_sq);
    const AdamScalars scalars(options, parameter.step);
    minus_step_sizes.emplace_back(-scalars.step_size);
    bias_corrections2_sqrt.emplace_back(scalars.bias_correction2_sqrt);
  }

  if (options.maximize) grads = at::_foreach_neg(grads);
  if (options.weight_decay != 0) {
    if (options.decoupled_weight_decay) {
      at::_foreach_mul_(params, at::Scalar(1 - options.lr * options.weight_decay));
    } else if (options.maximize) {
      at::_foreach_add_(grads, params, options.weight_decay);
    } else {
      grads = at::_foreach_add(grads, params, options.weight_decay);
    }
  }
  at::_foreach_lerp_(exp_avgs, grads, at::Scalar(1 - options.beta1));
  at::_foreach_mul_(exp_avg_sqs, at::Scalar(options.beta2));
  at::_foreach_addcmul_(exp_avg_sqs, grads, grads, at::Scalar(1 - options.beta2));
  grads.clear();

  if (options.amsgrad) at::_foreach_maximum_(max_exp_avg_sqs, exp_avg_sqs);
  const std::vector<at::Tensor> denominators = at::_foreach_sqrt(options.amsgrad ? max_exp_avg_sqs : exp_avg_sqs);
  at::_foreach_div_(denominators, bias_corrections2_sqrt);
  at::_foreach_add_(denominators, at::Scalar(options.eps));
  at::_foreach_addcdiv_(params, exp_avgs, denominators, minus_step_sizes);
}

}  // namespace

AdamScalars::AdamScalars(const AdamOptions& options, double step) {
  const double bias_correction1 = 1 - std::pow(options.beta1, step);
  const double bias_correction2 = 1 - std::pow(options.beta2, step);
  step_size = options.lr / bias_correction1;
  // Python's `** 0.5` is the C library's pow, which is not its sqrt by contract.
  bias_correction2_sqrt = std::pow(bias_correction2, 0.5);
}

void AdamForLoop(const AdamParameter& parameter, const AdamOptions& options) {
  const AdamScalars scalars(options, parameter.step);
  AdamParameter p = parameter;
  if (options.maximize) p.grad = p.grad.neg();
  if (options.weight_decay != 0) {
    if (options.decoupled_weight_decay) {
      p.param.mul_(NumberTensor(1 - options.lr * options.weight_decay));
    } else {
      p.grad = p.grad.add(p.param, options.weight_decay);
    }
  }
  p = ViewAsReal(p);

  p.exp_avg.lerp_(p.grad, 1 - options.beta1);
  p.exp_avg_sq.mul_(NumberTensor(options.beta2)).addcmul_(p.grad, p.grad, 1 - options.beta2);
  if (options.amsgrad) at::maximum_out(p.max_exp_avg_sq, p.max_exp_avg_sq, p.exp_avg_sq);
  const at::Tensor& second_moment = options.amsgrad ? p.max_exp_avg_sq : p.exp_avg_sq;
  const at::Tensor denominator = second_moment.sqrt().div(scalars.bias_correction2_sqrt).add_(options.eps);
  p.param.addcdiv_(p.exp_avg, denominator, -scalars.step_size);
}

void AdamForeach(const std::vector<AdamParameter>& parameters, const AdamOptions& options) {
  for (const std::vector<AdamParameter>& group : GroupByDeviceAndDtype(parameters)) AdamForeachGroup(group, options);
}

void AdamStep(const std::vector<AdamParameter>& parameters, const AdamOptions& options) {
  const at::NoGradGuard no_grad;
  for (const AdamParameter& parameter : parameters) {
    TORCH_CHECK(!parameter.grad.is_sparse(),
                "Adam does not support sparse gradients, please consider SparseAdam instead");
  }
  if (options.foreach) {
    AdamForeach(parameters, options);
    return;
  }
  const bool fuse = UseExactFused();
  for (const AdamParameter& parameter : parameters) {
    if (fuse && ExactFusedAdamAccepts(parameter, options)) {
      ExactFusedAdamStep(parameter, options);
    } else {
      AdamForLoop(parameter, options);
    }
  }
}

const char* AdamPath() { return UseExactFused() ? "exact-fused" : "for-loop"; }

}  // namespace libtorch_node
