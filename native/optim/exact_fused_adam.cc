#include "exact_fused_adam.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sqrt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "../simd.h"

namespace libtorch_node {
namespace {

// Elements per round: all that a round touches stays in the second-level cache, and the call of at::sqrt (about a
// microsecond) is small beside it.
constexpr int64_t kChunk = 8192;
// As at::internal::GRAIN_SIZE: below it a second thread costs more than it brings.
constexpr int64_t kGrain = 32768;

// What the ops make of the step's scalars: doubles in Python, floats in the kernels.
struct Factors {
  Factors(const AdamOptions& options, double step) {
    const AdamScalars scalars(options, step);
    sign = options.maximize ? -1 : 1;
    l2 = options.weight_decay != 0 && !options.decoupled_weight_decay;
    weight_decay = static_cast<float>(options.weight_decay);
    const auto lerp_weight = static_cast<float>(1 - options.beta1);
    // at::lerp starts from the nearer end: from the moment where this is positive, else from the gradient.
    lerp_factor = std::abs(lerp_weight) < 0.5F ? lerp_weight : lerp_weight - 1;
    beta2 = static_cast<float>(options.beta2);
    one_minus_beta2 = static_cast<float>(1 - options.beta2);
    bias_correction2_sqrt = static_cast<float>(scalars.bias_correction2_sqrt);
    eps = static_cast<float>(options.eps);
    minus_step_size = static_cast<float>(-scalars.step_size);
    // A factor of 1 is exact, and spares the loop a branch.
    const bool decoupled = options.weight_decay != 0 && options.decoupled_weight_decay;
    decay = decoupled ? static_cast<float>(1 - options.lr * options.weight_decay) : 1;
  }

  float sign;
  bool l2;
  float weight_decay;
  float lerp_factor;
  float beta2;
  float one_minus_beta2;
  float bias_correction2_sqrt;
  float eps;
  float minus_step_size;
  float decay;
};

// -- the arithmetic ---------------------------------------------------------------------------------------------------
// Three loops; before the last stands the square root, which is the library's own: on some processors that is MKL's,
// and not the correctly rounded one. No loop has a branch, for branches are not vectorised.

// Compilers contract `a * b + c` in PyTorch's AVX2 and AVX-512 kernels, and cannot in its plain ones.
template <bool kContracted>
inline float MultiplyAdd(float a, float b, float c) {
  if constexpr (kContracted) {
    return std::fma(a, b, c);
  } else {
    return a * b + c;
  }
}

// grad.add(param, alpha=weight_decay)
template <bool kContracted>
inline void AddDecay(const Factors& given, int64_t size, const float* param, const float* grad, float* decayed) {
  const Factors f = given;
  LIBTORCH_NODE_SIMD
  for (int64_t i = 0; i < size; ++i) {
    decayed[i] = MultiplyAdd<kContracted>(param[i], f.weight_decay, f.sign * grad[i]);
  }
}

// exp_avg.lerp_(…), exp_avg_sq.mul_(…).addcmul_(…); `second` gets the new exp_avg_sq as well, and may be `grad`.
template <bool kContracted>
inline void UpdateMoments(const Factors& given, int64_t size, const float* grad, float sign, float* exp_avg,
                          float* exp_avg_sq, float* second) {
  const Factors f = given;
  LIBTORCH_NODE_SIMD
  for (int64_t i = 0; i < size; ++i) {
    const float g = sign * grad[i];
    const float m = exp_avg[i];
    exp_avg[i] = MultiplyAdd<kContracted>(f.lerp_factor, g - m, f.lerp_factor > 0 ? m : g);
    const float v = MultiplyAdd<kContracted>(f.one_minus_beta2 * g, g, exp_avg_sq[i] * f.beta2);
    exp_avg_sq[i] = v;
    second[i] = v;
  }
}

// param.mul_(…), denom = root.div(…).add_(eps), param.addcdiv_(…). A division stands between product and sum, so that
// nothing is contracted.
inline void UpdateParam(const Factors& given, int64_t size, const float* exp_avg, const float* root, float* param) {
  const Factors f = given;
  LIBTORCH_NODE_SIMD
  for (int64_t i = 0; i < size; ++i) {
    const float denominator = root[i] / f.bias_correction2_sqrt + f.eps;
    param[i] = param[i] * f.decay + f.minus_step_size * exp_avg[i] / denominator;
  }
}

// One way to run the loops.
struct Kernel {
  bool (*runs_here)();
  decltype(&AddDecay<false>) add_decay;
  decltype(&UpdateMoments<false>) update_moments;
  decltype(&UpdateParam) update_param;
};

bool RunsEverywhere() { return true; }

constexpr Kernel kPlainKernel = {RunsEverywhere, AddDecay<false>, UpdateMoments<false>, UpdateParam};

#ifdef LIBTORCH_NODE_AVX2

// AVX-512 would gain nothing: memory is the limit.

LIBTORCH_NODE_AVX2 void AddDecayAvx2(const Factors& factors, int64_t size, const float* param, const float* grad,
                                     float* decayed) {
  AddDecay<true>(factors, size, param, grad, decayed);
}

LIBTORCH_NODE_AVX2 void UpdateMomentsAvx2(const Factors& factors, int64_t size, const float* grad, float sign,
                                          float* exp_avg, float* exp_avg_sq, float* second) {
  UpdateMoments<true>(factors, size, grad, sign, exp_avg, exp_avg_sq, second);
}

LIBTORCH_NODE_AVX2 void UpdateParamAvx2(const Factors& factors, int64_t size, const float* exp_avg, const float* root,
                                        float* param) {
  UpdateParam(factors, size, exp_avg, root, param);
}

constexpr Kernel kContractedKernel = {HasAvx2, AddDecayAvx2, UpdateMomentsAvx2, UpdateParamAvx2};

#else

constexpr Kernel kContractedKernel = {RunsEverywhere, AddDecay<true>, UpdateMoments<true>, UpdateParam};

#endif

// -- the pass ---------------------------------------------------------------------------------------------------------

void Run(const Kernel& kernel, const AdamParameter& parameter, const AdamOptions& options) {
  const Factors factors(options, parameter.step);
  auto* const param = parameter.param.mutable_data_ptr<float>();
  const auto* const grad = parameter.grad.const_data_ptr<float>();
  auto* const exp_avg = parameter.exp_avg.mutable_data_ptr<float>();
  auto* const exp_avg_sq = parameter.exp_avg_sq.mutable_data_ptr<float>();

  // Every element is on its own, so the split among threads changes no bits.
  at::parallel_for(0, parameter.param.numel(), kGrain, [&](int64_t begin, int64_t end) {
    const at::Tensor chunk = at::empty({std::min(kChunk, end - begin)}, at::kFloat);
    auto* const scratch = chunk.mutable_data_ptr<float>();
    for (int64_t i = begin; i < end; i += kChunk) {
      const int64_t size = std::min(kChunk, end - i);
      if (factors.l2) kernel.add_decay(factors, size, param + i, grad + i, scratch);
      kernel.update_moments(factors, size, factors.l2 ? scratch : grad + i, factors.l2 ? 1 : factors.sign, exp_avg + i,
                            exp_avg_sq + i, scratch);
      (size == chunk.numel() ? chunk : chunk.narrow(0, 0, size)).sqrt_();
      kernel.update_param(factors, size, exp_avg + i, scratch, param + i);
    }
  });

  for (const at::Tensor* written : {&parameter.param, &parameter.exp_avg, &parameter.exp_avg_sq}) {
    if (!written->is_inference()) written->unsafeGetTensorImpl()->bump_version();
  }
}

// -- the comparison with the ops --------------------------------------------------------------------------------------

// Magnitudes from the denormals to where squares overflow, and zeros.
at::Tensor SampleTensor(std::minstd_rand& random, int64_t size) {
  at::Tensor tensor = at::empty({size}, at::kFloat);
  auto* const data = tensor.mutable_data_ptr<float>();
  for (int64_t i = 0; i < size; ++i) {
    const auto mantissa = static_cast<float>(random()) / static_cast<float>(std::minstd_rand::max()) - 0.5F;
    const bool extreme = random() % 8 == 0;
    const int exponent = extreme ? static_cast<int>(random() % 216) - 145 : static_cast<int>(random() % 16) - 12;
    data[i] = random() % 32 == 0 ? 0.0F : std::ldexp(mantissa, exponent);
  }
  return tensor;
}

bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  return std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

bool AgreesWithOps(const Kernel& kernel) {
  constexpr int kSteps = 3;
  // Less than a vector, vectors with a remainder, a chunk with a remainder.
  constexpr std::array<int64_t, 3> kSizes = {1, 29, kChunk + 77};
  constexpr AdamOptions kPlain = {.lr = 4e-4, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
  AdamOptions l2 = kPlain;
  l2.weight_decay = 0.02;
  l2.beta1 = 0.3;
  AdamOptions decoupled = kPlain;
  decoupled.weight_decay = 0.01;
  decoupled.decoupled_weight_decay = true;
  decoupled.maximize = true;

  const at::NoGradGuard no_grad;
  // The same samples in every process: NOLINTNEXTLINE(bugprone-random-generator-seed)
  std::minstd_rand random(1);
  for (const AdamOptions& options : {kPlain, l2, decoupled}) {
    for (const int64_t size : kSizes) {
      AdamParameter ops;
      ops.param = SampleTensor(random, size);
      ops.exp_avg = at::empty({size}, at::kFloat).zero_();
      ops.exp_avg_sq = ops.exp_avg.clone();
      AdamParameter fused = ops;
      for (at::Tensor* state : {&fused.param, &fused.exp_avg, &fused.exp_avg_sq}) *state = state->clone();
      for (int step = 1; step <= kSteps; ++step) {
        ops.grad = fused.grad = SampleTensor(random, size);
        ops.step = fused.step = step;
        AdamForLoop(ops, options);
        Run(kernel, fused, options);
      }
      const bool same = SameBits(ops.param, fused.param) && SameBits(ops.exp_avg, fused.exp_avg) &&
                        SameBits(ops.exp_avg_sq, fused.exp_avg_sq);
      if (!same) return false;
    }
  }
  return true;
}

// The kernel with the bits of the ops, or null. Which one that is follows from the kernels that libtorch picked, so it
// is tried rather than asked for.
const Kernel* ChosenKernel() {
  static const Kernel* const chosen = [] {
    const Kernel* found = nullptr;
    for (const Kernel* kernel : {&kContractedKernel, &kPlainKernel}) {
      if (found == nullptr && kernel->runs_here() && AgreesWithOps(*kernel)) found = kernel;
    }
    return found;
  }();
  return chosen;
}

}  // namespace

bool ExactFusedAdamHolds() { return ChosenKernel() != nullptr; }

bool ExactFusedAdamAccepts(const AdamParameter& parameter, const AdamOptions& options) {
  if (options.amsgrad) return false;
  // A weight of one (beta1 = 0): at::lerp's vectors and its remainders then differ in the sign of zeros.
  if (static_cast<float>(1 - options.beta1) == 1.0F) return false;
  const std::array<const at::Tensor*, 4> tensors = {&parameter.param, &parameter.grad, &parameter.exp_avg,
                                                    &parameter.exp_avg_sq};
  for (size_t i = 0; i < tensors.size(); ++i) {
    const at::Tensor& tensor = *tensors[i];
    const bool plain = tensor.layout() == at::kStrided && tensor.is_cpu() && tensor.scalar_type() == at::kFloat &&
                       !tensor.is_neg() && !tensor._is_zerotensor() && tensor.is_non_overlapping_and_dense() &&
                       tensor.sizes() == parameter.param.sizes() && tensor.strides() == parameter.param.strides();
    if (!plain) return false;
    for (size_t j = 0; j < i; ++j) {
      if (tensor.is_alias_of(*tensors[j])) return false;
    }
  }
  return true;
}

void ExactFusedAdamStep(const AdamParameter& parameter, const AdamOptions& options) {
  Run(*ChosenKernel(), parameter, options);
}

}  // namespace libtorch_node
