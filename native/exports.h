// How a C++ function becomes an export of the addon: one guard, one way to read arguments.
#pragma once

#include <array>
#include <cstddef>

#include "environment.h"
#include "errors.h"
#include "napi_headers.h"

namespace libtorch_node {

// The arguments of one call from JavaScript.
struct Arguments {
  // The schema with the most arguments in libtorch has below 40.
  static constexpr size_t kMax = 48;
  // Node-API fills what was not given with undefined, one by one: asking for few first is measurably faster.
  static constexpr size_t kUsual = 8;

  Arguments(napi_env env, napi_callback_info info) : env(env), count(kUsual) {
    void* data = nullptr;
    Check(env, napi_get_cb_info(env, info, &count, values.data(), nullptr, &data));
    if (count > kMax) ThrowType("too many arguments");
    if (count > kUsual) {
      size_t all = kMax;
      Check(env, napi_get_cb_info(env, info, &all, values.data(), nullptr, nullptr));
    }
    environment = static_cast<Environment*>(data);
  }

  // For index < kUsual a missing argument reads as undefined.
  napi_value operator[](size_t index) const { return values[index]; }

  napi_env env;
  Environment* environment = nullptr;
  size_t count;
  std::array<napi_value, kMax> values;
};

// The guard: no C++ exception passes into V8.
template <napi_value (*function)(Arguments&)>
napi_value Guarded(napi_env env, napi_callback_info info) {
  try {
    Arguments arguments(env, info);
    napi_value result = function(arguments);
    if (!arguments.environment->warnings.empty()) arguments.environment->warnings.Tell();
    return result;
  } catch (...) {
    RethrowToJavaScript(env);
    return nullptr;
  }
}

class Exports {
 public:
  Exports(napi_env env, napi_value target, Environment* environment)
      : env_(env), target_(target), environment_(environment) {}

  template <napi_value (*function)(Arguments&)>
  void Add(const char* name) {
    napi_value value = nullptr;
    Check(env_, napi_create_function(env_, name, NAPI_AUTO_LENGTH, Guarded<function>, environment_, &value));
    Check(env_, napi_set_named_property(env_, target_, name, value));
  }

 private:
  napi_env env_;
  napi_value target_;
  Environment* environment_;
};

// One registration function per part; addon.cc lists them.
void RegisterLibrary(Exports& exports);
void RegisterDispatch(Exports& exports);
void RegisterAutocast(Exports& exports);
void RegisterSettings(Exports& exports);
void RegisterBackends(Exports& exports);
void RegisterTensors(Exports& exports);
void RegisterData(Exports& exports);
void RegisterParcels(Exports& exports);
void RegisterWarnings(Exports& exports);
void RegisterSharedMemory(Exports& exports);
void RegisterAutograd(Exports& exports);
void RegisterHooks(Exports& exports);
void RegisterNodeHooks(Exports& exports);
void RegisterCustomFunctions(Exports& exports);
void RegisterGraph(Exports& exports);
void RegisterAnomaly(Exports& exports);
void RegisterRandom(Exports& exports);
void RegisterDevices(Exports& exports);
void RegisterStreams(Exports& exports);
void RegisterCompute(Exports& exports);
void RegisterLibm(Exports& exports);
void RegisterCrc32(Exports& exports);
void RegisterFileCache(Exports& exports);
void RegisterNn(Exports& exports);
void RegisterOptim(Exports& exports);

}  // namespace libtorch_node
