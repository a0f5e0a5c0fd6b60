// Table of contents: each part registers its functions, in the order of lib/engine/binding.ts.

#include "exports.h"

namespace {

Napi::Object Initialize(Napi::Env env, Napi::Object target) {
  using namespace libtorch_node;
  try {
    Exports exports(env, target, Environment::Create(env));
    RegisterLibrary(exports);
    RegisterLibm(exports);
    RegisterCrc32(exports);
    RegisterFileCache(exports);
    RegisterDispatch(exports);
    RegisterAutocast(exports);
    RegisterSettings(exports);
    RegisterBackends(exports);
    RegisterTensors(exports);
    RegisterData(exports);
    RegisterParcels(exports);
    RegisterWarnings(exports);
    RegisterSharedMemory(exports);
    RegisterAutograd(exports);
    RegisterHooks(exports);
    RegisterNodeHooks(exports);
    RegisterCustomFunctions(exports);
    RegisterGraph(exports);
    RegisterAnomaly(exports);
    RegisterRandom(exports);
    RegisterDevices(exports);
    RegisterStreams(exports);
    RegisterCompute(exports);
    RegisterNn(exports);
    RegisterOptim(exports);
  } catch (...) {
    RethrowToJavaScript(env);
  }
  return target;
}

}  // namespace

// The macro's function must not be named like the project's namespace.
NODE_API_MODULE(libtorch_node_addon, Initialize)
