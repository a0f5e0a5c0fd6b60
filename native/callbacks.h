// JavaScript functions that native code keeps and calls: hooks, and the backward of custom functions.
//
// They belong to nodes of autograd's graph, and a node may die on any thread, or after its environment: what refers to
// V8 is therefore given back through the environment's CallbackHome, on the JavaScript thread.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "napi_headers.h"

namespace libtorch_node {

struct Environment;

// What all callbacks of one environment share; outlives the environment for as long as one of them does.
class CallbackHome {
 public:
  CallbackHome(napi_env env, Environment* environment) : env_(env), environment_(environment) {}
  CallbackHome(const CallbackHome&) = delete;
  CallbackHome& operator=(const CallbackHome&) = delete;

  // The environment is about to end: nothing may call into it any more.
  void Close();
  // Callbacks that exist. With one alive, autograd must stay on the JavaScript thread.
  size_t live() const { return live_; }

  // Throws unless this is the JavaScript thread and the environment lives.
  napi_env EnvOrThrow() const;
  // Valid after EnvOrThrow.
  Environment* environment() const { return environment_; }

  napi_ref Keep(napi_value object);
  // From any thread.
  void Release(napi_ref reference);

 private:
  void ReleaseStranded();

  napi_env env_;
  Environment* environment_;
  std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<bool> open_{true};
  std::atomic<size_t> live_{0};
  std::mutex mutex_;
  std::vector<napi_ref> stranded_;  // released on other threads
};

// A strong reference to a JavaScript function or object.
class Callback {
 public:
  Callback(std::shared_ptr<CallbackHome> home, napi_value function);
  ~Callback();
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  napi_value value() const;
  // Calls the function. What it throws becomes a JavaScriptError. Open a HandleScope around it.
  napi_value Call(const std::vector<napi_value>& arguments) const;
  // Throws unless this is the thread on which it may be called.
  Environment* environment() const;

 private:
  std::shared_ptr<CallbackHome> home_;
  napi_ref reference_;
};

// The local handles made inside are given back at its end: a backward pass may call a thousand hooks.
class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env) { napi_open_handle_scope(env_, &scope_); }
  ~HandleScope() { napi_close_handle_scope(env_, scope_); }
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

 private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
};

// What a callback threw, on its way through autograd's engine to the caller of backward(), who gets the same value.
class JavaScriptError : public std::exception {
 public:
  // Takes the exception that is pending.
  JavaScriptError(const std::shared_ptr<CallbackHome>& home, napi_env env);
  const char* what() const noexcept override { return "a JavaScript function threw"; }
  void Rethrow(napi_env env) const noexcept;

 private:
  // An array that holds the value: a thrown number or string cannot be referred to by itself.
  std::shared_ptr<Callback> holder_;
};

}  // namespace libtorch_node
