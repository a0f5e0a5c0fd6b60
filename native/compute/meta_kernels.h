// Shapes of the results of frequent ops for which libtorch has no C++ meta kernel (Python's torch has them in Python).
#pragma once

namespace libtorch_node {

// Registers them, where libtorch still lacks them. Without one an op is queued all the same (see deferred.h), but
// whoever asks for the shape of its result must wait. Once per process; later calls do nothing.
void InstallMetaKernels();

}  // namespace libtorch_node
