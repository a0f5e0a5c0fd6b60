// The graph as JavaScript sees it: nodes by number, their names, and where their gradients go.
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include "../exports.h"
#include "../values.h"
#include "graph_state.h"

namespace libtorch_node {

uint32_t NodeTable::IdOf(napi_env env, const NodePointer& node) {
  const auto known = ids_.find(node.get());
  // A dead node's address may belong to another one by now.
  if (known != ids_.end() && nodes_.Lock(known->second) == node) return known->second;
  if (ids_.size() >= limit_) Purge(env);
  const uint32_t id = nodes_.Add(WeakNode(node));
  ids_[node.get()] = id;
  return id;
}

void NodeTable::Purge(napi_env env) {
  std::erase_if(ids_, [this](const auto& entry) { return !nodes_.Lock(entry.second); });
  std::erase_if(objects_, [this, env](const auto& entry) {
    if (nodes_.Lock(entry.first)) return false;
    napi_delete_reference(env, entry.second);
    return true;
  });
  limit_ = 2 * ids_.size() + 256;
}

napi_value NodeTable::Object(napi_env env, uint32_t id) const {
  const auto found = objects_.find(id);
  napi_value object = nullptr;
  if (found != objects_.end()) Check(env, napi_get_reference_value(env, found->second, &object));
  return object == nullptr ? Null(env) : object;
}

void NodeTable::SetObject(napi_env env, uint32_t id, napi_value object) {
  napi_ref& reference = objects_[id];
  if (reference != nullptr) napi_delete_reference(env, reference);
  Check(env, napi_create_reference(env, object, 0, &reference));
}

NodePointer NodeTable::Get(uint32_t id) const {
  NodePointer node = nodes_.Lock(id);
  if (!node) ThrowDisposed("this part of the graph is gone: no tensor that came from it is alive");
  return node;
}

namespace {

NodePointer ReadNode(const Arguments& arguments) {
  return arguments.environment->graph->nodes.Get(ReadId(arguments.env, arguments[0], "node"));
}

// gradFn(tensor): the node's number, 0 for a leaf.
napi_value GradFn(Arguments& arguments) {
  const at::Tensor self = ReadTensor(arguments, arguments[0], "self");
  const auto& node = self.grad_fn();
  return MakeInt(arguments.env, node ? arguments.environment->graph->nodes.IdOf(arguments.env, node) : 0);
}

napi_value NodeName(Arguments& arguments) { return MakeString(arguments.env, ReadNode(arguments)->name()); }

// nextFunctions(node): number and input of each node that it passes gradients to, one after the other.
napi_value NextFunctions(Arguments& arguments) {
  const NodePointer node = ReadNode(arguments);
  std::vector<int64_t> edges;
  for (const torch::autograd::Edge& edge : node->next_edges()) {
    edges.push_back(edge.is_valid() ? arguments.environment->graph->nodes.IdOf(arguments.env, edge.function) : 0);
    edges.push_back(edge.input_nr);
  }
  return MakeInts(arguments.env, edges);
}

uint32_t ReadNodeId(const Arguments& arguments) { return ReadId(arguments.env, arguments[0], "node"); }

// nodeObject(node)
napi_value NodeObject(Arguments& arguments) {
  return arguments.environment->graph->nodes.Object(arguments.env, ReadNodeId(arguments));
}

// setNodeObject(node, object)
napi_value SetNodeObject(Arguments& arguments) {
  if (TypeOf(arguments.env, arguments[1]) != napi_object) {
    ThrowType("expected an object for argument `object`, received " + Describe(arguments.env, arguments[1]));
  }
  arguments.environment->graph->nodes.SetObject(arguments.env, ReadNodeId(arguments), arguments[1]);
  return Undefined(arguments.env);
}

}  // namespace

void RegisterGraph(Exports& exports) {
  exports.Add<GradFn>("gradFn");
  exports.Add<NodeName>("nodeName");
  exports.Add<NextFunctions>("nextFunctions");
  exports.Add<NodeObject>("nodeObject");
  exports.Add<SetNodeObject>("setNodeObject");
}

}  // namespace libtorch_node
