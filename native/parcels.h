// Tensors on their way from one environment of the process to another, without a copy.
#pragma once

namespace libtorch_node {

struct Environment;

// An environment ends: what it answers for will not be taken any more.
void DropParcelsOf(const Environment* keeper);

}  // namespace libtorch_node
