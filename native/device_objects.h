// Streams and events that JavaScript refers to by number: a number is checked, where a stream's own id would be
// trusted.
#pragma once

#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace libtorch_node {

class DeviceObjects {
 public:
  // Streams come from a pool of some dozens for each device and are never destroyed, so equal ones share a number and
  // none is freed.
  uint32_t Add(const c10::Stream& stream);
  const c10::Stream& Stream(int64_t id) const;

  int64_t Add(c10::Event event);
  c10::Event& Event(int64_t id);
  void FreeEvent(int64_t id) { events_.erase(id); }

 private:
  std::vector<c10::Stream> streams_;
  int64_t next_event_ = 1;
  std::unordered_map<int64_t, c10::Event> events_;
};

}  // namespace libtorch_node
