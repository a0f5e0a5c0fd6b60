// The tensor table as JavaScript sees it: ownership, scopes, memory.

#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

napi_value Adopt(Arguments& arguments) {
  arguments.environment->tensors.Adopt(ReadHandle(arguments.env, arguments[0], "tensor"), arguments[1]);
  return Undefined(arguments.env);
}

napi_value Dispose(Arguments& arguments) {
  const Handle handle = ReadHandle(arguments.env, arguments[0], "tensor");
  return MakeBool(arguments.env, arguments.environment->tensors.Dispose(handle));
}

napi_value IsAlive(Arguments& arguments) {
  const Handle handle = ReadHandle(arguments.env, arguments[0], "tensor");
  return MakeBool(arguments.env, arguments.environment->tensors.IsAlive(handle));
}

napi_value ScopeEnter(Arguments& arguments) {
  return MakeInt(arguments.env, arguments.environment->tensors.EnterScope());
}

napi_value ScopeExit(Arguments& arguments) {
  const int64_t depth = ReadInt(arguments.env, arguments[0], "depth");
  std::vector<Handle> kept;
  for (napi_value value : ReadArray(arguments.env, arguments[1], "kept")) {
    kept.push_back(ReadHandle(arguments.env, value, "kept"));
  }
  arguments.environment->tensors.ExitScope(static_cast<uint32_t>(depth), kept);
  return Undefined(arguments.env);
}

napi_value Keep(Arguments& arguments) {
  arguments.environment->tensors.Keep(ReadHandle(arguments.env, arguments[0], "tensor"));
  return Undefined(arguments.env);
}

napi_value Memory(Arguments& arguments) {
  napi_env env = arguments.env;
  const TensorTable::Usage usage = arguments.environment->tensors.Measure();
  napi_value bytes = MakeObject(env);
  for (const auto& [device, count] : usage.bytes) SetProperty(env, bytes, device.c_str(), MakeInt(env, count));
  napi_value result = MakeObject(env);
  SetProperty(env, result, "tensors", MakeInt(env, static_cast<int64_t>(usage.tensors)));
  SetProperty(env, result, "bytes", bytes);
  SetProperty(env, result, "sweeps", MakeInt(env, static_cast<int64_t>(usage.sweeps)));
  SetProperty(env, result, "swept", MakeInt(env, static_cast<int64_t>(usage.swept)));
  return result;
}

napi_value Sweep(Arguments& arguments) {
  return MakeInt(arguments.env, static_cast<int64_t>(arguments.environment->tensors.Sweep()));
}

napi_value SetSweepThreshold(Arguments& arguments) {
  const int64_t bytes = ReadInt(arguments.env, arguments[0], "bytes");
  if (bytes <= 0)
    ThrowValue("expected a positive number of bytes for argument `bytes`, received " + std::to_string(bytes));
  arguments.environment->tensors.SetSweepThreshold(bytes);
  return Undefined(arguments.env);
}

napi_value SetCollector(Arguments& arguments) {
  if (TypeOf(arguments.env, arguments[0]) != napi_function) {
    ThrowType("expected a function for argument `collect`, received " + Describe(arguments.env, arguments[0]));
  }
  arguments.environment->tensors.SetCollector(arguments[0]);
  return Undefined(arguments.env);
}

}  // namespace

void RegisterTensors(Exports& exports) {
  exports.Add<Adopt>("adopt");
  exports.Add<Dispose>("dispose");
  exports.Add<IsAlive>("isAlive");
  exports.Add<ScopeEnter>("scopeEnter");
  exports.Add<ScopeExit>("scopeExit");
  exports.Add<Keep>("keep");
  exports.Add<Memory>("memory");
  exports.Add<Sweep>("sweep");
  exports.Add<SetSweepThreshold>("setSweepThreshold");
  exports.Add<SetCollector>("setCollector");
}

}  // namespace libtorch_node
