// The table through which tensors cross to JavaScript: a handle is an integer, a slot holds the at::Tensor.
//
// Why no Napi::ObjectWrap or finalizer per tensor: they cost more than a small op, and finalizers only run from the
// event loop, so a synchronous loop would never free anything. A Node-API weak reference, however, is emptied by the
// garbage collection itself. The table therefore frees slots whose owner is gone in a *sweep*, which Add() starts by
// itself when enough was handed out since the last one. Even a weak reference costs a fifth of a small op; so owners
// introduce themselves late and many at once (Adopt): what a scope or a program has freed by then never gets one.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/flat_hash_map.h>

#include <array>
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
// An asynchronous scope, packed in the same way.
using ScopeId = uint64_t;

// A tensor that the compute thread will make. Its slot holds a tensor without data, of the meta device, until then.
struct Pending {
  at::Tensor value;  // the compute thread's until its region is finished
  c10::Device device = c10::Device(c10::DeviceType::CPU);
};

// Fields of a packed handle.
inline constexpr int kIndexBits = 24;
inline constexpr Handle kIndexMask = (Handle{1} << kIndexBits) - 1;
inline constexpr uint32_t kGenerationMask = (uint32_t{1} << 28) - 1;
inline constexpr uint32_t kMaxSlots = (uint32_t{1} << kIndexBits) - 2;
constexpr Handle Pack(uint32_t index, uint32_t generation) {
  return (Handle{generation} << kIndexBits) | (Handle{index} + 1);
}

class TensorTable {
 public:
  // `salt` differs between environments, so that a handle of another environment is not taken for one of this.
  TensorTable(napi_env env, uint32_t salt) : releases(std::make_shared<BufferReleases>(env)), env_(env), salt_(salt) {}
  TensorTable(const TensorTable&) = delete;
  TensorTable& operator=(const TensorTable&) = delete;

  // Registers a tensor; 0 for an undefined one. Until it is adopted the handle stays until Dispose or the end of its
  // scope.
  Handle Add(at::Tensor tensor);
  // It is alive and nobody's.
  bool LacksOwner(Handle handle) const;
  // The tensor is freed in a sweep after its owner was collected. The owner is only referred to weakly.
  void Adopt(Handle handle, napi_value owner);

  // Throws if the handle is stale or foreign, or its value is not there yet. The reference is valid until the next Add.
  const at::Tensor& Get(Handle handle) const;
  // The tensor, or the one without data that stands for it while it is computed.
  const at::Tensor& Shape(Handle handle) const;
  bool IsAlive(Handle handle) const;
  bool Dispose(Handle handle);

  // What the compute thread will make.
  Handle AddPending(at::Tensor shape, std::shared_ptr<Pending> pending);
  // Null where the value is there.
  std::shared_ptr<Pending> FindPending(Handle handle) const;
  // Puts the value in its place; where there is none, the slot is freed.
  void Settle(Handle handle);
  // While true, Get returns what Shape does.
  void ReadShapes(bool reading) { reading_shapes_ = reading; }
  bool ReadsShapes() const { return reading_shapes_; }

  // Synchronous scopes nest as the calls do; a tensor belongs to the innermost one that was open when it was made.
  uint32_t EnterScope();
  void ExitScope(uint32_t depth, const std::vector<Handle>& kept);
  // The scope of an asynchronous function is open while others' code runs in between. What belongs to it is known to
  // JavaScript only, by its asynchronous context, so the table asks (SetScopeQuery) while such a scope is open.
  ScopeId EnterAsyncScope();
  void ExitAsyncScope(ScopeId scope, const std::vector<Handle>& kept);
  // Scopes opened so far are not the innermost ones until Reattach: an asynchronous function begins inside of them.
  uint32_t DetachScopes();
  void ReattachScopes(uint32_t base);
  // A function that returns the id of the asynchronous scope that the running code belongs to, or 0.
  void SetScopeQuery(napi_value query);
  void Keep(Handle handle);

  // Frees every slot whose owner was collected; returns how many.
  size_t Sweep();
  // An allocation failed: collects all garbage and sweeps. False where that cannot be done now.
  bool Reclaim();
  // The least number of bytes handed out between two sweeps; with much alive it is more.
  void SetSweepThreshold(int64_t bytes) { sweep_threshold_ = bytes; }
  // Functions that let owners introduce themselves and collect, young objects before each sweep, all where memory ran
  // out.
  void SetCollectors(napi_value young, napi_value all);
  // Frees all slots; the environment is about to end.
  void Clear();

  struct Usage {
    size_t tensors = 0;
    std::map<std::string, int64_t> bytes;
    uint64_t sweeps = 0;
    uint64_t swept = 0;
  };
  Usage Measure() const;
  // One tensor for each of the `count` largest storages, largest first.
  std::vector<at::Tensor> Largest(size_t count) const;

  // JavaScript's buffers that tensors were made on; sweeps let go of those that are no longer needed.
  const std::shared_ptr<BufferReleases> releases;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Slot {
    at::Tensor tensor;
    napi_ref owner = nullptr;
    std::shared_ptr<Pending> pending;
    const void* storage = nullptr;  // key into storages_, null for small tensors
    uint32_t generation = 0;
    uint32_t scope = kNone;  // the scope that frees it
    // Neighbours in the list of that scope; `next` also chains the free slots.
    uint32_t previous = kNone;
    uint32_t next = kNone;
    bool used = false;
  };
  struct Charge {
    uint32_t slots = 0;
    int64_t bytes = 0;
  };
  // A scope and the list of its slots.
  struct Scope {
    uint32_t head = kNone;
    uint32_t generation = 0;
    bool open = false;
    ScopeId around = 0;  // of an asynchronous one: the scope that gets what is kept
  };

  // The slot of a live handle, or kNone.
  uint32_t Find(Handle handle) const;
  uint32_t FindOrThrow(Handle handle) const;
  void Free(uint32_t index);
  void FreeByHand(uint32_t index);
  void Link(uint32_t index, uint32_t scope);
  void Unlink(uint32_t index);
  uint32_t OpenScope();
  void CloseScope(uint32_t scope, const std::vector<Handle>& kept, uint32_t around);
  uint32_t CurrentScope();
  uint32_t FindScope(ScopeId id) const;
  int64_t BytesToCharge(const at::Tensor& tensor);
  void ChargeStorage(Slot& slot);
  void ReleaseStorage(Slot& slot);
  bool SweepIsDue() const;
  bool Collect(napi_ref collector);
  size_t FreeCollected();
  void TellV8(int64_t bytes);

  napi_env env_;
  uint32_t salt_;
  std::vector<Slot> slots_;
  uint32_t free_ = kNone;
  size_t live_ = 0;

  std::vector<Scope> scopes_;
  std::vector<uint32_t> free_scopes_;
  std::vector<uint32_t> stack_;  // the open synchronous scopes
  uint32_t base_ = 0;            // those below it are detached
  uint32_t async_scopes_ = 0;    // open ones
  napi_ref scope_query_ = nullptr;

  ska::flat_hash_map<const void*, Charge> storages_;
  int64_t charged_bytes_ = 0;  // of all storages in storages_
  std::map<c10::DeviceIndex, int64_t> gpu_divisors_;
  int64_t reported_bytes_ = 0;  // what V8 was told last
  int64_t bytes_since_sweep_ = 0;
  size_t added_since_sweep_ = 0;
  size_t live_after_sweep_ = 0;
  int64_t sweep_threshold_ = int64_t{16} << 20;
  int64_t patience_ = 1;  // factor on the threshold; grows while sweeps find little
  napi_ref young_collector_ = nullptr;
  napi_ref full_collector_ = nullptr;
  bool reading_shapes_ = false;
  bool reclaiming_ = false;
  uint64_t sweeps_ = 0;
  uint64_t swept_ = 0;
};

}  // namespace libtorch_node
