#include "anomaly.h"

#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/engine.h>

#include <memory>
#include <utility>

#include "../exports.h"
#include "../values.h"
#include "graph_state.h"

namespace libtorch_node {
namespace {

namespace ag = torch::autograd;

thread_local std::string report;

// The stack of JavaScript; empty on a thread that has none.
std::string UserStack() {
  const Environment* environment = Environment::OfThisThread();
  if (environment == nullptr || environment->graph == nullptr || environment->graph->user_stack == nullptr) return {};
  const HandleScope scope(environment->env);
  try {
    return ReadString(environment->env, environment->graph->user_stack->Call({}), "stack");
  } catch (const std::exception&) {
    // A node is being made, for example while the stack overflows: better no trace than another error.
    return {};
  }
}

// Stands in for libtorch's own, which would note C++ frames and print them.
class AnomalyNote : public ag::AnomalyMetadata {
 public:
  void store_stack() override { stack_ = UserStack(); }

  void assign_parent(const NodePointer& parent) override { parent_ = parent; }

  void print_stack(const std::string& name) override {
    report += "\nError detected in " + name + ". " + Told("it");
    for (NodePointer parent = parent_; parent;) {
      const auto* note = dynamic_cast<AnomalyNote*>(parent->metadata());
      if (note == nullptr) break;
      report += "\nPrevious calculation was induced by " + parent->name() + ". " + note->Told("that");
      parent = note->parent_;
    }
  }

 private:
  std::string Told(const char* what) const {
    if (stack_.empty()) return "No forward call is known: switch anomaly detection on before the forward pass.";
    return std::string("Forward call that made ") + what + ":\n" + stack_;
  }

  std::string stack_;
  NodePointer parent_;
};

class NotingEngine : public ag::Engine {
 public:
  std::unique_ptr<ag::AnomalyMetadata> make_anomaly_metadata() override { return std::make_unique<AnomalyNote>(); }
};

// Never destroyed: device threads wait in it until the process ends.
ag::Engine& TheEngine() {
  static auto* engine = new NotingEngine;
  return *engine;
}

// setDetectAnomaly(enabled, checkNan, userStack)
napi_value SetDetectAnomaly(Arguments& arguments) {
  const bool enabled = ReadBool(arguments.env, arguments[0], "enabled");
  const bool check_nan = ReadBool(arguments.env, arguments[1], "checkNan");
  GraphState& graph = *arguments.environment->graph;
  if (enabled && graph.user_stack == nullptr) {
    graph.user_stack = std::make_unique<Callback>(arguments.environment->callbacks,
                                                  ReadFunction(arguments.env, arguments[2], "userStack"));
  }
  ag::AnomalyMode::set_enabled(enabled, check_nan);
  return Undefined(arguments.env);
}

napi_value IsAnomalyEnabled(Arguments& arguments) { return MakeBool(arguments.env, ag::AnomalyMode::is_enabled()); }

napi_value IsAnomalyCheckNanEnabled(Arguments& arguments) {
  return MakeBool(arguments.env, ag::AnomalyMode::should_check_nan());
}

napi_value TakeReport(Arguments& arguments) { return MakeString(arguments.env, TakeAnomalyReport()); }

}  // namespace

std::string TakeAnomalyReport() { return std::exchange(report, {}); }

void RegisterAnomaly(Exports& exports) {
  // Once per process; the engine is the same for all environments.
  static const bool installed = [] {
    ag::set_default_engine_stub(TheEngine);
    return true;
  }();
  static_cast<void>(installed);
  exports.Add<SetDetectAnomaly>("setDetectAnomaly");
  exports.Add<IsAnomalyEnabled>("isAnomalyEnabled");
  exports.Add<IsAnomalyCheckNanEnabled>("isAnomalyCheckNanEnabled");
  exports.Add<TakeReport>("takeAnomalyReport");
}

}  // namespace libtorch_node
