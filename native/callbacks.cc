#include "callbacks.h"

#include <string>
#include <utility>

#include "environment.h"
#include "errors.h"

namespace libtorch_node {

void CallbackHome::Close() {
  ReleaseStranded();
  open_ = false;
}

napi_env CallbackHome::EnvOrThrow() const {
  if (std::this_thread::get_id() != thread_ || !open_) {
    throw CodedError("TORCH_ERROR",
                     "a hook or custom function runs on its JavaScript thread only, and this backward pass on another "
                     "one: the compute thread, or one that libtorch starts for passes nested deeply");
  }
  return env_;
}

napi_ref CallbackHome::Keep(napi_value object) {
  ReleaseStranded();
  napi_ref reference = nullptr;
  Check(env_, napi_create_reference(env_, object, 1, &reference));
  ++live_;
  return reference;
}

void CallbackHome::Release(napi_ref reference) {
  --live_;
  if (std::this_thread::get_id() == thread_) {
    // After the environment's end its references are gone by themselves.
    if (open_) napi_delete_reference(env_, reference);
    return;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  stranded_.push_back(reference);
}

void CallbackHome::ReleaseStranded() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (napi_ref reference : stranded_) napi_delete_reference(env_, reference);
  stranded_.clear();
}

Callback::Callback(std::shared_ptr<CallbackHome> home, napi_value function)
    : home_(std::move(home)), reference_(home_->Keep(function)) {}

Callback::~Callback() { home_->Release(reference_); }

Environment* Callback::environment() const {
  home_->EnvOrThrow();
  return home_->environment();
}

napi_value Callback::value() const {
  napi_env env = home_->EnvOrThrow();
  napi_value result = nullptr;
  Check(env, napi_get_reference_value(env, reference_, &result));
  return result;
}

napi_value Callback::Call(const std::vector<napi_value>& arguments) const {
  napi_value function = value();
  napi_env env = home_->EnvOrThrow();
  napi_value receiver = nullptr;
  Check(env, napi_get_undefined(env, &receiver));
  napi_value result = nullptr;
  const napi_status status = napi_call_function(env, receiver, function, arguments.size(), arguments.data(), &result);
  if (status == napi_pending_exception) throw JavaScriptError(home_, env);
  Check(env, status);
  return result;
}

JavaScriptError::JavaScriptError(const std::shared_ptr<CallbackHome>& home, napi_env env) {
  napi_value error = nullptr;
  napi_value holder = nullptr;
  Check(env, napi_get_and_clear_last_exception(env, &error));
  Check(env, napi_create_array_with_length(env, 1, &holder));
  // Fails where the environment is being terminated; then nobody will see the error.
  if (napi_set_element(env, holder, 0, error) == napi_ok) holder_ = std::make_shared<Callback>(home, holder);
}

void JavaScriptError::Rethrow(napi_env env) const noexcept {
  if (holder_ == nullptr) return;
  napi_value error = nullptr;
  if (napi_get_element(env, holder_->value(), 0, &error) == napi_ok) napi_throw(env, error);
}

}  // namespace libtorch_node
