// JavaScript's buffers under tensors: who lets go of them, and when.
#pragma once

#include <ATen/core/Tensor.h>

#include <mutex>
#include <thread>
#include <vector>

#include "napi_headers.h"

namespace libtorch_node {

// The buffers that tensors no longer need. A storage ends on whatever thread drops it last (autograd has threads of its
// own), but only the JavaScript thread may delete a Node-API reference: what ends elsewhere waits here for the next
// Drain. Storages and the environment share this object, since either may outlive the other.
class BufferReleases {
 public:
  explicit BufferReleases(napi_env env) : env_(env), thread_(std::this_thread::get_id()) {}

  // On any thread.
  void Release(napi_ref buffer);
  // On the JavaScript thread.
  void Drain();
  // The environment ends: Node frees what references are left.
  void Close();

 private:
  const napi_env env_;
  const std::thread::id thread_;
  std::mutex mutex_;
  std::vector<napi_ref> waiting_;
  bool closed_ = false;
};

// The tensor's memory is a JavaScript buffer, or a part of one: it ends with its environment.
bool IsOnJavaScriptMemory(const at::Tensor& tensor);

}  // namespace libtorch_node
