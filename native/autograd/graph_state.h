// What one environment knows of autograd's graph: numbers for its nodes and hooks, and what anomaly mode calls.
#pragma once

#include <memory>
#include <unordered_map>

#include "../callbacks.h"
#include "hook_list.h"
#include "node_pointer.h"
#include "weak_table.h"

namespace libtorch_node {

// Numbers for nodes. One node has one number for as long as it lives, so that JavaScript can give it one object.
class NodeTable {
 public:
  uint32_t IdOf(napi_env env, const NodePointer& node);
  // Throws where the node is gone.
  NodePointer Get(uint32_t id) const;

  // The JavaScript object that stands for a node, null where none does or it was collected. Referred to weakly, and not
  // by JavaScript's WeakRef, which would keep it to the end of the running job: a loop would pile them up.
  napi_value Object(napi_env env, uint32_t id) const;
  void SetObject(napi_env env, uint32_t id, napi_value object);

 private:
  void Purge(napi_env env);

  WeakTable<WeakNode> nodes_;
  std::unordered_map<uint32_t, napi_ref> objects_;
  std::unordered_map<const torch::autograd::Node*, uint32_t> ids_;
  size_t limit_ = 256;
};

struct GraphState {
  NodeTable nodes;
  WeakTable<std::weak_ptr<HookList>> hooks;
  // The JavaScript stack as a string; and a warning's way out. Null unless anomaly mode was used.
  std::unique_ptr<Callback> user_stack;
  std::unique_ptr<Callback> warn;
};

}  // namespace libtorch_node
