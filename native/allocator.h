// libtorch's CPU allocator, wrapped: faster for small blocks, counted, and with a second try when memory runs out.
#pragma once

#include <cstdint>

namespace libtorch_node {

// Installs the allocator; LIBTORCH_NODE_ALLOCATOR=system in the environment forbids it. Once per process.
void InstallAllocator();

// Frees what it can on the thread whose allocation failed; true where a second try makes sense.
using Reclaimer = bool (*)(void* context);
// Of the calling thread; null for none.
void SetReclaimer(Reclaimer reclaimer, void* context);

// Bytes of the blocks that the allocator has handed out in this process, now and at the most since ResetPeak.
// Blocks of up to 4 KiB count while a thread holds them for reuse, too.
struct AllocatedBytes {
  bool counted = false;  // false with LIBTORCH_NODE_ALLOCATOR=system
  int64_t current = 0;
  int64_t peak = 0;
};
AllocatedBytes CpuBytes();
void ResetCpuPeak();

}  // namespace libtorch_node
