// Tensors on their way from one environment of the process to another, without a copy.
#pragma once

namespace libtorch_node {

struct Environment;

// The sender ends: nobody can have been told to take what it sent and is still there.
void DropParcelsOf(const Environment* sender);

}  // namespace libtorch_node
