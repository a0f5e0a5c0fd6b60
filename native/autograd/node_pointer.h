// Pointers to autograd's nodes: std::shared_ptr up to libtorch 2.12, c10::intrusive_ptr from then on.
#pragma once

#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/function.h>

#include <memory>
#include <type_traits>
#include <utility>

namespace libtorch_node {

using NodePointer = decltype(torch::autograd::Edge::function);

template <typename Pointer>
struct PointerKind {};

template <>
struct PointerKind<std::shared_ptr<torch::autograd::Node>> {
  using Weak = std::weak_ptr<torch::autograd::Node>;
  template <typename T>
  using Strong = std::shared_ptr<T>;
  template <typename T, typename... Arguments>
  static std::shared_ptr<T> Make(Arguments&&... arguments) {
    return std::make_shared<T>(std::forward<Arguments>(arguments)...);
  }
};

template <>
struct PointerKind<c10::intrusive_ptr<torch::autograd::Node>> {
  using Weak = c10::weak_intrusive_ptr<torch::autograd::Node>;
  template <typename T>
  using Strong = c10::intrusive_ptr<T>;
  template <typename T, typename... Arguments>
  static c10::intrusive_ptr<T> Make(Arguments&&... arguments) {
    return c10::make_intrusive<T>(std::forward<Arguments>(arguments)...);
  }
};

using WeakNode = PointerKind<NodePointer>::Weak;

}  // namespace libtorch_node
