// Anomaly mode: which node failed in backward, and which JavaScript made it.
#pragma once

#include <string>

namespace libtorch_node {

// What is known of the failures on this thread since the last call; empty where anomaly mode is off.
std::string TakeAnomalyReport();

}  // namespace libtorch_node
