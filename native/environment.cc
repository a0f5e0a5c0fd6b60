#include "environment.h"

#include <ATen/Context.h>

#include <atomic>

#include "allocator.h"
#include "autograd/graph_state.h"
#include "compute/thread.h"
#include "device_objects.h"
#include "dispatch.h"
#include "errors.h"
#include "own_generator.h"
#include "parcels.h"

namespace libtorch_node {
namespace {

// Each environment's handles start at another generation.
uint32_t NextSalt() {
  static std::atomic<uint32_t> environments{0};
  return environments.fetch_add(1) * 0x10001;
}

thread_local Environment* of_this_thread = nullptr;

}  // namespace

uint32_t GeneratorTable::Add(at::Generator generator) {
  const uint32_t id = next_++;
  generators_.emplace(id, std::move(generator));
  return id;
}

at::Generator GeneratorTable::Get(uint32_t id) const {
  if (id == 0) return OwnGenerator().defined() ? OwnGenerator() : at::globalContext().defaultGenerator(at::kCPU);
  const auto found = generators_.find(id);
  if (found == generators_.end()) ThrowDisposed("the generator was disposed, or belongs to another thread");
  return found->second;
}

Environment::Environment(napi_env node_env)
    : env(node_env),
      warnings(node_env),
      tensors(node_env, NextSalt()),
      device_objects(std::make_unique<DeviceObjects>()),
      callbacks(std::make_shared<CallbackHome>(node_env, this)),
      graph(std::make_unique<GraphState>()) {
  of_this_thread = this;
}

Environment::~Environment() {
  if (of_this_thread == this) of_this_thread = nullptr;
}

Environment* Environment::OfThisThread() { return of_this_thread; }

bool Environment::Reclaim() {
  ++reclaims;
  return tensors.Reclaim();
}

void Environment::CheckGradientsAreFree() const {
  if (gradient_regions == 0) return;
  throw CodedError("TORCH_ASYNC",
                   "gradients are being computed: await the backward pass before you read, clear or use them");
}

Environment* Environment::Create(napi_env env) {
  auto* environment = new Environment(env);
  SetReclaimer([](void* data) { return static_cast<Environment*>(data)->Reclaim(); }, environment);
  // A cleanup hook, not instance data: it runs while Node-API references can still be deleted.
  napi_add_env_cleanup_hook(
      env,
      [](void* data) {
        auto* ending = static_cast<Environment*>(data);
        // No JavaScript can run any more.
        SetReclaimer(nullptr, nullptr);
        while (!ending->inference_modes.empty()) ending->inference_modes.pop_back();
        ending->tensors.Clear();
        DropParcelsOf(ending);
        // After the tensors: their graphs hold callbacks.
        ending->graph.reset();
        ending->callbacks->Close();
        ending->warnings.Close();
        if (ending->mailbox) napi_delete_reference(ending->env, ending->mailbox->array());
        delete ending;
      },
      environment);
  return environment;
}

}  // namespace libtorch_node
