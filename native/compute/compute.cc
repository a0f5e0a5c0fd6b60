// Regions as JavaScript sees them: what is called between enter and exit is queued for the compute thread.

#include "exports.h"
#include "meta_kernels.h"
#include "thread.h"
#include "values.h"

namespace libtorch_node {
namespace {

napi_value RegionEnter(Arguments& arguments) {
  Environment& environment = *arguments.environment;
  if (environment.region) {
    throw CodedError("TORCH_ASYNC", "computeAsync() was called inside the function of another computeAsync()");
  }
  InstallMetaKernels();
  if (!environment.compute) environment.compute = std::make_unique<ComputeThread>(environment);
  if (environment.compute->stopped()) throw CodedError("TORCH_ASYNC", "computeAsync() was called while Node exits");
  environment.region = std::make_shared<Region>();
  environment.region->id = environment.next_region++;
  return Undefined(arguments.env);
}

// regionExit(): { id, promise }
napi_value RegionExit(Arguments& arguments) {
  Environment& environment = *arguments.environment;
  if (!environment.region) ThrowValue("no region is open");
  const std::shared_ptr<Region> region = std::exchange(environment.region, nullptr);
  napi_value promise = nullptr;
  Check(arguments.env, napi_create_promise(arguments.env, &region->promise, &promise));
  environment.compute->Finish(region);
  napi_value result = MakeObject(arguments.env);
  SetProperty(arguments.env, result, "id", MakeInt(arguments.env, region->id));
  SetProperty(arguments.env, result, "promise", promise);
  return result;
}

napi_value RegionCancel(Arguments& arguments) {
  Environment& environment = *arguments.environment;
  const uint32_t id = ReadId(arguments.env, arguments[0], "id");
  if (environment.compute) environment.compute->Cancel(id);
  return Undefined(arguments.env);
}

napi_value ComputeStop(Arguments& arguments) {
  if (arguments.environment->compute) arguments.environment->compute->Stop();
  return Undefined(arguments.env);
}

}  // namespace

void RegisterCompute(Exports& exports) {
  exports.Add<RegionEnter>("regionEnter");
  exports.Add<RegionExit>("regionExit");
  exports.Add<RegionCancel>("regionCancel");
  exports.Add<ComputeStop>("computeStop");
}

}  // namespace libtorch_node
