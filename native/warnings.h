// libtorch's warnings on their way to JavaScript.
#pragma once

#include <c10/util/Exception.h>

#include <string>
#include <vector>

#include "napi_headers.h"

namespace libtorch_node {

// Takes the warnings of one JavaScript thread. An op may warn while it holds locks, so they wait here until the call
// from JavaScript ends. Other threads of libtorch keep their own way, which is stderr.
class WarningQueue : public c10::WarningHandler {
 public:
  explicit WarningQueue(napi_env env);
  ~WarningQueue() override;
  WarningQueue(const WarningQueue&) = delete;
  WarningQueue& operator=(const WarningQueue&) = delete;

  void process(const c10::Warning& warning) override { waiting_.push_back(warning.msg()); }
  bool empty() const { return waiting_.empty(); }
  // Calls the listener with each message; what it throws becomes the outcome of the call from JavaScript.
  void Tell();
  void SetListener(napi_value listener);
  // Ends with the environment, while references can still be deleted.
  void Close();

 private:
  const napi_env env_;
  c10::WarningHandler* const before_;
  std::vector<std::string> waiting_;
  napi_ref listener_ = nullptr;
};

}  // namespace libtorch_node
