// torch.nn.functional.multi_head_attention_forward, op after op in its order, so that the bits are its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>

namespace libtorch_node {

// Undefined tensors stand for Python's None. T queries, S keys and values, N samples, E embed_dim:
// query [T, N, E], key [S, N, Ek], value [S, N, Ev]; [N, T, E] … with batch_first; [T, E] … without N.
struct MultiHeadAttentionInput {
  at::Tensor query;
  at::Tensor key;
  at::Tensor value;
  int64_t embed_dim = 0;
  int64_t num_heads = 0;
  // Either the packed weight, or the three of `q_proj_weight` and so on.
  at::Tensor in_proj_weight;
  at::Tensor q_proj_weight;
  at::Tensor k_proj_weight;
  at::Tensor v_proj_weight;
  at::Tensor in_proj_bias;
  at::Tensor bias_k;
  at::Tensor bias_v;
  bool add_zero_attn = false;
  double dropout = 0;
  at::Tensor out_proj_weight;
  at::Tensor out_proj_bias;
  bool training = true;
  // [N, S] or [S], and [T, S] or [N * num_heads, T, S]. Boolean masks leave out where they are true.
  at::Tensor key_padding_mask;
  at::Tensor attn_mask;
  bool need_weights = true;
  bool average_attn_weights = true;
  bool is_causal = false;
  bool batch_first = false;
};

// The output, shaped as the query, and the attention weights: undefined unless needed, [N, T, S] if averaged,
// else [N, num_heads, T, S].
//
// As in Python, the same object as query, key and value, or as key and value, takes another path with other bits.
std::pair<at::Tensor, at::Tensor> MultiHeadAttention(MultiHeadAttentionInput input);

}  // namespace libtorch_node
