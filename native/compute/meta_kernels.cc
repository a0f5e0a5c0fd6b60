#include "meta_kernels.h"

#include <ATen/ExpandUtils.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/result_type.h>
#include <torch/library.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <vector>

namespace libtorch_node {
namespace {

using Pair = std::tuple<at::Tensor, at::Tensor>;
using Triple = std::tuple<at::Tensor, at::Tensor, at::Tensor>;
using MaybeTensor = const std::optional<at::Tensor>&;

at::Tensor Sized(const at::Tensor& like, c10::IntArrayRef sizes) { return at::empty(sizes, like.options()); }

// These kernels come before those that compute, and whoever has a tensor on the meta device calls nothing else: each
// checks what it reads. Sizes below 2^31 keep their products within 64 bits.
void Require(const char* name, c10::IntArrayRef values, int64_t count, int64_t least) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  const bool fits =
      std::all_of(values.begin(), values.end(), [least](int64_t value) { return value >= least && value <= kMost; });
  TORCH_CHECK(static_cast<int64_t>(values.size()) == count && fits, "expected ", count, " integers from ", least,
              " to ", kMost, " for `", name, "`, received ", values);
}

// What slides over `size` elements and fits so often.
int64_t Windows(int64_t size, int64_t kernel, int64_t dilation, int64_t padding, int64_t stride) {
  return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

// [N, C, spatial …] to [N, C', spatial …]
at::Tensor Convolution(const at::Tensor& input, const at::Tensor& weight, MaybeTensor, c10::IntArrayRef stride,
                       c10::IntArrayRef padding, c10::IntArrayRef dilation, bool transposed,
                       c10::IntArrayRef output_padding, int64_t groups) {
  const int64_t spatial = input.dim() - 2;
  TORCH_CHECK(spatial > 0 && weight.dim() == input.dim(),
              "expected an input and a weight of the same dimensions, 3 to 5, ", "received ", input.sizes(), " and ",
              weight.sizes());
  Require("stride", stride, spatial, 1);
  Require("padding", padding, spatial, 0);
  Require("dilation", dilation, spatial, 1);
  if (transposed) Require("output_padding", output_padding, spatial, 0);
  Require("groups", groups, 1, 1);
  std::vector<int64_t> sizes{input.size(0), transposed ? weight.size(1) * groups : weight.size(0)};
  for (int64_t i = 0; i < spatial; ++i) {
    const int64_t size = input.size(i + 2);
    const int64_t kernel = weight.size(i + 2);
    sizes.push_back(transposed
                        ? (size - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel - 1) + output_padding[i] + 1
                        : Windows(size, kernel, dilation[i], padding[i], stride[i]));
  }
  return Sized(input, sizes);
}

Triple BatchNorm(const at::Tensor& input, MaybeTensor, MaybeTensor, MaybeTensor, MaybeTensor, bool training, double,
                 double) {
  const at::Tensor statistics = Sized(input, {training ? input.size(1) : 0});
  return {at::empty_like(input), statistics, at::empty_like(statistics)};
}

Triple LayerNorm(const at::Tensor& input, c10::IntArrayRef normalized_shape, MaybeTensor, MaybeTensor, double) {
  TORCH_CHECK(normalized_shape.size() <= static_cast<size_t>(input.dim()), "expected at most ", input.dim(),
              " dimensions to normalize, received ", normalized_shape);
  std::vector<int64_t> sizes = input.sizes().vec();
  for (size_t i = sizes.size() - normalized_shape.size(); i < sizes.size(); ++i) sizes[i] = 1;
  const at::Tensor mean = Sized(input, sizes);
  return {at::empty(input.sizes(), input.options()), mean, at::empty_like(mean)};
}

Triple GroupNorm(const at::Tensor& input, MaybeTensor, MaybeTensor, int64_t samples, int64_t, int64_t, int64_t groups,
                 double) {
  const at::Tensor mean = Sized(input, {samples, groups});
  return {at::empty_like(input), mean, at::empty_like(mean)};
}

at::Tensor IndexSelect(const at::Tensor& self, int64_t dim, const at::Tensor& index) {
  std::vector<int64_t> sizes = self.sizes().vec();
  if (!sizes.empty()) sizes[c10::maybe_wrap_dim(dim, self.dim())] = index.numel();
  return Sized(self, sizes);
}

at::Tensor Where(const at::Tensor& condition, const at::Tensor& self, const at::Tensor& other) {
  const auto sizes = at::infer_size(condition.sizes(), at::infer_size(self.sizes(), other.sizes()));
  return at::empty(sizes, self.options().dtype(at::result_type(self, other)));
}

// Inside of scaled_dot_product_attention.
at::Tensor& WhereOut(const at::Tensor&, const at::Tensor&, const at::Tensor&, at::Tensor& out) { return out; }

void RequireSliding(c10::IntArrayRef kernel, c10::IntArrayRef dilation, c10::IntArrayRef padding,
                    c10::IntArrayRef stride) {
  Require("kernel_size", kernel, 2, 1);
  Require("dilation", dilation, 2, 1);
  Require("padding", padding, 2, 0);
  Require("stride", stride, 2, 1);
}

// [N, C, H, W] or [C, H, W] to [N, C * kernel, windows] or [C * kernel, windows]
at::Tensor Im2Col(const at::Tensor& self, c10::IntArrayRef kernel, c10::IntArrayRef dilation, c10::IntArrayRef padding,
                  c10::IntArrayRef stride) {
  RequireSliding(kernel, dilation, padding, stride);
  const int64_t batch = self.dim() - 3;
  TORCH_CHECK(batch == 0 || batch == 1, "expected a tensor of 3 or 4 dimensions, received ", self.sizes());
  int64_t windows = 1;
  for (int64_t i = 0; i < 2; ++i) {
    windows *= Windows(self.size(batch + 1 + i), kernel[i], dilation[i], padding[i], stride[i]);
  }
  std::vector<int64_t> sizes{self.size(batch) * kernel[0] * kernel[1], windows};
  if (batch != 0) sizes.insert(sizes.begin(), self.size(0));
  return Sized(self, sizes);
}

// The way back.
at::Tensor Col2Im(const at::Tensor& self, c10::IntArrayRef output_size, c10::IntArrayRef kernel,
                  c10::IntArrayRef dilation, c10::IntArrayRef padding, c10::IntArrayRef stride) {
  Require("output_size", output_size, 2, 1);
  RequireSliding(kernel, dilation, padding, stride);
  const int64_t batch = self.dim() - 2;
  TORCH_CHECK(batch == 0 || batch == 1, "expected a tensor of 2 or 3 dimensions, received ", self.sizes());
  std::vector<int64_t> sizes{self.size(batch) / (kernel[0] * kernel[1]), output_size[0], output_size[1]};
  if (batch != 0) sizes.insert(sizes.begin(), self.size(0));
  return Sized(self, sizes);
}

Pair Dropout(const at::Tensor& input, double, std::optional<bool>) {
  return {at::empty_like(input), at::empty_like(input, input.options().dtype(at::kBool))};
}

// [N, C, H, W] to one number, or [N, H, W]
Pair NllLoss2d(const at::Tensor& self, const at::Tensor& target, MaybeTensor, int64_t reduction, int64_t) {
  const bool each = reduction == at::Reduction::None;
  return {Sized(self, each ? target.sizes() : c10::IntArrayRef{}), Sized(self, {})};
}

at::Tensor AdaptiveAveragePool(const at::Tensor& self, c10::IntArrayRef output_size) {
  Require("output_size", output_size, 2, 0);
  TORCH_CHECK(self.dim() == 3 || self.dim() == 4, "expected a tensor of 3 or 4 dimensions, received ", self.sizes());
  std::vector<int64_t> sizes = self.sizes().vec();
  sizes[sizes.size() - 2] = output_size[0];
  sizes[sizes.size() - 1] = output_size[1];
  return Sized(self, sizes);
}

}  // namespace

void InstallMetaKernels() {
  static const bool installed = [] {
    // Never deleted: a Library takes its kernels back when it goes.
    auto* library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
    const auto add = [&](const char* name, auto&& kernel) {
      const std::string full = name;
      const auto dot = full.find('.');
      const auto op = c10::Dispatcher::singleton().findOp(
          {"aten::" + full.substr(0, dot), dot == std::string::npos ? "" : full.substr(dot + 1)});
      if (op.has_value() && !op->hasKernelForDispatchKey(c10::DispatchKey::Meta)) library->impl(name, kernel);
    };
    add("convolution_overrideable", TORCH_FN(Convolution));
    add("native_batch_norm", TORCH_FN(BatchNorm));
    add("native_layer_norm", TORCH_FN(LayerNorm));
    add("native_group_norm", TORCH_FN(GroupNorm));
    add("index_select", TORCH_FN(IndexSelect));
    add("where.self", TORCH_FN(Where));
    add("where.self_out", TORCH_FN(WhereOut));
    add("im2col", TORCH_FN(Im2Col));
    add("col2im", TORCH_FN(Col2Im));
    add("native_dropout", TORCH_FN(Dropout));
    add("nll_loss2d_forward", TORCH_FN(NllLoss2d));
    add("_adaptive_avg_pool2d", TORCH_FN(AdaptiveAveragePool));
    return true;
  }();
  (void)installed;
}

}  // namespace libtorch_node
