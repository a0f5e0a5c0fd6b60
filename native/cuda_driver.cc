#include "cuda_driver.h"

#if defined(__linux__)
#include <dlfcn.h>
#endif

#include <array>

#include "errors.h"

namespace libtorch_node {
namespace {

// Written down here, so that no CUDA header is needed to build: these functions have kept their form since CUDA 2.
using Result = int;
using DriverDevice = int;
constexpr Result kSuccess = 0;
constexpr int kComputeCapabilityMajor = 75;
constexpr int kComputeCapabilityMinor = 76;

struct Driver {
  Result (*init)(unsigned flags) = nullptr;
  Result (*device_get)(DriverDevice* device, int ordinal) = nullptr;
  Result (*device_get_name)(char* name, int size, DriverDevice device) = nullptr;
  Result (*device_get_attribute)(int* value, int attribute, DriverDevice device) = nullptr;
};

template <typename Function>
bool Find([[maybe_unused]] void* library, [[maybe_unused]] const char* name, [[maybe_unused]] Function& function) {
#if defined(__linux__)
  function = reinterpret_cast<Function>(dlsym(library, name));
#endif
  return function != nullptr;
}

Driver LoadDriver() {
  Driver driver;
  void* library = nullptr;
#if defined(__linux__)
  library = dlopen("libcuda.so.1", RTLD_NOW);
#endif
  const bool complete =
      library != nullptr && Find(library, "cuInit", driver.init) && Find(library, "cuDeviceGet", driver.device_get) &&
      Find(library, "cuDeviceGetName", driver.device_get_name) &&
      Find(library, "cuDeviceGetAttribute", driver.device_get_attribute) && driver.init(0) == kSuccess;
  if (!complete) throw CodedError("TORCH_ERROR", "the NVIDIA driver (libcuda.so.1) cannot be asked about its devices");
  return driver;
}

const Driver& TheDriver() {
  static const Driver driver = LoadDriver();
  return driver;
}

// The driver counts devices as libtorch does: both heed CUDA_VISIBLE_DEVICES.
DriverDevice Device(int index) {
  DriverDevice device = 0;
  if (TheDriver().device_get(&device, index) != kSuccess) {
    throw CodedError("TORCH_ERROR", "the NVIDIA driver has no device " + std::to_string(index));
  }
  return device;
}

int Attribute(int index, int attribute) {
  int value = 0;
  if (TheDriver().device_get_attribute(&value, attribute, Device(index)) != kSuccess) {
    throw CodedError("TORCH_ERROR",
                     "the NVIDIA driver does not tell the capability of device " + std::to_string(index));
  }
  return value;
}

}  // namespace

std::string CudaDeviceName(int index) {
  std::array<char, 256> name{};
  if (TheDriver().device_get_name(name.data(), static_cast<int>(name.size()), Device(index)) != kSuccess) {
    throw CodedError("TORCH_ERROR", "the NVIDIA driver does not tell the name of device " + std::to_string(index));
  }
  return name.data();
}

std::pair<int, int> CudaDeviceCapability(int index) {
  return {Attribute(index, kComputeCapabilityMajor), Attribute(index, kComputeCapabilityMinor)};
}

}  // namespace libtorch_node
