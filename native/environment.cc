#include "environment.h"

#include <ATen/Context.h>

#include <atomic>

#include "dispatch.h"
#include "errors.h"

namespace libtorch_node {
namespace {

// Each environment's handles start at another generation.
uint32_t NextSalt() {
  static std::atomic<uint32_t> environments{0};
  return environments.fetch_add(1) * 0x10001;
}

}  // namespace

uint32_t GeneratorTable::Add(at::Generator generator) {
  const uint32_t id = next_++;
  generators_.emplace(id, std::move(generator));
  return id;
}

at::Generator GeneratorTable::Get(uint32_t id) const {
  if (id == 0) return at::globalContext().defaultGenerator(at::kCPU);
  const auto found = generators_.find(id);
  if (found == generators_.end()) ThrowDisposed("the generator was disposed, or belongs to another thread");
  return found->second;
}

Environment::Environment(napi_env node_env) : env(node_env), warnings(node_env), tensors(node_env, NextSalt()) {}

Environment::~Environment() = default;

Environment* Environment::Create(napi_env env) {
  auto* environment = new Environment(env);
  // A cleanup hook, not instance data: it runs while Node-API references can still be deleted.
  napi_add_env_cleanup_hook(
      env,
      [](void* data) {
        auto* ending = static_cast<Environment*>(data);
        while (!ending->inference_modes.empty()) ending->inference_modes.pop_back();
        ending->tensors.Clear();
        ending->warnings.Close();
        delete ending;
      },
      environment);
  return environment;
}

}  // namespace libtorch_node
