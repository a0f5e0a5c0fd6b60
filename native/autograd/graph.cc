// The graph as JavaScript sees it: nodes by number, their names, and where their gradients go.
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include "../exports.h"
#include "../values.h"
#include "graph_state.h"

namespace libtorch_node {

uint32_t NodeTable::IdOf(const NodePointer& node) {
  const auto known = ids_.find(node.get());
  // A dead node's address may belong to another one by now.
  if (known != ids_.end() && nodes_.Lock(known->second) == node) return known->second;
  if (ids_.size() >= limit_) {
    std::erase_if(ids_, [this](const auto& entry) { return !nodes_.Lock(entry.second); });
    limit_ = 2 * ids_.size() + 256;
  }
  const uint32_t id = nodes_.Add(WeakNode(node));
  ids_[node.get()] = id;
  return id;
}

NodePointer NodeTable::Get(uint32_t id) const {
  NodePointer node = nodes_.Lock(id);
  if (!node) ThrowDisposed("this part of the graph is gone: no tensor that came from it is alive");
  return node;
}

namespace {

NodePointer ReadNode(const Arguments& arguments) {
  const int64_t id = ReadInt(arguments.env, arguments[0], "node");
  return arguments.environment->graph->nodes.Get(static_cast<uint32_t>(id));
}

// gradFn(tensor): the node's number, 0 for a leaf.
napi_value GradFn(Arguments& arguments) {
  const at::Tensor self = ReadTensor(arguments, arguments[0], "self");
  const auto& node = self.grad_fn();
  return MakeInt(arguments.env, node ? arguments.environment->graph->nodes.IdOf(node) : 0);
}

napi_value NodeName(Arguments& arguments) { return MakeString(arguments.env, ReadNode(arguments)->name()); }

// nextFunctions(node): number and input of each node that it passes gradients to, one after the other.
napi_value NextFunctions(Arguments& arguments) {
  const NodePointer node = ReadNode(arguments);
  std::vector<int64_t> edges;
  for (const torch::autograd::Edge& edge : node->next_edges()) {
    edges.push_back(edge.is_valid() ? arguments.environment->graph->nodes.IdOf(edge.function) : 0);
    edges.push_back(edge.input_nr);
  }
  return MakeInts(arguments.env, edges);
}

}  // namespace

void RegisterGraph(Exports& exports) {
  exports.Add<GradFn>("gradFn");
  exports.Add<NodeName>("nodeName");
  exports.Add<NextFunctions>("nextFunctions");
}

}  // namespace libtorch_node
