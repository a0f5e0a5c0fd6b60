// Around every backward pass that JavaScript starts.
#pragma once

#include <c10/core/AutogradState.h>
#include <torch/csrc/autograd/anomaly_mode.h>

#include "../environment.h"

namespace libtorch_node {

// Keeps the pass on this thread while JavaScript may be called from it: CPU nodes run here anyway, but those of other
// devices have threads of their own, where V8 must not be touched.
class EngineGuard {
 public:
  explicit EngineGuard(const Environment& environment)
      : before_(c10::AutogradState::get_tls_state().get_multithreading_enabled()) {
    const bool calls_javascript = environment.callbacks->live() > 0 || torch::autograd::AnomalyMode::is_enabled();
    if (calls_javascript) c10::AutogradState::get_tls_state().set_multithreading_enabled(false);
  }
  ~EngineGuard() { c10::AutogradState::get_tls_state().set_multithreading_enabled(before_); }
  EngineGuard(const EngineGuard&) = delete;
  EngineGuard& operator=(const EngineGuard&) = delete;

 private:
  bool before_;
};

}  // namespace libtorch_node
