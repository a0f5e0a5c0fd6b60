#pragma once

#include <string>

namespace libtorch_node {

// Why CUDA cannot be used, in one sentence, or an empty string. Looks for a GPU at the first call.
const std::string& CudaReason();

}  // namespace libtorch_node
