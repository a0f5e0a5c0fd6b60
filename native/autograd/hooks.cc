// Hooks on tensors: Tensor.register_hook and Tensor.register_post_accumulate_grad_hook.
//
// As in Python, a tensor's hooks belong to what made it (its node's output, or the leaf itself), not to the tensor:
// after an in-place change the earlier hooks stay with the earlier node. One hook object per node and per leaf, which
// holds them all, since the engine walks a node's hook objects while hooks may register further ones.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>

#include "../exports.h"
#include "../values.h"
#include "graph_state.h"

namespace libtorch_node {
namespace {

namespace ag = torch::autograd;

using Hooks = std::shared_ptr<HookList>;

// Calls a hook with a new handle; what it returns is a handle that replaces it, or 0.
at::Tensor CallHook(const HookList::Entry& hook, const at::Tensor& tensor) {
  Environment* environment = hook.callback->environment();
  napi_env env = environment->env;
  const HandleScope scope(env);
  napi_value result = hook.callback->Call({MakeHandle(env, environment->tensors.Add(tensor))});
  const Handle handle = ReadHandle(env, result, "the hook's result");
  return handle == 0 ? at::Tensor() : environment->tensors.Get(handle);
}

class TensorHooks : public ag::FunctionPreHook {
 public:
  ag::variable_list operator()(const ag::variable_list& gradients) override {
    ag::variable_list results = gradients;
    // By index: a hook may register one for another output of the same node.
    // NOLINTNEXTLINE(modernize-loop-convert)
    for (size_t i = 0; i < outputs_.size(); ++i) {
      at::Tensor& gradient = results.at(outputs_[i].first);
      // A copy: a hook that removes another one takes effect from the next pass on, as in Python.
      const std::vector<HookList::Entry> hooks = outputs_[i].second->entries;
      // Python calls hooks of an output that took no part with None; here they are passed over.
      if (!gradient.defined()) continue;
      for (const HookList::Entry& hook : hooks) {
        at::Tensor result = CallHook(hook, gradient);
        if (!result.defined() || result.is_same(gradient)) continue;
        ag::check_variable_result(gradient, result, "registerHook");
        gradient = std::move(result);
      }
    }
    return results;
  }

  const Hooks& Of(uint32_t output) {
    for (const auto& [index, hooks] : outputs_) {
      if (index == output) return hooks;
    }
    return outputs_.emplace_back(output, std::make_shared<HookList>()).second;
  }

 private:
  std::vector<std::pair<uint32_t, Hooks>> outputs_;
};

class PostAccumulateHooks : public ag::PostAccumulateGradHook {
 public:
  void operator()(const at::Tensor& tensor) override {
    const std::vector<HookList::Entry> hooks = list->entries;
    for (const HookList::Entry& hook : hooks) CallHook(hook, tensor);
  }

  const Hooks list = std::make_shared<HookList>();
};

template <typename Owned>
TensorHooks* FindTensorHooks(const Owned& hooks) {
  for (const auto& hook : hooks) {
    if (auto* found = dynamic_cast<TensorHooks*>(hook.get()); found != nullptr) return found;
  }
  return nullptr;
}

const Hooks& GradientHooks(const at::Tensor& tensor) {
  auto added = std::make_unique<TensorHooks>();
  TensorHooks* hooks = nullptr;
  if (const auto& node = tensor.grad_fn()) {
    hooks = FindTensorHooks(node->tensor_pre_hooks());
    if (hooks == nullptr) {
      hooks = added.get();
      node->add_tensor_pre_hook(std::move(added));
    }
  } else {
    hooks = FindTensorHooks(ag::impl::hooks(tensor));
    if (hooks == nullptr) {
      hooks = added.get();
      ag::impl::add_hook(tensor, std::move(added));
    }
  }
  return hooks->Of(tensor.output_nr());
}

const Hooks& AccumulationHooks(const at::Tensor& tensor) {
  auto* known = dynamic_cast<PostAccumulateHooks*>(ag::impl::post_acc_grad_hooks(tensor).get());
  if (known != nullptr) return known->list;
  auto added = std::make_unique<PostAccumulateHooks>();
  const Hooks& list = added->list;
  ag::impl::set_post_acc_grad_hooks(tensor, std::move(added));
  return list;
}

napi_value AddHook(const Arguments& arguments, const Hooks& hooks, napi_value function) {
  const uint32_t id = arguments.environment->graph->hooks.Add(hooks);
  hooks->entries.push_back({id, std::make_shared<Callback>(arguments.environment->callbacks, function)});
  return MakeInt(arguments.env, id);
}

// registerHook(tensor, hook)
napi_value RegisterHook(Arguments& arguments) {
  const at::Tensor tensor = ReadTensor(arguments, arguments[0], "self");
  TORCH_CHECK(tensor.requires_grad(), "cannot register a hook on a tensor that doesn't require gradient");
  napi_value hook = ReadFunction(arguments.env, arguments[1], "hook");
  return AddHook(arguments, GradientHooks(tensor), hook);
}

// registerPostAccumulateGradHook(tensor, hook)
napi_value RegisterPostAccumulateGradHook(Arguments& arguments) {
  const at::Tensor tensor = ReadTensor(arguments, arguments[0], "self");
  TORCH_CHECK(tensor.requires_grad(), "cannot register a hook on a tensor that doesn't require gradient");
  TORCH_CHECK(!tensor.grad_fn(), "post accumulate grad hooks cannot be registered on non-leaf tensors");
  napi_value hook = ReadFunction(arguments.env, arguments[1], "hook");
  return AddHook(arguments, AccumulationHooks(tensor), hook);
}

// removeHook(id)
napi_value RemoveHook(Arguments& arguments) {
  const uint32_t id = ReadId(arguments.env, arguments[0], "id");
  auto& table = arguments.environment->graph->hooks;
  if (const Hooks hooks = table.Lock(id); hooks != nullptr) {
    std::erase_if(hooks->entries, [id](const HookList::Entry& entry) { return entry.id == id; });
  }
  table.Remove(id);
  return Undefined(arguments.env);
}

}  // namespace

void RegisterHooks(Exports& exports) {
  exports.Add<RegisterHook>("registerHook");
  exports.Add<RegisterPostAccumulateGradHook>("registerPostAccumulateGradHook");
  exports.Add<RemoveHook>("removeHook");
}

}  // namespace libtorch_node
