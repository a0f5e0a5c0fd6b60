// Multi-head attention as JavaScript sees it.

#include <array>

#include "compute/deferred.h"
#include "exports.h"
#include "multi_head_attention.h"
#include "values.h"

namespace libtorch_node {
namespace {

// The tensors of an attention's input.
template <typename Input>
auto TensorsOf(Input& input) {
  return std::array{
      &input.query,           &input.key,           &input.value,        &input.in_proj_weight,  &input.q_proj_weight,
      &input.k_proj_weight,   &input.v_proj_weight, &input.in_proj_bias, &input.bias_k,          &input.bias_v,
      &input.out_proj_weight, &input.out_proj_bias, &input.attn_mask,    &input.key_padding_mask};
}

napi_value DeferAttention(const Arguments& arguments, const MultiHeadAttentionInput& input) {
  Stack stack;
  for (const at::Tensor* tensor : TensorsOf(input)) stack.emplace_back(*tensor);
  const auto attend = [input](Stack& values) {
    MultiHeadAttentionInput filled = input;
    size_t next = 0;
    for (at::Tensor* tensor : TensorsOf(filled)) *tensor = values[next++].toTensor();
    auto [output, weights] = MultiHeadAttention(std::move(filled));
    values = {std::move(output), std::move(weights)};
  };
  const auto deferred =
      Defer(arguments, "multiHeadAttention", std::move(stack), attend, attend, {true, input.need_weights});
  return MakeArray(arguments.env, {MakeDeferred(arguments, deferred[0]), MakeDeferred(arguments, deferred[1])});
}

napi_value MultiHeadAttentionFromJavaScript(Arguments& arguments) {
  napi_env env = arguments.env;
  napi_value args = arguments[0];
  const ReadingShapes reading(arguments);
  const auto tensor = [&](const char* name) { return ReadTensor(arguments, Property(env, args, name), name); };
  const auto optional = [&](const char* name) {
    return ReadOptionalTensor(arguments, Property(env, args, name), name);
  };
  const auto integer = [&](const char* name) { return ReadInt(env, Property(env, args, name), name); };
  const auto boolean = [&](const char* name) { return ReadBool(env, Property(env, args, name), name); };

  MultiHeadAttentionInput input;
  input.query = tensor("query");
  input.key = tensor("key");
  input.value = tensor("value");
  input.embed_dim = integer("embedDim");
  input.num_heads = integer("numHeads");
  input.in_proj_weight = optional("inProjWeight");
  input.q_proj_weight = optional("qProjWeight");
  input.k_proj_weight = optional("kProjWeight");
  input.v_proj_weight = optional("vProjWeight");
  input.in_proj_bias = optional("inProjBias");
  input.bias_k = optional("biasK");
  input.bias_v = optional("biasV");
  input.add_zero_attn = boolean("addZeroAttn");
  input.dropout = ReadDouble(env, Property(env, args, "dropout"), "dropout");
  input.out_proj_weight = tensor("outProjWeight");
  input.out_proj_bias = optional("outProjBias");
  input.training = boolean("training");
  input.key_padding_mask = optional("keyPaddingMask");
  input.attn_mask = optional("attnMask");
  input.need_weights = boolean("needWeights");
  input.average_attn_weights = boolean("averageAttnWeights");
  input.is_causal = boolean("isCausal");
  input.batch_first = boolean("batchFirst");

  if (arguments.environment->region) return DeferAttention(arguments, input);
  const auto [output, weights] = MultiHeadAttention(input);
  return MakeArray(env, {MakeTensor(arguments, output), MakeTensor(arguments, weights)});
}

}  // namespace

void RegisterNn(Exports& exports) { exports.Add<MultiHeadAttentionFromJavaScript>("multiHeadAttention"); }

}  // namespace libtorch_node
