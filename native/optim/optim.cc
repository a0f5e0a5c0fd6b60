// The optimizer steps as JavaScript sees them: options and lists of handles in, parameters changed in place.

#include <string>
#include <vector>

#include "adam.h"
#include "compute/deferred.h"
#include "exports.h"
#include "sgd.h"
#include "values.h"

namespace libtorch_node {
namespace {

double DoubleProperty(napi_env env, napi_value object, const char* name) {
  return ReadDouble(env, Property(env, object, name), name);
}

bool BoolProperty(napi_env env, napi_value object, const char* name) {
  return ReadBool(env, Property(env, object, name), name);
}

// The elements of a list that must be as long as `params`.
std::vector<napi_value> ListProperty(napi_env env, napi_value object, const char* name, size_t size) {
  std::vector<napi_value> list = ReadArray(env, Property(env, object, name), name);
  if (list.size() != size) {
    ThrowValue("expected " + std::to_string(size) + " elements for argument `" + name +
               "`, one for each parameter, received " + std::to_string(list.size()));
  }
  return list;
}

std::vector<at::Tensor> TensorsProperty(const Arguments& arguments, const char* name, size_t size) {
  std::vector<at::Tensor> tensors;
  if (size == 0) return tensors;
  for (napi_value value : ListProperty(arguments.env, arguments[0], name, size)) {
    tensors.push_back(ReadTensor(arguments, value, name));
  }
  return tensors;
}

napi_value AdamStepFromJavaScript(Arguments& arguments) {
  napi_env env = arguments.env;
  napi_value args = arguments[0];
  AdamOptions options;
  options.lr = DoubleProperty(env, args, "lr");
  options.beta1 = DoubleProperty(env, args, "beta1");
  options.beta2 = DoubleProperty(env, args, "beta2");
  options.eps = DoubleProperty(env, args, "eps");
  options.weight_decay = DoubleProperty(env, args, "weightDecay");
  options.decoupled_weight_decay = BoolProperty(env, args, "decoupledWeightDecay");
  options.amsgrad = BoolProperty(env, args, "amsgrad");
  options.maximize = BoolProperty(env, args, "maximize");
  options.foreach = BoolProperty(env, args, "foreach");

  const ReadingShapes reading(arguments);
  const std::vector<at::Tensor> params = ReadTensors(arguments, Property(env, args, "params"), "params");
  const std::vector<at::Tensor> exp_avgs = TensorsProperty(arguments, "expAvgs", params.size());
  const std::vector<at::Tensor> exp_avg_sqs = TensorsProperty(arguments, "expAvgSqs", params.size());
  std::vector<double> steps;
  for (napi_value step : ListProperty(env, args, "steps", params.size()))
    steps.push_back(ReadDouble(env, step, "steps"));
  const size_t more = options.amsgrad ? params.size() : 0;
  const std::vector<at::Tensor> max_exp_avg_sqs = TensorsProperty(arguments, "maxExpAvgSqs", more);

  // [params, expAvgs, expAvgSqs, maxExpAvgSqs]
  const auto step_all = [options, steps = std::move(steps)](Stack& stack) {
    const size_t count = steps.size();
    std::vector<AdamParameter> parameters;
    parameters.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      AdamParameter parameter;
      parameter.param = stack[i].toTensor();
      parameter.grad = parameter.param.grad();
      if (!parameter.grad.defined()) continue;
      parameter.exp_avg = stack[count + i].toTensor();
      parameter.exp_avg_sq = stack[2 * count + i].toTensor();
      if (options.amsgrad) parameter.max_exp_avg_sq = stack[3 * count + i].toTensor();
      parameter.step = steps[i];
      parameters.push_back(std::move(parameter));
    }
    AdamStep(parameters, options);
    stack.clear();
  };
  Stack stack;
  for (const auto* list : {&params, &exp_avgs, &exp_avg_sqs, &max_exp_avg_sqs}) {
    stack.insert(stack.end(), list->begin(), list->end());
  }
  arguments.environment->CheckGradientsAreFree();
  if (arguments.environment->region) {
    Defer(arguments, "adamStep", std::move(stack), step_all);
  } else {
    step_all(stack);
  }
  return Undefined(env);
}

napi_value AdamPathToJavaScript(Arguments& arguments) { return MakeString(arguments.env, AdamPath()); }

napi_value SgdStepFromJavaScript(Arguments& arguments) {
  napi_env env = arguments.env;
  napi_value args = arguments[0];
  SgdOptions options;
  options.lr = DoubleProperty(env, args, "lr");
  options.momentum = DoubleProperty(env, args, "momentum");
  options.dampening = DoubleProperty(env, args, "dampening");
  options.weight_decay = DoubleProperty(env, args, "weightDecay");
  options.nesterov = BoolProperty(env, args, "nesterov");
  options.maximize = BoolProperty(env, args, "maximize");
  options.foreach = BoolProperty(env, args, "foreach");

  const ReadingShapes reading(arguments);
  const std::vector<at::Tensor> params = ReadTensors(arguments, Property(env, args, "params"), "params");
  Stack stack(params.begin(), params.end());
  for (napi_value buffer : ListProperty(env, args, "momentumBuffers", params.size())) {
    stack.emplace_back(ReadOptionalTensor(arguments, buffer, "momentumBuffers"));
  }

  // [params, momentumBuffers] to the buffers that were made
  const auto step_all = [options, count = params.size()](Stack& values) {
    std::vector<at::Tensor> buffers(count);
    std::vector<SgdParameter> parameters;
    for (size_t i = 0; i < count; ++i) {
      buffers[i] = values[count + i].toTensor();
      const at::Tensor& param = values[i].toTensor();
      if (!param.grad().defined()) continue;
      parameters.push_back({.param = param, .grad = param.grad(), .momentum_buffer = &buffers[i]});
    }
    SgdStep(parameters, options);
    for (size_t i = 0; i < count; ++i) {
      values[i] = values[count + i].toTensor().defined() ? at::Tensor() : std::move(buffers[i]);
    }
    values.resize(count);
  };
  arguments.environment->CheckGradientsAreFree();
  std::vector<napi_value> result;
  result.reserve(params.size());
  if (arguments.environment->region) {
    // A buffer is made as its gradient, which is shaped as its parameter.
    const auto shapes = [&](Stack& values) {
      for (size_t i = 0; i < params.size(); ++i) {
        const bool makes =
            options.momentum != 0 && params[i].grad().defined() && !values[params.size() + i].toTensor().defined();
        if (!makes) values[i] = at::Tensor();
      }
      values.resize(params.size());
    };
    for (const Deferred& made : Defer(arguments, "sgdStep", std::move(stack), step_all, shapes, {})) {
      result.push_back(MakeDeferred(arguments, made));
    }
  } else {
    step_all(stack);
    for (const c10::IValue& made : stack) result.push_back(MakeTensor(arguments, made.toTensor()));
  }
  return MakeArray(env, result);
}

}  // namespace

void RegisterOptim(Exports& exports) {
  exports.Add<AdamStepFromJavaScript>("adamStep");
  exports.Add<AdamPathToJavaScript>("adamPath");
  exports.Add<SgdStepFromJavaScript>("sgdStep");
}

}  // namespace libtorch_node
