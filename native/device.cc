// Devices other than the CPU, through libtorch's device-neutral interface: no CUDA header is needed.

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <array>
#include <string>

#include "cuda_driver.h"
#include "device.h"
#include "exports.h"
#include "library.h"
#include "values.h"

namespace libtorch_node {
namespace {

int64_t DeviceCount() { return CudaReason().empty() ? at::detail::getCUDAHooks().deviceCount() : 0; }

napi_value CudaIsAvailable(Arguments& arguments) { return MakeBool(arguments.env, DeviceCount() > 0); }

napi_value CudaDeviceCount(Arguments& arguments) { return MakeInt(arguments.env, DeviceCount()); }

napi_value DeviceName(Arguments& arguments) {
  return MakeString(arguments.env, CudaDeviceName(ReadCudaIndex(arguments, 0)));
}

napi_value DeviceCapability(Arguments& arguments) {
  const auto [major, minor] = CudaDeviceCapability(ReadCudaIndex(arguments, 0));
  return MakeArray(arguments.env, {MakeInt(arguments.env, major), MakeInt(arguments.env, minor)});
}

napi_value CurrentDevice(Arguments& arguments) {
  RequireCuda();
  return MakeInt(arguments.env, at::accelerator::getDeviceIndex());
}

napi_value SetDevice(Arguments& arguments) {
  at::accelerator::setDeviceIndex(ReadCudaIndex(arguments, 0));
  return Undefined(arguments.env);
}

napi_value Synchronize(Arguments& arguments) {
  const c10::Device device = ReadDevice(arguments.env, arguments[0], "device");
  if (device.is_cpu()) return Undefined(arguments.env);
  if (!device.is_cuda()) ThrowValue("expected the device 'cpu' or 'cuda' to wait for, received '" + device.str() + "'");
  RequireCuda();
  at::accelerator::synchronizeDevice(device.has_index() ? CheckedCudaIndex(device.index())
                                                        : at::accelerator::getDeviceIndex());
  return Undefined(arguments.env);
}

// -- memory -----------------------------------------------------------------------------------------------------------

// The names of torch.cuda.memory_stats: `allocated_bytes.all.peak`, and so on.
void SetStatistics(napi_env env, napi_value target, const std::string& name,
                   const c10::CachingAllocator::StatArray& stats) {
  static constexpr std::array<const char*, 3> kPools = {"all", "small_pool", "large_pool"};
  for (size_t i = 0; i < kPools.size(); ++i) {
    const std::string prefix = name + "." + kPools[i] + ".";
    SetProperty(env, target, (prefix + "current").c_str(), MakeInt(env, stats[i].current));
    SetProperty(env, target, (prefix + "peak").c_str(), MakeInt(env, stats[i].peak));
    SetProperty(env, target, (prefix + "allocated").c_str(), MakeInt(env, stats[i].allocated));
    SetProperty(env, target, (prefix + "freed").c_str(), MakeInt(env, stats[i].freed));
  }
}

napi_value MemoryStats(Arguments& arguments) {
  napi_env env = arguments.env;
  const c10::DeviceIndex index = ReadCudaIndex(arguments, 0);
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  const auto stats = at::accelerator::getDeviceStats(index);
  napi_value result = MakeObject(env);
  SetStatistics(env, result, "allocation", stats.allocation);
  SetStatistics(env, result, "segment", stats.segment);
  SetStatistics(env, result, "active", stats.active);
  SetStatistics(env, result, "inactive_split", stats.inactive_split);
  SetStatistics(env, result, "allocated_bytes", stats.allocated_bytes);
  SetStatistics(env, result, "reserved_bytes", stats.reserved_bytes);
  SetStatistics(env, result, "active_bytes", stats.active_bytes);
  SetStatistics(env, result, "inactive_split_bytes", stats.inactive_split_bytes);
  SetStatistics(env, result, "requested_bytes", stats.requested_bytes);
  SetProperty(env, result, "num_alloc_retries", MakeInt(env, stats.num_alloc_retries));
  SetProperty(env, result, "num_ooms", MakeInt(env, stats.num_ooms));
  SetProperty(env, result, "num_sync_all_streams", MakeInt(env, stats.num_sync_all_streams));
  SetProperty(env, result, "num_device_alloc", MakeInt(env, stats.num_device_alloc));
  SetProperty(env, result, "num_device_free", MakeInt(env, stats.num_device_free));
  SetProperty(env, result, "max_split_size", MakeInt(env, stats.max_split_size));
  return result;
}

napi_value MemoryInfo(Arguments& arguments) {
  const c10::DeviceIndex index = ReadCudaIndex(arguments, 0);
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  const auto [free, total] = at::accelerator::getMemoryInfo(index);
  return MakeArray(arguments.env, {MakeInt(arguments.env, static_cast<int64_t>(free)),
                                   MakeInt(arguments.env, static_cast<int64_t>(total))});
}

napi_value ResetPeakMemoryStats(Arguments& arguments) {
  const c10::DeviceIndex index = ReadCudaIndex(arguments, 0);
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  at::accelerator::resetPeakStats(index);
  return Undefined(arguments.env);
}

napi_value EmptyCache(Arguments& arguments) {
  RequireCuda();
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  at::accelerator::emptyCache();
  return Undefined(arguments.env);
}

}  // namespace

void RequireCuda() {
  if (!CudaReason().empty()) throw CodedError("TORCH_ERROR", "CUDA is not available: " + CudaReason());
}

c10::DeviceIndex CheckedCudaIndex(int64_t index) {
  RequireCuda();
  const int64_t count = DeviceCount();
  if (index < 0 || index >= count) {
    ThrowValue("expected a CUDA device from 0 to " + std::to_string(count - 1) + " for argument `device`, received " +
               std::to_string(index));
  }
  return static_cast<c10::DeviceIndex>(index);
}

c10::DeviceIndex ReadCudaIndex(const Arguments& arguments, size_t position) {
  return CheckedCudaIndex(ReadInt(arguments.env, arguments[position], "device"));
}

void RegisterDevices(Exports& exports) {
  exports.Add<CudaIsAvailable>("cudaIsAvailable");
  exports.Add<CudaDeviceCount>("cudaDeviceCount");
  exports.Add<DeviceName>("cudaDeviceName");
  exports.Add<DeviceCapability>("cudaDeviceCapability");
  exports.Add<CurrentDevice>("cudaCurrentDevice");
  exports.Add<SetDevice>("cudaSetDevice");
  exports.Add<Synchronize>("synchronize");
  exports.Add<MemoryStats>("cudaMemoryStats");
  exports.Add<MemoryInfo>("cudaMemoryInfo");
  exports.Add<ResetPeakMemoryStats>("cudaResetPeakMemoryStats");
  exports.Add<EmptyCache>("cudaEmptyCache");
}

}  // namespace libtorch_node
