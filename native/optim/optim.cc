// The optimizer steps as JavaScript sees them: options and lists of handles in, parameters changed in place.

#include <string>
#include <vector>

#include "adam.h"
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

  const std::vector<at::Tensor> params = ReadTensors(arguments, Property(env, args, "params"), "params");
  const std::vector<napi_value> exp_avgs = ListProperty(env, args, "expAvgs", params.size());
  const std::vector<napi_value> exp_avg_sqs = ListProperty(env, args, "expAvgSqs", params.size());
  const std::vector<napi_value> steps = ListProperty(env, args, "steps", params.size());
  std::vector<napi_value> max_exp_avg_sqs;
  if (options.amsgrad) max_exp_avg_sqs = ListProperty(env, args, "maxExpAvgSqs", params.size());

  std::vector<AdamParameter> parameters;
  parameters.reserve(params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    const at::Tensor& grad = params[i].grad();
    if (!grad.defined()) continue;
    AdamParameter parameter;
    parameter.param = params[i];
    parameter.grad = grad;
    parameter.exp_avg = ReadTensor(arguments, exp_avgs[i], "expAvgs");
    parameter.exp_avg_sq = ReadTensor(arguments, exp_avg_sqs[i], "expAvgSqs");
    if (options.amsgrad) parameter.max_exp_avg_sq = ReadTensor(arguments, max_exp_avg_sqs[i], "maxExpAvgSqs");
    parameter.step = ReadDouble(env, steps[i], "steps");
    parameters.push_back(parameter);
  }
  AdamStep(parameters, options);
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

  const std::vector<at::Tensor> params = ReadTensors(arguments, Property(env, args, "params"), "params");
  const std::vector<napi_value> given = ListProperty(env, args, "momentumBuffers", params.size());
  std::vector<at::Tensor> buffers;
  buffers.reserve(params.size());
  for (napi_value buffer : given) buffers.push_back(ReadOptionalTensor(arguments, buffer, "momentumBuffers"));

  std::vector<SgdParameter> parameters;
  std::vector<bool> made(params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    const at::Tensor& grad = params[i].grad();
    if (!grad.defined()) continue;
    made[i] = !buffers[i].defined();
    parameters.push_back({.param = params[i], .grad = grad, .momentum_buffer = &buffers[i]});
  }
  SgdStep(parameters, options);

  std::vector<napi_value> result;
  result.reserve(params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    result.push_back(made[i] && buffers[i].defined() ? MakeTensor(arguments, buffers[i]) : MakeHandle(env, 0));
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
