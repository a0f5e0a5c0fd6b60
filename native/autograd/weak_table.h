// Numbers for things that autograd's graph owns and JavaScript only refers to: nodes, lists of hooks. The table keeps
// nothing alive, so that no finalizer is needed; entries whose thing is gone are dropped now and then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <unordered_map>
#include <utility>

namespace libtorch_node {

template <typename Weak>
class WeakTable {
 public:
  uint32_t Add(Weak thing) {
    if (things_.size() >= limit_) Purge();
    things_.emplace(++last_, std::move(thing));
    return last_;
  }
  // Null where it is gone.
  auto Lock(uint32_t id) const {
    const auto found = things_.find(id);
    return found == things_.end() ? decltype(found->second.lock())() : found->second.lock();
  }
  void Remove(uint32_t id) { things_.erase(id); }

 private:
  void Purge() {
    for (auto entry = things_.begin(); entry != things_.end();) {
      entry = entry->second.expired() ? things_.erase(entry) : std::next(entry);
    }
    limit_ = 2 * things_.size() + kSpare;
  }

  static constexpr size_t kSpare = 256;
  std::unordered_map<uint32_t, Weak> things_;
  size_t limit_ = kSpare;
  uint32_t last_ = 0;
};

}  // namespace libtorch_node
