#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>

namespace libtorch_node {

struct Arguments;

// Throws an error with the reason where CUDA cannot be used.
void RequireCuda();

// The index of a CUDA device that is there; libtorch would take any other for granted in places.
c10::DeviceIndex CheckedCudaIndex(int64_t index);
c10::DeviceIndex ReadCudaIndex(const Arguments& arguments, size_t position);

}  // namespace libtorch_node
