// The state of one JavaScript environment: the main thread's, or a worker_thread's. Nothing here is shared.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/Device.h>
#include <c10/core/InferenceMode.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "callbacks.h"
#include "napi_headers.h"
#include "tensor_table.h"
#include "warnings.h"

namespace libtorch_node {

struct GraphState;
struct Op;
class DeviceObjects;
class ComputeThread;
struct Region;

// Random number generators that JavaScript refers to by number; 0 is the default CPU generator, or the thread's own.
class GeneratorTable {
 public:
  uint32_t Add(at::Generator generator);
  at::Generator Get(uint32_t id) const;
  void Free(uint32_t id) { generators_.erase(id); }

 private:
  uint32_t next_ = 1;
  std::unordered_map<uint32_t, at::Generator> generators_;
};

// Memory that JavaScript writes arguments to and reads results from; see mailbox.h.
class Mailbox {
 public:
  // In doubles. Longer lists go the ordinary way.
  static constexpr size_t kSize = 4096;
  explicit Mailbox(napi_env env);
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  double* begin() const { return static_cast<double*>(data_); }
  double* end() const { return begin() + kSize; }
  // The Float64Array.
  napi_ref array() const { return array_; }

 private:
  void* data_ = nullptr;
  napi_ref array_ = nullptr;
};

struct Environment {
  explicit Environment(napi_env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // The environment of the calling thread; null where it has none.
  static Environment* OfThisThread();

  // Makes the state of `env` and ties its end to the environment's.
  static Environment* Create(napi_env env);

  // An allocation failed on this thread: collects all garbage and frees its tensors. False where nothing can be done.
  bool Reclaim();
  // Gradients are another thread's while a backward pass is queued there; reading them meanwhile could crash.
  void CheckGradientsAreFree() const;

  napi_env env;
  WarningQueue warnings;
  TensorTable tensors;
  uint64_t reclaims = 0;
  // Made at the first asynchronous call.
  std::unique_ptr<ComputeThread> compute;
  // The open region, whose ops are queued; null outside of computeAsync.
  std::shared_ptr<Region> region;
  uint32_t next_region = 1;
  // Unfinished regions that change gradients.
  uint32_t gradient_regions = 0;
  GeneratorTable generators;
  std::unique_ptr<DeviceObjects> device_objects;
  std::vector<std::unique_ptr<c10::InferenceMode>> inference_modes;
  // Shared with the callbacks, which may outlive this.
  std::shared_ptr<CallbackHome> callbacks;
  std::unique_ptr<GraphState> graph;
  // Ops by id, and ids by name; filled as JavaScript asks for schemas.
  std::vector<std::unique_ptr<Op>> ops;
  std::unordered_map<std::string, uint32_t> op_ids;
  // Made when JavaScript first asks for it, and deleted with the environment.
  std::unique_ptr<Mailbox> mailbox;
  // Where factories put their results; the library's own default where there is none.
  std::optional<c10::Device> default_device;
  // Kept between calls so that an op call allocates no stack. A nested call finds it taken and makes its own.
  std::vector<c10::IValue> spare_stack;
};

}  // namespace libtorch_node
