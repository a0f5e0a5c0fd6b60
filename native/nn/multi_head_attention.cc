#include "multi_head_attention.h"

#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/pad.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

namespace libtorch_node {
namespace {

using Input = MultiHeadAttentionInput;

struct Projections {
  at::Tensor query;
  at::Tensor key;
  at::Tensor value;
};

// -- what may come in ------------------------------------------------------------------------------------------------

// _mha_shape_check; says whether there is a batch dimension.
bool CheckDimensions(const Input& in) {
  const int64_t dim = in.query.dim();
  TORCH_CHECK_VALUE(dim == 2 || dim == 3, "query should be unbatched 2D or batched 3D tensor but received ", dim,
                    "-D query tensor");
  const char* kind = dim == 3 ? "batched (3-D)" : "unbatched (2-D)";
  TORCH_CHECK_VALUE(in.key.dim() == dim && in.value.dim() == dim, "For ", kind,
                    " `query`, expected `key` and `value` to be ", dim, "-D but found ", in.key.dim(), "-D and ",
                    in.value.dim(), "-D tensors respectively");
  if (in.key_padding_mask.defined()) {
    TORCH_CHECK_VALUE(in.key_padding_mask.dim() == dim - 1, "For ", kind,
                      " `query`, expected `key_padding_mask` to be `None` or ", dim - 1, "-D but found ",
                      in.key_padding_mask.dim(), "-D tensor instead");
  }
  if (in.attn_mask.defined()) {
    TORCH_CHECK_VALUE(in.attn_mask.dim() == 2 || in.attn_mask.dim() == 3, "For ", kind,
                      " `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found ", in.attn_mask.dim(),
                      "-D tensor instead");
  }
  return dim == 3;
}

void CheckSizes(const Input& in) {
  const int64_t embed_dim = in.query.size(-1);
  TORCH_CHECK_VALUE(embed_dim == in.embed_dim, "was expecting embedding dimension of ", in.embed_dim, ", but got ",
                    embed_dim);
  TORCH_CHECK_VALUE(in.num_heads > 0 && embed_dim % in.num_heads == 0, "embed_dim ", embed_dim,
                    " not divisible by num_heads ", in.num_heads);
  if (in.q_proj_weight.defined()) {
    TORCH_CHECK_VALUE(in.key.sizes().slice(0, 2) == in.value.sizes().slice(0, 2), "key's sequence and batch dims ",
                      in.key.sizes().slice(0, 2), " do not match value's ", in.value.sizes().slice(0, 2));
  } else {
    TORCH_CHECK_VALUE(in.key.sizes() == in.value.sizes(), "key shape ", in.key.sizes(), " does not match value shape ",
                      in.value.sizes());
  }
  TORCH_CHECK_VALUE(in.bias_k.defined() == in.bias_v.defined(),
                    in.bias_k.defined() ? "bias_k is set but bias_v is None" : "bias_v is set but bias_k is None");
}

// -- masks -----------------------------------------------------------------------------------------------------------

// _canonical_mask: a boolean mask as what is to be added to the scores.
at::Tensor CanonicalMask(const at::Tensor& mask, const char* name, at::ScalarType dtype) {
  if (!mask.defined() || mask.is_floating_point()) return mask;
  TORCH_CHECK_VALUE(mask.scalar_type() == at::kBool, "only bool and floating types of ", name, " are supported");
  return at::zeros_like(mask, mask.options().dtype(dtype)).masked_fill_(mask, -std::numeric_limits<double>::infinity());
}

// One column more for a key that was added; nothing hides it.
void PadMask(at::Tensor& mask) {
  if (mask.defined()) mask = at::pad(mask, {0, 1});
}

// The mask as [1 or N * num_heads, T, S].
at::Tensor WithHeads(const at::Tensor& mask, const Input& in, int64_t source_length) {
  const int64_t target_length = in.query.size(0);
  const int64_t heads = in.query.size(1) * in.num_heads;
  if (mask.dim() == 2) {
    const std::array<int64_t, 2> expected = {target_length, source_length};
    TORCH_CHECK_VALUE(mask.sizes() == at::IntArrayRef(expected), "The shape of the 2D attn_mask is ", mask.sizes(),
                      ", but should be ", at::IntArrayRef(expected), ".");
    return mask.unsqueeze(0);
  }
  const std::array<int64_t, 3> expected = {heads, target_length, source_length};
  TORCH_CHECK_VALUE(mask.sizes() == at::IntArrayRef(expected), "The shape of the 3D attn_mask is ", mask.sizes(),
                    ", but should be ", at::IntArrayRef(expected), ".");
  return mask;
}

// Both masks in one; [N, S] becomes [N * num_heads, 1, S].
at::Tensor MergeMasks(const at::Tensor& attn_mask, const at::Tensor& key_padding_mask, int64_t batch, int64_t num_heads,
                      int64_t source_length) {
  if (!key_padding_mask.defined()) return attn_mask;
  const std::array<int64_t, 2> expected = {batch, source_length};
  TORCH_CHECK_VALUE(key_padding_mask.sizes() == at::IntArrayRef(expected), "Expected key_padding_mask's shape to be ",
                    at::IntArrayRef(expected), ", but got ", key_padding_mask.sizes());
  const at::Tensor by_head = key_padding_mask.view({batch, 1, 1, source_length})
                                 .expand({-1, num_heads, -1, -1})
                                 .reshape({batch * num_heads, 1, source_length});
  return attn_mask.defined() ? attn_mask.add(by_head) : by_head;
}

// -- projections -----------------------------------------------------------------------------------------------------

// [..., parts * E] as [parts, ..., E].
at::Tensor SplitPacked(const at::Tensor& projection, int64_t parts, int64_t embed_dim) {
  return projection.unflatten(-1, {parts, embed_dim}).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous();
}

// Python's `b.chunk(3)` or three times None.
std::array<at::Tensor, 3> ChunkBias(const at::Tensor& bias) {
  if (!bias.defined()) return {};
  const std::vector<at::Tensor> chunks = bias.chunk(3);
  TORCH_CHECK_VALUE(chunks.size() == 3, "expecting 3 biases of equal size in in_proj_bias, but its shape is ",
                    bias.sizes());
  return {chunks[0], chunks[1], chunks[2]};
}

// _in_projection_packed
Projections ProjectPacked(const Input& in) {
  const int64_t embed_dim = in.query.size(-1);
  const at::Tensor& weight = in.in_proj_weight;
  const at::Tensor& bias = in.in_proj_bias;
  if (in.key.is_same(in.value)) {
    if (in.query.is_same(in.key)) {
      const at::Tensor packed = SplitPacked(at::linear(in.query, weight, bias), 3, embed_dim);
      return {packed.select(0, 0), packed.select(0, 1), packed.select(0, 2)};
    }
    const std::vector<at::Tensor> weights = weight.split_with_sizes({embed_dim, embed_dim * 2});
    std::vector<at::Tensor> biases(2);
    if (bias.defined()) biases = bias.split_with_sizes({embed_dim, embed_dim * 2});
    const at::Tensor query = at::linear(in.query, weights[0], biases[0]);
    const at::Tensor packed = SplitPacked(at::linear(in.key, weights[1], biases[1]), 2, embed_dim);
    return {query, packed.select(0, 0), packed.select(0, 1)};
  }
  const std::vector<at::Tensor> weights = weight.chunk(3);
  TORCH_CHECK_VALUE(weights.size() == 3, "expecting 3 weights of equal size in in_proj_weight, but its shape is ",
                    weight.sizes());
  const std::array<at::Tensor, 3> biases = ChunkBias(bias);
  return {at::linear(in.query, weights[0], biases[0]), at::linear(in.key, weights[1], biases[1]),
          at::linear(in.value, weights[2], biases[2])};
}

// _in_projection
Projections ProjectSeparately(const Input& in) {
  const int64_t embed_dim = in.query.size(-1);
  const std::array<at::Tensor, 3> biases = ChunkBias(in.in_proj_bias);
  const auto project = [&](const char* name, const at::Tensor& input, const at::Tensor& weight,
                           const at::Tensor& bias) {
    TORCH_CHECK_VALUE(weight.defined(), name, "_proj_weight is missing beside the other projection weights");
    const std::array<int64_t, 2> expected = {embed_dim, input.size(-1)};
    TORCH_CHECK_VALUE(weight.sizes() == at::IntArrayRef(expected), "expecting ", name, "_proj_weight of shape ",
                      at::IntArrayRef(expected), ", but got ", weight.sizes());
    return at::linear(input, weight, bias);
  };
  // One after the other, for an argument list has no order.
  const at::Tensor query = project("q", in.query, in.q_proj_weight, biases[0]);
  const at::Tensor key = project("k", in.key, in.k_proj_weight, biases[1]);
  const at::Tensor value = project("v", in.value, in.v_proj_weight, biases[2]);
  return {query, key, value};
}

// Views that keep "the same object" the same: Python transposes a shared tensor once. See MultiheadAttention.forward
// in torch/nn/modules/activation.py.
void PutSequenceFirst(Input& in) {
  const bool key_is_value = in.key.is_same(in.value);
  const bool query_is_key = in.query.is_same(in.key);
  in.query = in.query.transpose(1, 0);
  in.key = key_is_value && query_is_key ? in.query : in.key.transpose(1, 0);
  in.value = key_is_value ? in.key : in.value.transpose(1, 0);
}

// -- attention -------------------------------------------------------------------------------------------------------

// [S, N, E] as [N * num_heads, S, E / num_heads].
at::Tensor SplitHeads(const at::Tensor& projection, int64_t heads, int64_t head_dim) {
  return projection.view({projection.size(0), heads, head_dim}).transpose(0, 1);
}

at::Tensor AppendZeros(const at::Tensor& tensor) {
  return at::cat({tensor, at::zeros({tensor.size(0), 1, tensor.size(2)}, tensor.options())}, 1);
}

// [T * N, E] through the output projection, as [T, N, E].
at::Tensor ProjectOut(const at::Tensor& attended, const Input& in) {
  const at::Tensor output = at::linear(attended, in.out_proj_weight, in.out_proj_bias);
  return output.view({in.query.size(0), in.query.size(1), output.size(1)});
}

// need_weights: the scores must be there as a tensor, so they are computed step by step.
std::pair<at::Tensor, at::Tensor> AttendWithWeights(const Projections& p, const at::Tensor& attn_mask, double dropout,
                                                    const Input& in) {
  const int64_t target_length = in.query.size(0);
  const int64_t batch = in.query.size(1);
  const double scale = std::sqrt(1.0 / static_cast<double>(p.query.size(2)));
  const at::Tensor scaled = p.query.mul(scale);
  const at::Tensor transposed = p.key.transpose(-2, -1);
  at::Tensor weights = attn_mask.defined() ? at::baddbmm(attn_mask, scaled, transposed) : at::bmm(scaled, transposed);
  weights = at::softmax(weights, -1);
  if (dropout > 0) weights = at::dropout(weights, dropout, true);
  const at::Tensor attended = at::bmm(weights, p.value);
  const at::Tensor output = ProjectOut(attended.transpose(0, 1).reshape({target_length * batch, in.embed_dim}), in);
  weights = weights.view({batch, in.num_heads, target_length, p.key.size(1)});
  if (in.average_attn_weights) weights = weights.mean(1);
  return {output, weights};
}

at::Tensor AttendFused(const Projections& p, const at::Tensor& attn_mask, double dropout, bool is_causal,
                       const Input& in) {
  const int64_t target_length = in.query.size(0);
  const int64_t batch = in.query.size(1);
  const int64_t source_length = p.key.size(1);
  const int64_t head_dim = p.query.size(2);
  std::optional<at::Tensor> mask;
  if (attn_mask.defined()) {
    mask = attn_mask.size(0) == 1 ? attn_mask.unsqueeze(0) : attn_mask.view({batch, in.num_heads, -1, source_length});
  }
  const at::Tensor attended = at::scaled_dot_product_attention(
      p.query.view({batch, in.num_heads, target_length, head_dim}),
      p.key.view({batch, in.num_heads, source_length, head_dim}),
      p.value.view({batch, in.num_heads, source_length, head_dim}), mask, dropout, is_causal);
  return ProjectOut(attended.permute({2, 0, 1, 3}).reshape({batch * target_length, in.embed_dim}), in);
}

}  // namespace

std::pair<at::Tensor, at::Tensor> MultiHeadAttention(Input in) {
  const bool batched = CheckDimensions(in);
  if (!batched) {
    // Three calls make three objects: without a batch even self attention is not "the same object" for what follows.
    in.query = in.query.unsqueeze(1);
    in.key = in.key.unsqueeze(1);
    in.value = in.value.unsqueeze(1);
    if (in.key_padding_mask.defined()) in.key_padding_mask = in.key_padding_mask.unsqueeze(0);
  } else if (in.batch_first) {
    PutSequenceFirst(in);
  }
  CheckSizes(in);

  const at::ScalarType dtype = in.query.scalar_type();
  at::Tensor key_padding_mask = CanonicalMask(in.key_padding_mask, "key_padding_mask", dtype);
  TORCH_CHECK_VALUE(!in.is_causal || in.attn_mask.defined(),
                    "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
                    "`generate_square_subsequent_mask` to create this mask.");
  // The hint replaces the mask where nothing else is added to the scores; otherwise the mask replaces the hint.
  at::Tensor attn_mask;
  bool is_causal = in.is_causal;
  if (!(is_causal && !key_padding_mask.defined() && !in.need_weights)) {
    attn_mask = CanonicalMask(in.attn_mask, "attn_mask", dtype);
    if (key_padding_mask.defined()) is_causal = false;
  }

  const bool separate = in.q_proj_weight.defined();
  TORCH_CHECK_VALUE(separate || in.in_proj_weight.defined(),
                    "neither in_proj_weight nor q_proj_weight, k_proj_weight and v_proj_weight are given");
  Projections p = separate ? ProjectSeparately(in) : ProjectPacked(in);
  if (attn_mask.defined()) attn_mask = WithHeads(attn_mask, in, in.key.size(0));

  const int64_t batch = in.query.size(1);
  if (in.bias_k.defined()) {
    p.key = at::cat({p.key, in.bias_k.repeat({1, batch, 1})});
    p.value = at::cat({p.value, in.bias_v.repeat({1, batch, 1})});
    PadMask(attn_mask);
    PadMask(key_padding_mask);
  }
  const int64_t heads = batch * in.num_heads;
  const int64_t head_dim = in.embed_dim / in.num_heads;
  p = {SplitHeads(p.query, heads, head_dim), SplitHeads(p.key, heads, head_dim), SplitHeads(p.value, heads, head_dim)};
  if (in.add_zero_attn) {
    p.key = AppendZeros(p.key);
    p.value = AppendZeros(p.value);
    PadMask(attn_mask);
    PadMask(key_padding_mask);
  }
  attn_mask = MergeMasks(attn_mask, key_padding_mask, batch, in.num_heads, p.key.size(1));

  const double dropout = in.training ? in.dropout : 0;
  std::pair<at::Tensor, at::Tensor> result;
  if (in.need_weights) {
    result = AttendWithWeights(p, attn_mask, dropout, in);
  } else {
    result.first = AttendFused(p, attn_mask, dropout, is_causal, in);
  }
  if (!batched) {
    result.first = result.first.squeeze(1);
    if (result.second.defined()) result.second = result.second.squeeze(0);
  } else if (in.batch_first) {
    result.first = result.first.transpose(1, 0);
  }
  return result;
}

}  // namespace libtorch_node
