// The table through which tensors cross to JavaScript: a handle is an integer, a slot holds the at::Tensor.
//
// Why no Napi::ObjectWrap or finalizer per tensor: they cost more than a small op, and finalizers only run from the
// event loop, so a synchronous loop would never free anything. A Node-API weak reference, however, is emptied by the
// garbage collection itself. The table therefore frees slots whose owner is gone in a *sweep*, which Add() starts by
// itself when enough was handed out since the last one.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/flat_hash_map.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "napi_headers.h"
#include "shared_memory.h"

namespace libtorch_node {

// An integer below 2^53, so that it is exact as a JavaScript number; 0 is "no tensor".
// Low 24 bits: slot + 1. Above: the slot's generation, so that a stale handle is recognised.
using Handle = uint64_t;

class TensorTable {
 public:
  // `salt` differs between environments, so that a handle of another environment is not taken for one of this.
  TensorTable(napi_env env, uint32_t salt) : releases(std::make_shared<BufferReleases>(env)), env_(env), salt_(salt) {}
  TensorTable(const TensorTable&) = delete;
  TensorTable& operator=(const TensorTable&) = delete;

  // Registers a tensor. Without an owner the handle stays until Dispose or the end of its scope.
  Handle Add(at::Tensor tensor, napi_value owner);
  // The tensor's owner is only referred to weakly.
  void Adopt(Handle handle, napi_value owner);

  // Throws if the handle is stale or foreign. The reference is valid until the next Add.
  const at::Tensor& Get(Handle handle) const;
  bool IsAlive(Handle handle) const;
  bool Dispose(Handle handle);

  // Scopes nest; a tensor belongs to the innermost one that was open when it was made.
  uint32_t EnterScope();
  void ExitScope(uint32_t depth, const std::vector<Handle>& kept);
  void Keep(Handle handle);

  // Frees every slot whose owner was collected; returns how many.
  size_t Sweep();
  // The least number of bytes handed out between two sweeps; with much alive it is more.
  void SetSweepThreshold(int64_t bytes) { sweep_threshold_ = bytes; }
  // A function that collects young objects, called before each sweep.
  void SetCollector(napi_value collect);
  // Frees all slots; the environment is about to end.
  void Clear();

  struct Usage {
    size_t tensors = 0;
    std::map<std::string, int64_t> bytes;
    uint64_t sweeps = 0;
    uint64_t swept = 0;
  };
  Usage Measure() const;

  // JavaScript's buffers that tensors were made on; sweeps let go of those that are no longer needed.
  const std::shared_ptr<BufferReleases> releases;

 private:
  struct Slot {
    at::Tensor tensor;
    napi_ref owner = nullptr;
    const void* storage = nullptr;  // key into storages_, null for small tensors
    uint32_t generation = 0;
    uint32_t scope = 0;  // depth of the scope that frees it, 0 for none
    // Neighbours in the list of that scope; `next` also chains the free slots.
    uint32_t previous = kNone;
    uint32_t next = kNone;
    bool used = false;
  };
  struct Charge {
    uint32_t slots = 0;
    int64_t bytes = 0;
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  // The slot of a live handle, or kNone.
  uint32_t Find(Handle handle) const;
  uint32_t FindOrThrow(Handle handle) const;
  void Free(uint32_t index);
  void Link(uint32_t index, uint32_t depth);
  void Unlink(uint32_t index);
  void ChargeStorage(Slot& slot);
  void ReleaseStorage(Slot& slot);
  bool SweepIsDue() const;
  void Collect();
  void TellV8(int64_t bytes);

  napi_env env_;
  uint32_t salt_;
  std::vector<Slot> slots_;
  uint32_t free_ = kNone;
  size_t live_ = 0;
  std::vector<uint32_t> scopes_;  // head of each open scope's list

  ska::flat_hash_map<const void*, Charge> storages_;
  int64_t charged_bytes_ = 0;   // of all storages in storages_
  int64_t reported_bytes_ = 0;  // what V8 was told last
  int64_t bytes_since_sweep_ = 0;
  size_t added_since_sweep_ = 0;
  size_t live_after_sweep_ = 0;
  int64_t sweep_threshold_ = int64_t{16} << 20;
  int64_t patience_ = 1;  // factor on the threshold; grows while sweeps find little
  napi_ref collector_ = nullptr;
  uint64_t sweeps_ = 0;
  uint64_t swept_ = 0;
};

}  // namespace libtorch_node
