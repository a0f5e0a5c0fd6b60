// What libtorch's device-neutral interface does not tell of a GPU: asked of the driver, whose interface is plain C.
#pragma once

#include <string>
#include <utility>

namespace libtorch_node {

// `NVIDIA A100-SXM4-80GB`
std::string CudaDeviceName(int index);

// The compute capability, major and minor.
std::pair<int, int> CudaDeviceCapability(int index);

}  // namespace libtorch_node
