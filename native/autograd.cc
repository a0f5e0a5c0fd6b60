// Gradients, gradient mode and inference mode.

#include <ATen/core/grad_mode.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>

#include <array>

#include "autograd/engine_guard.h"
#include "compute/deferred.h"
#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

at::Tensor Self(const Arguments& arguments) { return ReadTensor(arguments, arguments[0], "self"); }

napi_value RequiresGrad(Arguments& arguments) { return MakeBool(arguments.env, Self(arguments).requires_grad()); }

napi_value SetRequiresGrad(Arguments& arguments) {
  const at::Tensor self = Self(arguments);
  const bool value = ReadBool(arguments.env, arguments[1], "requiresGrad");
  if (!self.is_leaf() && !value) {
    ThrowValue("you can only change requiresGrad of leaf tensors; use detach() to cut a tensor off from its graph");
  }
  self.set_requires_grad(value);
  return Undefined(arguments.env);
}

napi_value IsLeaf(Arguments& arguments) { return MakeBool(arguments.env, Self(arguments).is_leaf()); }

napi_value RetainGrad(Arguments& arguments) {
  Self(arguments).retain_grad();
  return Undefined(arguments.env);
}

napi_value HasGrad(Arguments& arguments) {
  arguments.environment->CheckGradientsAreFree();
  return MakeBool(arguments.env, Self(arguments).grad().defined());
}

// grad(tensor, previous): JavaScript gets the same object again for as long as it is the same gradient.
napi_value Grad(Arguments& arguments) {
  arguments.environment->CheckGradientsAreFree();
  TensorTable& tensors = arguments.environment->tensors;
  const at::Tensor grad = Self(arguments).grad();
  if (!grad.defined()) return MakeHandle(arguments.env, 0);
  const Handle previous = ReadHandle(arguments.env, arguments[1], "previous");
  if (tensors.IsAlive(previous) && tensors.Get(previous).is_same(grad)) return arguments[1];
  return MakeTensor(arguments, grad);
}

void SetGradOf(const at::Tensor& self, const at::Tensor& grad) {
  if (grad.defined()) {
    if (grad.is_same(self)) ThrowValue("a tensor cannot be its own gradient");
    if (!grad.sizes().equals(self.sizes()) || grad.scalar_type() != self.scalar_type() ||
        grad.device() != self.device()) {
      const auto describe = [](const at::Tensor& tensor) {
        return c10::str(tensor.sizes()) + " " + DtypeName(tensor.scalar_type()) + " on " + tensor.device().str();
      };
      ThrowValue("expected a gradient like its tensor, " + describe(self) + ", received " + describe(grad));
    }
  }
  self.mutable_grad() = grad;
}

napi_value SetGrad(Arguments& arguments) {
  const ReadingShapes reading(arguments);
  const at::Tensor self = Self(arguments);
  const at::Tensor grad = ReadOptionalTensor(arguments, arguments[1], "grad");
  if (arguments.environment->region) {
    MarkGradients(arguments);
    const auto set = [](Stack& stack) { SetGradOf(stack[0].toTensor(), stack[1].toTensor()); };
    Defer(arguments, "grad", {self, grad}, set);
  } else {
    arguments.environment->CheckGradientsAreFree();
    SetGradOf(self, grad);
  }
  return Undefined(arguments.env);
}

napi_value SetData(Arguments& arguments) {
  Self(arguments).set_data(ReadTensor(arguments, arguments[1], "data"));
  return Undefined(arguments.env);
}

// Gradients given as handles, 0 for the implicit gradient of a scalar.
std::vector<at::Tensor> ReadGradients(const Arguments& arguments, napi_value value, size_t count) {
  std::vector<at::Tensor> gradients;
  for (napi_value element : ReadArray(arguments.env, value, "gradients")) {
    gradients.push_back(ReadOptionalTensor(arguments, element, "gradients"));
  }
  if (!gradients.empty() && gradients.size() != count) {
    ThrowValue("expected one gradient for each of the " + std::to_string(count) + " tensors, received " +
               std::to_string(gradients.size()));
  }
  return gradients;
}

void DeferBackward(const Arguments& arguments, const std::array<std::vector<at::Tensor>, 3>& lists, bool retain_graph,
                   bool create_graph) {
  MarkGradients(arguments);
  Stack stack;
  for (const auto& list : lists) stack.insert(stack.end(), list.begin(), list.end());
  const auto backward = [sizes = std::array{lists[0].size(), lists[1].size(), lists[2].size()}, retain_graph,
                         create_graph](Stack& values) {
    std::array<std::vector<at::Tensor>, 3> given;
    auto next = values.begin();
    for (size_t i = 0; i < given.size(); ++i) {
      for (size_t j = 0; j < sizes[i]; ++j) given[i].push_back(std::move(*next++).toTensor());
    }
    values.clear();
    torch::autograd::backward(given[0], given[1], retain_graph, create_graph, given[2]);
  };
  Defer(arguments, "backward", std::move(stack), backward);
}

// backward(tensors, gradients, retainGraph, createGraph, inputs)
napi_value Backward(Arguments& arguments) {
  napi_env env = arguments.env;
  const ReadingShapes reading(arguments);
  const std::vector<at::Tensor> tensors = ReadTensors(arguments, arguments[0], "tensors");
  const std::vector<at::Tensor> gradients = ReadGradients(arguments, arguments[1], tensors.size());
  const bool retain_graph = ReadBool(env, arguments[2], "retainGraph");
  const bool create_graph = ReadBool(env, arguments[3], "createGraph");
  const std::vector<at::Tensor> inputs = ReadTensors(arguments, arguments[4], "inputs");
  if (arguments.environment->region) {
    DeferBackward(arguments, {tensors, gradients, inputs}, retain_graph, create_graph);
  } else {
    arguments.environment->CheckGradientsAreFree();
    const EngineGuard guard(*arguments.environment);
    torch::autograd::backward(tensors, gradients, retain_graph, create_graph, inputs);
  }
  return Undefined(env);
}

// gradients(outputs, inputs, gradients, retainGraph, createGraph, allowUnused)
napi_value Gradients(Arguments& arguments) {
  napi_env env = arguments.env;
  arguments.environment->CheckGradientsAreFree();
  const std::vector<at::Tensor> outputs = ReadTensors(arguments, arguments[0], "outputs");
  const std::vector<at::Tensor> inputs = ReadTensors(arguments, arguments[1], "inputs");
  const std::vector<at::Tensor> gradients = ReadGradients(arguments, arguments[2], outputs.size());
  const bool retain_graph = ReadBool(env, arguments[3], "retainGraph");
  const bool create_graph = ReadBool(env, arguments[4], "createGraph");
  const bool allow_unused = ReadBool(env, arguments[5], "allowUnused");
  const EngineGuard guard(*arguments.environment);
  std::vector<napi_value> results;
  for (const at::Tensor& gradient :
       torch::autograd::grad(outputs, inputs, gradients, retain_graph, create_graph, allow_unused)) {
    results.push_back(MakeTensor(arguments, gradient));
  }
  return MakeArray(env, results);
}

napi_value IsGradEnabled(Arguments& arguments) { return MakeBool(arguments.env, c10::GradMode::is_enabled()); }

napi_value SetGradEnabled(Arguments& arguments) {
  c10::GradMode::set_enabled(ReadBool(arguments.env, arguments[0], "enabled"));
  return Undefined(arguments.env);
}

napi_value IsInferenceMode(Arguments& arguments) { return MakeBool(arguments.env, c10::InferenceMode::is_enabled()); }

// The guard restores what it found when it was made, so guards must end in reverse order: hence a stack and a depth.
napi_value InferenceModeEnter(Arguments& arguments) {
  auto& modes = arguments.environment->inference_modes;
  modes.push_back(std::make_unique<c10::InferenceMode>(ReadBool(arguments.env, arguments[0], "enabled")));
  return MakeInt(arguments.env, static_cast<int64_t>(modes.size()));
}

napi_value InferenceModeExit(Arguments& arguments) {
  auto& modes = arguments.environment->inference_modes;
  const int64_t depth = ReadInt(arguments.env, arguments[0], "depth");
  if (depth <= 0 || static_cast<size_t>(depth) != modes.size()) {
    ThrowValue("inference modes must end in the reverse order of their beginning");
  }
  modes.pop_back();
  return Undefined(arguments.env);
}

napi_value IsInference(Arguments& arguments) { return MakeBool(arguments.env, Self(arguments).is_inference()); }

}  // namespace

void RegisterAutograd(Exports& exports) {
  exports.Add<RequiresGrad>("requiresGrad");
  exports.Add<SetRequiresGrad>("setRequiresGrad");
  exports.Add<IsLeaf>("isLeaf");
  exports.Add<RetainGrad>("retainGrad");
  exports.Add<HasGrad>("hasGrad");
  exports.Add<Grad>("grad");
  exports.Add<SetGrad>("setGrad");
  exports.Add<SetData>("setData");
  exports.Add<Backward>("backward");
  exports.Add<Gradients>("gradients");
  exports.Add<IsGradEnabled>("isGradEnabled");
  exports.Add<SetGradEnabled>("setGradEnabled");
  exports.Add<IsInferenceMode>("isInferenceMode");
  exports.Add<InferenceModeEnter>("inferenceModeEnter");
  exports.Add<InferenceModeExit>("inferenceModeExit");
  exports.Add<IsInference>("isInference");
}

}  // namespace libtorch_node
