// Hooks in the order of their registration.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "../callbacks.h"

namespace libtorch_node {

struct HookList {
  struct Entry {
    uint32_t id;
    std::shared_ptr<Callback> callback;
  };
  std::vector<Entry> entries;
};

}  // namespace libtorch_node
