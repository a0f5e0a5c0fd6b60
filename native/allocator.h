// How tensors get their CPU memory.
#pragma once

namespace libtorch_node {

// Installs the small-block cache as libtorch's CPU allocator and tunes the C library's malloc for the large blocks.
// Once per process; later calls do nothing. LIBTORCH_NODE_ALLOCATOR=system leaves both as they are.
void InstallAllocator();

}  // namespace libtorch_node
