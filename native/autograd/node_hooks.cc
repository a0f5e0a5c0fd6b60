// Hooks on nodes of the graph (torch.autograd.graph.Node.register_hook and register_prehook), and the node that refuses
// to be differentiated, for once_differentiable.
//
// As with tensors (hooks.cc), one hook object per node and kind holds all hooks of that kind.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/functions/basic_ops.h>

#include "../exports.h"
#include "../values.h"
#include "graph_state.h"

namespace libtorch_node {
namespace {

namespace ag = torch::autograd;

// Handles without an owner, 0 for a gradient that is missing.
napi_value ToHandles(Environment* environment, const ag::variable_list& gradients) {
  std::vector<napi_value> handles;
  for (const at::Tensor& gradient : gradients) {
    handles.push_back(MakeHandle(environment->env, environment->tensors.Add(gradient)));
  }
  return MakeArray(environment->env, handles);
}

// Calls one hook with `given` and puts what it returns, unless that is null, in the place of `gradients`.
void CallHook(const HookList::Entry& hook, const char* name, const std::vector<const ag::variable_list*>& given,
              ag::variable_list& gradients) {
  Environment* environment = hook.callback->environment();
  napi_env env = environment->env;
  const HandleScope scope(env);
  std::vector<napi_value> values;
  values.reserve(given.size());
  for (const ag::variable_list* list : given) values.push_back(ToHandles(environment, *list));
  napi_value result = hook.callback->Call(values);
  if (IsNullish(env, result)) return;
  const std::vector<napi_value> handles = ReadArray(env, result, "the hook's result");
  TORCH_CHECK(handles.size() == gradients.size(), name, "(): the hook returned ", handles.size(),
              " gradients, but expected ", gradients.size());
  for (size_t i = 0; i < handles.size(); ++i) {
    const Handle handle = ReadHandle(env, handles[i], "the hook's result");
    at::Tensor replaced = handle == 0 ? at::Tensor() : environment->tensors.Get(handle);
    if (replaced.defined() && gradients[i].defined()) ag::check_variable_result(gradients[i], replaced, name);
    gradients[i] = std::move(replaced);
  }
}

class NodePrehooks : public ag::FunctionPreHook {
 public:
  ag::variable_list operator()(const ag::variable_list& gradients) override {
    ag::variable_list results = gradients;
    // A copy: a hook may remove itself or another one.
    const std::vector<HookList::Entry> hooks = list->entries;
    for (const HookList::Entry& hook : hooks) CallHook(hook, "registerPrehook", {&results}, results);
    return results;
  }

  const std::shared_ptr<HookList> list = std::make_shared<HookList>();
};

class NodeHooks : public ag::FunctionPostHook {
 public:
  ag::variable_list operator()(const ag::variable_list& grad_inputs, const ag::variable_list& grad_outputs) override {
    ag::variable_list results = grad_inputs;
    const std::vector<HookList::Entry> hooks = list->entries;
    for (const HookList::Entry& hook : hooks) CallHook(hook, "registerHook", {&results, &grad_outputs}, results);
    return results;
  }

  const std::shared_ptr<HookList> list = std::make_shared<HookList>();
};

// The list of the hook object of this kind among a node's; null where it has none yet.
template <typename Kind, typename Owned>
std::shared_ptr<HookList> Find(const Owned& hooks) {
  for (const auto& hook : hooks) {
    if (auto* found = dynamic_cast<Kind*>(hook.get()); found != nullptr) return found->list;
  }
  return nullptr;
}

std::shared_ptr<HookList> PrehooksOf(ag::Node& node) {
  if (auto known = Find<NodePrehooks>(node.pre_hooks()); known != nullptr) return known;
  auto added = std::make_unique<NodePrehooks>();
  auto list = added->list;
  node.add_pre_hook(std::move(added));
  return list;
}

std::shared_ptr<HookList> HooksOf(ag::Node& node) {
  if (auto known = Find<NodeHooks>(node.post_hooks()); known != nullptr) return known;
  auto added = std::make_unique<NodeHooks>();
  auto list = added->list;
  node.add_post_hook(std::move(added));
  return list;
}

template <std::shared_ptr<HookList> (*hooks_of)(ag::Node&)>
napi_value Register(Arguments& arguments) {
  GraphState& graph = *arguments.environment->graph;
  const NodePointer node = graph.nodes.Get(static_cast<uint32_t>(ReadInt(arguments.env, arguments[0], "node")));
  const std::shared_ptr<HookList> hooks = hooks_of(*node);
  const uint32_t id = graph.hooks.Add(hooks);
  hooks->entries.push_back({id, std::make_shared<Callback>(arguments.environment->callbacks, arguments[1])});
  return MakeInt(arguments.env, id);
}

// delayedError(tensors, message): the same values, whose gradients throw.
napi_value DelayedError(Arguments& arguments) {
  ag::variable_list tensors;
  for (napi_value element : ReadArray(arguments.env, arguments[0], "tensors")) {
    at::Tensor tensor = ReadOptionalTensor(arguments, element, "tensors");
    if (tensor.defined()) {
      tensor = tensor.detach();
      tensor.set_requires_grad(true);
    }
    tensors.push_back(std::move(tensor));
  }
  const auto node = PointerKind<NodePointer>::Make<ag::DelayedError>(ReadString(arguments.env, arguments[1], "message"),
                                                                     static_cast<int64_t>(tensors.size()));
  std::vector<napi_value> handles;
  for (const at::Tensor& tensor : node->apply(std::move(tensors))) handles.push_back(MakeTensor(arguments, tensor));
  return MakeArray(arguments.env, handles);
}

}  // namespace

void RegisterNodeHooks(Exports& exports) {
  exports.Add<Register<HooksOf>>("registerNodeHook");
  exports.Add<Register<PrehooksOf>>("registerNodePrehook");
  exports.Add<DelayedError>("delayedError");
}

}  // namespace libtorch_node
