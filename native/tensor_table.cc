#include "tensor_table.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "errors.h"

namespace libtorch_node {
namespace {

// Storages below this size are not tracked one by one: a hash look-up would cost more than it tells.
constexpr size_t kTrackedBytes = size_t{16} << 10;
// What a small tensor is taken to weigh: TensorImpl, StorageImpl, its block and its slot.
constexpr int64_t kSmallTensorBytes = 1024;
// A loop over small tensors reaches no byte threshold; this many new ones start a sweep too.
constexpr size_t kMinAddsPerSweep = 4096;
// Sweeps are spaced by this share of the bytes alive, so that a large model's step is not interrupted for little ...
constexpr int64_t kLiveShare = 16;
// ... and by no more than this, so that what is garbage stays small beside it.
constexpr int64_t kMaxBytesPerSweep = int64_t{256} << 20;

}  // namespace

Handle TensorTable::Add(at::Tensor tensor) {
  if (!tensor.defined()) return 0;
  if (SweepIsDue()) Sweep();
  // Before the slot is taken, since it may call JavaScript.
  const uint32_t scope = CurrentScope();

  uint32_t index = free_;
  if (index != kNone) {
    free_ = slots_[index].next;
  } else {
    if (slots_.size() >= kMaxSlots) throw CodedError("TORCH_OUT_OF_MEMORY", "more than 16,777,214 tensors are alive");
    index = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back().generation = salt_ & kGenerationMask;
  }
  Slot& slot = slots_[index];
  slot.tensor = std::move(tensor);
  slot.used = true;
  slot.next = kNone;
  ++live_;
  ++added_since_sweep_;
  ChargeStorage(slot);
  if (scope != kNone) Link(index, scope);
  return Pack(index, slot.generation);
}

bool TensorTable::LacksOwner(Handle handle) const {
  const uint32_t index = Find(handle);
  return index != kNone && slots_[index].owner == nullptr;
}

void TensorTable::Adopt(Handle handle, napi_value owner) {
  Slot& slot = slots_[FindOrThrow(handle)];
  if (slot.owner != nullptr) ThrowValue("the tensor has an owner already");
  Check(env_, napi_create_reference(env_, owner, 0, &slot.owner));
}

uint32_t TensorTable::Find(Handle handle) const {
  const auto position = handle & kIndexMask;
  if (position == 0 || position > slots_.size()) return kNone;
  const auto index = static_cast<uint32_t>(position - 1);
  const Slot& slot = slots_[index];
  return slot.used && slot.generation == handle >> kIndexBits ? index : kNone;
}

uint32_t TensorTable::FindOrThrow(Handle handle) const {
  const uint32_t index = Find(handle);
  if (index == kNone) {
    ThrowDisposed("the tensor was disposed: its scope ended, dispose() was called, or it belongs to another thread");
  }
  return index;
}

const at::Tensor& TensorTable::Get(Handle handle) const {
  const Slot& slot = slots_[FindOrThrow(handle)];
  if (slot.pending && !reading_shapes_) {
    throw CodedError(
        "TORCH_ASYNC",
        "the tensor is still being computed: await what computeAsync() returned before you use its result");
  }
  return slot.tensor;
}

const at::Tensor& TensorTable::Shape(Handle handle) const { return slots_[FindOrThrow(handle)].tensor; }

Handle TensorTable::AddPending(at::Tensor shape, std::shared_ptr<Pending> pending) {
  const Handle handle = Add(std::move(shape));
  slots_[Find(handle)].pending = std::move(pending);
  return handle;
}

std::shared_ptr<Pending> TensorTable::FindPending(Handle handle) const { return slots_[FindOrThrow(handle)].pending; }

void TensorTable::Settle(Handle handle) {
  const uint32_t index = Find(handle);
  if (index == kNone || !slots_[index].pending) return;
  Slot& slot = slots_[index];
  const std::shared_ptr<Pending> pending = std::move(slot.pending);
  if (!pending->value.defined()) {
    Free(index);
    return;
  }
  // Not moved: a job of a later region may need it still.
  slot.tensor = pending->value;
  ChargeStorage(slot);
}

bool TensorTable::IsAlive(Handle handle) const { return Find(handle) != kNone; }

bool TensorTable::Dispose(Handle handle) {
  const uint32_t index = Find(handle);
  if (index == kNone) return false;
  FreeByHand(index);
  return true;
}

void TensorTable::Free(uint32_t index) {
  if (slots_[index].scope != kNone) Unlink(index);
  Slot& slot = slots_[index];
  ReleaseStorage(slot);
  if (slot.owner != nullptr) napi_delete_reference(env_, slot.owner);
  slot.owner = nullptr;
  slot.pending.reset();
  slot.used = false;
  slot.generation = (slot.generation + 1) & kGenerationMask;
  slot.next = free_;
  free_ = index;
  --live_;
  // Last, and moved out: a storage's deleter may run foreign code.
  const at::Tensor released = std::move(slot.tensor);
}

// What is freed by hand needs no sweep.
void TensorTable::FreeByHand(uint32_t index) {
  if (added_since_sweep_ != 0) --added_since_sweep_;
  Free(index);
}

void TensorTable::ChargeStorage(Slot& slot) {
  const bool tracked = slot.tensor.defined() && slot.tensor.has_storage();
  if (!tracked || slot.tensor.storage().nbytes() < kTrackedBytes) {
    bytes_since_sweep_ += kSmallTensorBytes;
    return;
  }
  slot.storage = slot.tensor.storage().unsafeGetStorageImpl();
  Charge& charge = storages_[slot.storage];
  if (charge.slots++ != 0) return;
  charge.bytes = BytesToCharge(slot.tensor);
  charged_bytes_ += charge.bytes;
  bytes_since_sweep_ += charge.bytes;
}

void TensorTable::ReleaseStorage(Slot& slot) {
  int64_t bytes = kSmallTensorBytes;
  if (slot.storage != nullptr) {
    const auto found = storages_.find(slot.storage);
    slot.storage = nullptr;
    if (--found->second.slots != 0) return;
    bytes = found->second.bytes;
    charged_bytes_ -= bytes;
    storages_.erase(found);
  }
  bytes_since_sweep_ = std::max<int64_t>(0, bytes_since_sweep_ - bytes);
}

// V8 collects when it believes that much memory hangs on its objects; it is told in steps, around sweeps, because the
// call itself costs as much as a small op.
void TensorTable::TellV8(int64_t bytes) {
  const int64_t change = bytes - reported_bytes_;
  if (change == 0) return;
  int64_t total = 0;
  napi_adjust_external_memory(env_, change, &total);
  reported_bytes_ = bytes;
}

bool TensorTable::SweepIsDue() const {
  if (added_since_sweep_ >= std::max(kMinAddsPerSweep, live_after_sweep_)) return true;
  const int64_t spacing = std::max(sweep_threshold_, charged_bytes_ / kLiveShare) * patience_;
  return bytes_since_sweep_ >= std::min(spacing, std::max(kMaxBytesPerSweep, sweep_threshold_));
}

void TensorTable::SetCollectors(napi_value young, napi_value all) {
  // Who is replaced may hold owners still; if that fails, there is nobody to be told.
  if (young_collector_ != nullptr && !Collect(young_collector_)) {
    napi_value ignored = nullptr;
    napi_get_and_clear_last_exception(env_, &ignored);
  }
  for (const auto& [collector, function] : {std::pair{&young_collector_, young}, std::pair{&full_collector_, all}}) {
    if (*collector != nullptr) napi_delete_reference(env_, std::exchange(*collector, nullptr));
    Check(env_, napi_create_reference(env_, function, 1, collector));
  }
}

// False where there is no collector, or the environment is ending.
bool TensorTable::Collect(napi_ref collector) {
  if (collector == nullptr) return false;
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return false;
  napi_value collect = nullptr;
  napi_value receiver = nullptr;
  napi_get_reference_value(env_, collector, &collect);
  napi_get_undefined(env_, &receiver);
  const napi_status status = napi_call_function(env_, receiver, collect, 0, nullptr, nullptr);
  napi_close_handle_scope(env_, scope);
  return status == napi_ok;
}

size_t TensorTable::FreeCollected() {
  size_t freed = 0;
  for (uint32_t index = 0; index < slots_.size(); ++index) {
    const Slot& slot = slots_[index];
    if (!slot.used || slot.owner == nullptr) continue;
    // Each look makes a local handle; without a scope of its own a long table would pile them up.
    napi_handle_scope scope = nullptr;
    napi_open_handle_scope(env_, &scope);
    napi_value owner = nullptr;
    const bool collected = napi_get_reference_value(env_, slot.owner, &owner) == napi_ok && owner == nullptr;
    napi_close_handle_scope(env_, scope);
    if (!collected) continue;
    Free(index);
    ++freed;
  }
  ++sweeps_;
  swept_ += freed;
  return freed;
}

size_t TensorTable::Sweep() {
  releases->Drain();
  TellV8(charged_bytes_);
  if (young_collector_ != nullptr && !Collect(young_collector_)) throw PendingException{};
  const int64_t handed_out = bytes_since_sweep_;
  const size_t freed = FreeCollected();
  TellV8(charged_bytes_);
  // Each slot took back what it had added, small tensors too: else a loop of these would seem to find nothing, and the
  // sweeps would be far apart when large ones follow.
  const bool found_little = bytes_since_sweep_ * 4 > handed_out * 3;
  patience_ = found_little ? std::min<int64_t>(patience_ * 2, 16) : 1;
  bytes_since_sweep_ = 0;
  added_since_sweep_ = 0;
  live_after_sweep_ = live_;
  return freed;
}

bool TensorTable::Reclaim() {
  // An allocation inside a collector's own work would come here again.
  if (reclaiming_) return false;
  reclaiming_ = true;
  const bool collected = Collect(full_collector_);
  // An op is running, which holds its arguments itself: their owners may be gone by now.
  if (collected) FreeCollected();
  reclaiming_ = false;
  return collected;
}

void TensorTable::Clear() {
  for (uint32_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].used) Free(index);
  }
  releases->Close();
  for (napi_ref* reference : {&young_collector_, &full_collector_, &scope_query_}) {
    if (*reference != nullptr) napi_delete_reference(env_, std::exchange(*reference, nullptr));
  }
  TellV8(0);
}

}  // namespace libtorch_node
