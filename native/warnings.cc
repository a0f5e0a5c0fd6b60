#include "warnings.h"

#include <utility>

#include "exports.h"
#include "values.h"

namespace libtorch_node {

WarningQueue::WarningQueue(napi_env env) : env_(env), before_(c10::WarningUtils::get_warning_handler()) {
  c10::WarningUtils::set_warning_handler(this);
}

WarningQueue::~WarningQueue() { c10::WarningUtils::set_warning_handler(before_); }

void WarningQueue::Tell() {
  // A warning that the listener's own calls give rise to waits for the next call.
  const std::vector<std::string> messages = std::exchange(waiting_, {});
  if (listener_ == nullptr) return;
  napi_value listener = nullptr;
  Check(env_, napi_get_reference_value(env_, listener_, &listener));
  for (const std::string& message : messages) {
    napi_value argument = MakeString(env_, message);
    Check(env_, napi_call_function(env_, Undefined(env_), listener, 1, &argument, nullptr));
  }
}

void WarningQueue::SetListener(napi_value listener) {
  Close();
  Check(env_, napi_create_reference(env_, listener, 1, &listener_));
}

void WarningQueue::Close() {
  if (listener_ != nullptr) napi_delete_reference(env_, std::exchange(listener_, nullptr));
}

namespace {

napi_value SetWarningListener(Arguments& arguments) {
  if (TypeOf(arguments.env, arguments[0]) != napi_function) {
    ThrowType("expected a function for argument `listener`, received " + Describe(arguments.env, arguments[0]));
  }
  arguments.environment->warnings.SetListener(ReadFunction(arguments.env, arguments[0], "listener"));
  return Undefined(arguments.env);
}

}  // namespace

void RegisterWarnings(Exports& exports) { exports.Add<SetWarningListener>("setWarningListener"); }

}  // namespace libtorch_node
