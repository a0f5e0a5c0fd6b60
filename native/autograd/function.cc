// Custom functions: nodes whose backward is JavaScript (torch.autograd.Function).
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/csrc/autograd/variable_info.h>
#include <torch/version.h>

#include <optional>
#include <unordered_set>

#include "../exports.h"
#include "../values.h"
#include "graph_state.h"

namespace libtorch_node {
namespace {

namespace ag = torch::autograd;

class FunctionNode : public ag::Node {
 public:
  FunctionNode(std::string name, std::shared_ptr<Callback> backward, bool materialize)
      : name_(std::move(name)), backward_(std::move(backward)), materialize_(materialize) {}

  std::string name() const override { return name_; }

  // Hands the gradients to JavaScript as handles, 0 for none, and takes those of the tensor inputs.
  ag::variable_list apply(ag::variable_list&& gradients) override {
    const std::shared_ptr<Callback> backward = backward_;
    Environment* environment = backward->environment();
    napi_env env = environment->env;
    const HandleScope scope(env);
    at::OptionalDeviceGuard device_guard;
    std::vector<napi_value> given;
    for (size_t i = 0; i < gradients.size(); ++i) {
      at::Tensor gradient = std::move(gradients[i]);
      if (!gradient.defined() && materialize_) gradient = outputs_[i].zeros(device_guard);
      given.push_back(MakeHandle(env, environment->tensors.Add(gradient)));
    }
    napi_value result = backward->Call({MakeArray(env, given)});
    ag::variable_list results;
    for (napi_value element : ReadArray(env, result, "gradients")) {
      const Handle handle = ReadHandle(env, element, "gradients");
      results.push_back(handle == 0 ? at::Tensor() : environment->tensors.Get(handle));
    }
    return results;
  }

  void release_variables() override {
    saved_.clear();
    freed_ = true;
  }

#if TORCH_VERSION_MINOR >= 13
  // Only weak references are left, as in NodeTable: what it holds must go all the same.
  void release_resources() override {
    saved_.clear();
    backward_.reset();
    Node::release_resources();
  }
#endif

  void Save(const at::Tensor& tensor) { saved_.emplace_back(tensor, tensor.grad_fn().get() == this); }
  void AddOutput(const ag::VariableInfo& info) { outputs_.push_back(info); }

  std::vector<at::Tensor> Saved() {
    TORCH_CHECK(!freed_, ag::ERR_BACKWARD_TWICE);
    std::vector<at::Tensor> tensors;
    tensors.reserve(saved_.size());
    for (const ag::SavedVariable& saved : saved_) tensors.push_back(saved.unpack(getptr()));
    return tensors;
  }

 private:
  std::string name_;
  std::shared_ptr<Callback> backward_;
  std::vector<ag::SavedVariable> saved_;
  std::vector<ag::VariableInfo> outputs_;
  bool materialize_;
  bool freed_ = false;
};

std::vector<at::Tensor> ReadOptionalTensors(const Arguments& arguments, napi_value value, const char* name) {
  std::vector<at::Tensor> tensors;
  for (napi_value element : ReadArray(arguments.env, value, name)) {
    tensors.push_back(ReadOptionalTensor(arguments, element, name));
  }
  return tensors;
}

std::unordered_set<at::TensorImpl*> ToSet(const std::vector<at::Tensor>& tensors) {
  std::unordered_set<at::TensorImpl*> set;
  for (const at::Tensor& tensor : tensors) set.insert(tensor.unsafeGetTensorImpl());
  return set;
}

// customFunction({ name, backward, inputs, outputs, dirty, nonDifferentiable, saved, materialize, record })
napi_value CustomFunction(Arguments& arguments) {
  napi_env env = arguments.env;
  Environment& environment = *arguments.environment;
  const auto property = [&](const char* name) { return Property(env, arguments[0], name); };
  const auto inputs = ReadTensors(arguments, property("inputs"), "inputs");
  const auto outputs = ReadOptionalTensors(arguments, property("outputs"), "outputs");
  const auto dirty = ReadTensors(arguments, property("dirty"), "dirty");
  const auto non_differentiable = ReadTensors(arguments, property("nonDifferentiable"), "nonDifferentiable");
  const auto saved = ReadOptionalTensors(arguments, property("saved"), "saved");

  auto node = PointerKind<NodePointer>::Strong<FunctionNode>();
  if (ReadBool(env, property("record"), "record")) {
    node = PointerKind<NodePointer>::Make<FunctionNode>(
        ReadString(env, property("name"), "name"),
        std::make_shared<Callback>(environment.callbacks, ReadFunction(env, property("backward"), "backward")),
        ReadBool(env, property("materialize"), "materialize"));
    node->set_next_edges(ag::collect_next_edges(inputs));
  }
  for (const at::Tensor& tensor : dirty) ag::impl::bump_version(tensor);
  std::vector<std::optional<at::Tensor>> raw;
  raw.reserve(outputs.size());
  for (const at::Tensor& tensor : outputs) {
    raw.push_back(tensor.defined() ? std::make_optional(tensor) : std::nullopt);
  }
  const auto no_jvp = [](const ag::variable_list&, const ag::variable_list&) -> ag::variable_list {
    TORCH_CHECK_NOT_IMPLEMENTED(false, "forward-mode derivatives of custom functions are not supported");
  };
  const auto view_as_self = [](const at::Tensor& tensor) { return tensor.view_as(tensor); };
  const auto wrapped = ag::_wrap_outputs(inputs, ToSet(non_differentiable), ToSet(dirty), raw, node, no_jvp, {},
                                         view_as_self, /*pure_view=*/false);
  std::vector<napi_value> handles;
  handles.reserve(wrapped.size());
  for (size_t i = 0; i < wrapped.size(); ++i) {
    const std::optional<at::Tensor>& output = wrapped[i];
    if (node) node->AddOutput(output.has_value() ? ag::VariableInfo(*output) : ag::VariableInfo());
    // 0: the very tensor that forward returned.
    const bool is_same = !output.has_value() || output->is_same(outputs[i]);
    handles.push_back(is_same ? MakeHandle(env, 0) : MakeTensor(arguments, *output));
  }
  // After the outputs have their history, since one of them may be saved.
  if (node) {
    for (const at::Tensor& tensor : saved) node->Save(tensor);
  }
  napi_value result = MakeObject(env);
  SetProperty(env, result, "node", MakeInt(env, node ? environment.graph->nodes.IdOf(env, node) : 0));
  SetProperty(env, result, "outputs", MakeArray(env, handles));
  return result;
}

// savedTensors(node)
napi_value SavedTensors(Arguments& arguments) {
  const NodePointer node = arguments.environment->graph->nodes.Get(ReadId(arguments.env, arguments[0], "node"));
  auto* function = dynamic_cast<FunctionNode*>(node.get());
  if (function == nullptr) ThrowValue("expected the node of a custom function");
  std::vector<napi_value> handles;
  for (const at::Tensor& tensor : function->Saved()) handles.push_back(MakeTensor(arguments, tensor));
  return MakeArray(arguments.env, handles);
}

}  // namespace

void RegisterCustomFunctions(Exports& exports) {
  exports.Add<CustomFunction>("customFunction");
  exports.Add<SavedTensors>("savedTensors");
}

}  // namespace libtorch_node
