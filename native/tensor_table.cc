#include "tensor_table.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "errors.h"

namespace libtorch_node {
namespace {

constexpr int kIndexBits = 24;
constexpr Handle kIndexMask = (Handle{1} << kIndexBits) - 1;
constexpr uint32_t kGenerationMask = (uint32_t{1} << 28) - 1;
constexpr uint32_t kMaxSlots = (uint32_t{1} << kIndexBits) - 2;

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

Handle Pack(uint32_t index, uint32_t generation) { return (Handle{generation} << kIndexBits) | (Handle{index} + 1); }

}  // namespace

Handle TensorTable::Add(at::Tensor tensor, napi_value owner) {
  if (SweepIsDue()) Sweep();
  napi_ref reference = nullptr;
  if (owner != nullptr) Check(env_, napi_create_reference(env_, owner, 0, &reference));

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
  slot.owner = reference;
  slot.used = true;
  slot.next = kNone;
  ++live_;
  ++added_since_sweep_;
  ChargeStorage(slot);
  if (!scopes_.empty()) Link(index, static_cast<uint32_t>(scopes_.size()));
  return Pack(index, slot.generation);
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

const at::Tensor& TensorTable::Get(Handle handle) const { return slots_[FindOrThrow(handle)].tensor; }

bool TensorTable::IsAlive(Handle handle) const { return Find(handle) != kNone; }

bool TensorTable::Dispose(Handle handle) {
  const uint32_t index = Find(handle);
  if (index == kNone) return false;
  Free(index);
  return true;
}

void TensorTable::Free(uint32_t index) {
  if (slots_[index].scope != 0) Unlink(index);
  Slot& slot = slots_[index];
  ReleaseStorage(slot);
  if (slot.owner != nullptr) napi_delete_reference(env_, slot.owner);
  slot.owner = nullptr;
  slot.used = false;
  slot.generation = (slot.generation + 1) & kGenerationMask;
  slot.next = free_;
  free_ = index;
  --live_;
  // Last, and moved out: a storage's deleter may run foreign code.
  const at::Tensor released = std::move(slot.tensor);
}

uint32_t TensorTable::EnterScope() {
  scopes_.push_back(kNone);
  return static_cast<uint32_t>(scopes_.size());
}

void TensorTable::ExitScope(uint32_t depth, const std::vector<Handle>& kept) {
  if (depth == 0 || depth != scopes_.size()) {
    ThrowValue("scopes must be closed in the reverse order of their opening; was one left open across an await?");
  }
  for (const Handle handle : kept) {
    const uint32_t index = Find(handle);
    if (index == kNone || slots_[index].scope != depth) continue;
    Unlink(index);
    if (depth > 1) Link(index, depth - 1);
  }
  while (scopes_.back() != kNone) Free(scopes_.back());
  scopes_.pop_back();
}

void TensorTable::Keep(Handle handle) {
  const uint32_t index = FindOrThrow(handle);
  if (slots_[index].scope != 0) Unlink(index);
}

void TensorTable::Link(uint32_t index, uint32_t depth) {
  uint32_t& head = scopes_[depth - 1];
  Slot& slot = slots_[index];
  slot.scope = depth;
  slot.previous = kNone;
  slot.next = head;
  if (head != kNone) slots_[head].previous = index;
  head = index;
}

void TensorTable::Unlink(uint32_t index) {
  Slot& slot = slots_[index];
  if (slot.previous != kNone) {
    slots_[slot.previous].next = slot.next;
  } else {
    scopes_[slot.scope - 1] = slot.next;
  }
  if (slot.next != kNone) slots_[slot.next].previous = slot.previous;
  slot.scope = 0;
  slot.previous = slot.next = kNone;
}

void TensorTable::ChargeStorage(Slot& slot) {
  const bool tracked = slot.tensor.defined() && slot.tensor.has_storage();
  const size_t bytes = tracked ? slot.tensor.storage().nbytes() : 0;
  if (bytes < kTrackedBytes) {
    bytes_since_sweep_ += kSmallTensorBytes;
    return;
  }
  slot.storage = slot.tensor.storage().unsafeGetStorageImpl();
  Charge& charge = storages_[slot.storage];
  if (charge.slots++ != 0) return;
  charge.bytes = static_cast<int64_t>(bytes);
  charged_bytes_ += charge.bytes;
  bytes_since_sweep_ += charge.bytes;
}

void TensorTable::ReleaseStorage(Slot& slot) {
  if (slot.storage == nullptr) return;
  const auto found = storages_.find(slot.storage);
  slot.storage = nullptr;
  if (--found->second.slots != 0) return;
  charged_bytes_ -= found->second.bytes;
  // What is freed by hand needs no sweep.
  bytes_since_sweep_ = std::max<int64_t>(0, bytes_since_sweep_ - found->second.bytes);
  storages_.erase(found);
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

void TensorTable::SetCollector(napi_value collect) {
  if (collector_ != nullptr) napi_delete_reference(env_, std::exchange(collector_, nullptr));
  Check(env_, napi_create_reference(env_, collect, 1, &collector_));
}

void TensorTable::Collect() {
  if (collector_ == nullptr) return;
  napi_handle_scope scope = nullptr;
  Check(env_, napi_open_handle_scope(env_, &scope));
  napi_value collect = nullptr;
  napi_value receiver = nullptr;
  napi_get_reference_value(env_, collector_, &collect);
  napi_get_undefined(env_, &receiver);
  const napi_status status = napi_call_function(env_, receiver, collect, 0, nullptr, nullptr);
  napi_close_handle_scope(env_, scope);
  Check(env_, status);
}

size_t TensorTable::Sweep() {
  releases->Drain();
  TellV8(charged_bytes_);
  Collect();
  const int64_t charged_before = charged_bytes_;
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
  TellV8(charged_bytes_);
  const bool found_little = (charged_before - charged_bytes_) * 4 < bytes_since_sweep_;
  patience_ = found_little ? std::min<int64_t>(patience_ * 2, 16) : 1;
  bytes_since_sweep_ = 0;
  added_since_sweep_ = 0;
  live_after_sweep_ = live_;
  ++sweeps_;
  swept_ += freed;
  return freed;
}

void TensorTable::Clear() {
  scopes_.clear();
  for (Slot& slot : slots_) slot.scope = 0;
  for (uint32_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].used) Free(index);
  }
  if (collector_ != nullptr) napi_delete_reference(env_, std::exchange(collector_, nullptr));
  releases->Close();
  TellV8(0);
}

TensorTable::Usage TensorTable::Measure() const {
  Usage usage;
  usage.tensors = live_;
  usage.sweeps = sweeps_;
  usage.swept = swept_;
  std::unordered_set<const void*> seen;
  for (const Slot& slot : slots_) {
    if (!slot.used || !slot.tensor.defined() || !slot.tensor.has_storage()) continue;
    const auto& storage = slot.tensor.storage();
    if (!seen.insert(storage.unsafeGetStorageImpl()).second) continue;
    usage.bytes[slot.tensor.device().str()] += static_cast<int64_t>(storage.nbytes());
  }
  return usage;
}

}  // namespace libtorch_node
