#include "device_objects.h"

#include <algorithm>
#include <utility>

#include "errors.h"

namespace libtorch_node {

uint32_t DeviceObjects::Add(const c10::Stream& stream) {
  const auto found = std::find(streams_.begin(), streams_.end(), stream);
  if (found != streams_.end()) return static_cast<uint32_t>(found - streams_.begin());
  streams_.push_back(stream);
  return static_cast<uint32_t>(streams_.size() - 1);
}

const c10::Stream& DeviceObjects::Stream(int64_t id) const {
  if (id < 0 || static_cast<size_t>(id) >= streams_.size())
    ThrowType("the stream belongs to another thread, or is none");
  return streams_[static_cast<size_t>(id)];
}

int64_t DeviceObjects::Add(c10::Event event) {
  const int64_t id = next_event_++;
  events_.emplace(id, std::move(event));
  return id;
}

c10::Event& DeviceObjects::Event(int64_t id) {
  const auto found = events_.find(id);
  if (found == events_.end()) ThrowDisposed("the event was disposed, or belongs to another thread");
  return found->second;
}

}  // namespace libtorch_node
