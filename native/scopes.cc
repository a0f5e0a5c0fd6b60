// The scopes of a tensor table: whose tensors are freed together, and when.

#include <utility>

#include "errors.h"
#include "tensor_table.h"

namespace libtorch_node {

uint32_t TensorTable::OpenScope() {
  uint32_t scope = 0;
  if (free_scopes_.empty()) {
    scope = static_cast<uint32_t>(scopes_.size());
    scopes_.emplace_back();
  } else {
    scope = free_scopes_.back();
    free_scopes_.pop_back();
  }
  scopes_[scope].open = true;
  return scope;
}

// Frees the scope's tensors, but the kept ones, which move to `around`.
void TensorTable::CloseScope(uint32_t scope, const std::vector<Handle>& kept, uint32_t around) {
  for (const Handle handle : kept) {
    const uint32_t index = Find(handle);
    if (index == kNone || slots_[index].scope != scope) continue;
    Unlink(index);
    if (around != kNone) Link(index, around);
  }
  while (scopes_[scope].head != kNone) FreeByHand(scopes_[scope].head);
  scopes_[scope].open = false;
  scopes_[scope].generation = (scopes_[scope].generation + 1) & kGenerationMask;
  free_scopes_.push_back(scope);
}

uint32_t TensorTable::EnterScope() {
  stack_.push_back(OpenScope());
  return static_cast<uint32_t>(stack_.size());
}

void TensorTable::ExitScope(uint32_t depth, const std::vector<Handle>& kept) {
  if (depth == 0 || depth != stack_.size()) {
    ThrowValue("scopes must be closed in the reverse order of their opening; was one left open across an await?");
  }
  const uint32_t scope = stack_.back();
  stack_.pop_back();
  CloseScope(scope, kept, CurrentScope());
}

ScopeId TensorTable::EnterAsyncScope() {
  const uint32_t around = CurrentScope();
  const uint32_t scope = OpenScope();
  scopes_[scope].around = around == kNone ? 0 : Pack(around, scopes_[around].generation);
  ++async_scopes_;
  return Pack(scope, scopes_[scope].generation);
}

void TensorTable::ExitAsyncScope(ScopeId id, const std::vector<Handle>& kept) {
  const uint32_t scope = FindScope(id);
  if (scope == kNone) ThrowValue("the scope was closed before");
  --async_scopes_;
  CloseScope(scope, kept, FindScope(scopes_[scope].around));
}

uint32_t TensorTable::DetachScopes() { return std::exchange(base_, static_cast<uint32_t>(stack_.size())); }

void TensorTable::ReattachScopes(uint32_t base) { base_ = base; }

void TensorTable::SetScopeQuery(napi_value query) {
  if (scope_query_ != nullptr) napi_delete_reference(env_, std::exchange(scope_query_, nullptr));
  Check(env_, napi_create_reference(env_, query, 1, &scope_query_));
}

uint32_t TensorTable::FindScope(ScopeId id) const {
  const auto position = id & kIndexMask;
  if (position == 0 || position > scopes_.size()) return kNone;
  const auto index = static_cast<uint32_t>(position - 1);
  const Scope& scope = scopes_[index];
  return scope.open && scope.generation == id >> kIndexBits ? index : kNone;
}

uint32_t TensorTable::CurrentScope() {
  if (stack_.size() > base_) return stack_.back();
  if (async_scopes_ == 0 || scope_query_ == nullptr) return kNone;
  napi_handle_scope handles = nullptr;
  Check(env_, napi_open_handle_scope(env_, &handles));
  napi_value query = nullptr;
  napi_value receiver = nullptr;
  napi_value answer = nullptr;
  double id = 0;
  napi_get_reference_value(env_, scope_query_, &query);
  napi_get_undefined(env_, &receiver);
  napi_status status = napi_call_function(env_, receiver, query, 0, nullptr, &answer);
  if (status == napi_ok) status = napi_get_value_double(env_, answer, &id);
  napi_close_handle_scope(env_, handles);
  Check(env_, status);
  return FindScope(static_cast<ScopeId>(id));
}

void TensorTable::Keep(Handle handle) {
  const uint32_t index = FindOrThrow(handle);
  if (slots_[index].scope != kNone) Unlink(index);
}

void TensorTable::Link(uint32_t index, uint32_t scope) {
  uint32_t& head = scopes_[scope].head;
  Slot& slot = slots_[index];
  slot.scope = scope;
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
    scopes_[slot.scope].head = slot.next;
  }
  if (slot.next != kNone) slots_[slot.next].previous = slot.previous;
  slot.scope = kNone;
  slot.previous = slot.next = kNone;
}

}  // namespace libtorch_node
