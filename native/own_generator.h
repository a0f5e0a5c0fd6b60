// Random numbers of a thread's own.
#pragma once

#include <ATen/core/Generator.h>

namespace libtorch_node {

// Once per process, before any thread calls SetOwnGenerator; later calls do nothing.
void InstallOwnGenerators();

// From here on the ops of the calling thread draw from `generator` on the CPU where none is given, and no longer from
// the process's default generator: what a process of its own would do, as which PyTorch's loaders run their workers.
void SetOwnGenerator(at::Generator generator);

// The calling thread's; undefined where it has none.
const at::Generator& OwnGenerator();

}  // namespace libtorch_node
