// Devices other than the CPU, through libtorch's device-neutral interface: no CUDA header is needed.

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

napi_value CudaIsAvailable(Arguments& arguments) {
  return MakeBool(arguments.env, at::globalContext().hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0);
}

napi_value CudaDeviceCount(Arguments& arguments) {
  return MakeInt(arguments.env, at::globalContext().hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0);
}

napi_value Synchronize(Arguments& arguments) {
  const c10::Device device = ReadDevice(arguments.env, arguments[0], "device");
  if (!device.is_cpu()) at::accelerator::synchronizeDevice(device.has_index() ? device.index() : 0);
  return Undefined(arguments.env);
}

}  // namespace

void RegisterDevices(Exports& exports) {
  exports.Add<CudaIsAvailable>("cudaIsAvailable");
  exports.Add<CudaDeviceCount>("cudaDeviceCount");
  exports.Add<Synchronize>("synchronize");
}

}  // namespace libtorch_node
