// The state of one JavaScript environment: the main thread's, or a worker_thread's. Nothing here is shared.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/InferenceMode.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "napi_headers.h"
#include "tensor_table.h"
#include "warnings.h"

namespace libtorch_node {

struct Op;

// Random number generators that JavaScript refers to by number; 0 is the default CPU generator.
class GeneratorTable {
 public:
  uint32_t Add(at::Generator generator);
  at::Generator Get(uint32_t id) const;
  void Free(uint32_t id) { generators_.erase(id); }

 private:
  uint32_t next_ = 1;
  std::unordered_map<uint32_t, at::Generator> generators_;
};

struct Environment {
  explicit Environment(napi_env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Makes the state of `env` and ties its end to the environment's.
  static Environment* Create(napi_env env);

  napi_env env;
  WarningQueue warnings;
  TensorTable tensors;
  GeneratorTable generators;
  std::vector<std::unique_ptr<c10::InferenceMode>> inference_modes;
  // Ops by id, and ids by name; filled as JavaScript asks for schemas.
  std::vector<std::unique_ptr<Op>> ops;
  std::unordered_map<std::string, uint32_t> op_ids;
  // Kept between calls so that an op call allocates no stack. A nested call finds it taken and makes its own.
  std::vector<c10::IValue> spare_stack;
};

}  // namespace libtorch_node
