// Dropout's random numbers, several times faster.
#pragma once

namespace libtorch_node {

// Puts a kernel of our own in the place of libtorch's `bernoulli_.float` on the CPU: the same numbers, and the same
// state of the generator afterwards, but whole blocks of words at a time. libtorch draws one by one, which is several
// percent of a training step with dropout. Nothing is replaced where the two differ (on processors where libtorch lets
// MKL draw), nor with LIBTORCH_NODE_BERNOULLI=library in the environment. Once per process; later calls do nothing.
// Returns whether it was replaced.
bool InstallBernoulli();

}  // namespace libtorch_node
