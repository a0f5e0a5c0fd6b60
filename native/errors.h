// What native code throws, and the one place where it becomes a JavaScript error.
#pragma once

#include <c10/util/Exception.h>

#include <exception>
#include <stdexcept>
#include <string>

#include "napi_headers.h"

namespace libtorch_node {

// An error with the stable `code` that lib/engine/errors.ts maps to a class.
class CodedError : public std::runtime_error {
 public:
  CodedError(const char* code, const std::string& message) : std::runtime_error(message), code_(code) {}
  const char* code() const { return code_; }

 private:
  const char* code_;
};

// The sentence of a libtorch error, without C++ frames and without positions in libtorch's sources.
std::string MessageOf(const c10::Error& error);

[[noreturn]] void ThrowType(const std::string& message);
[[noreturn]] void ThrowValue(const std::string& message);
[[noreturn]] void ThrowDisposed(const std::string& message);

// A JavaScript exception is pending already: unwind to the guard and leave it alone.
// A std::exception, since autograd's engine lets nothing else pass safely.
struct PendingException : std::exception {};

// Turns a failed Node-API status into an exception.
void Check(napi_env env, napi_status status);

// The C++ exception being handled, as what its JavaScript error says. Call it in a catch block only.
struct Failure {
  std::string code;
  std::string message;
};
Failure CurrentFailure();

// Turns the C++ exception being handled into a pending JavaScript error. Call it in a catch block only.
void RethrowToJavaScript(napi_env env) noexcept;

}  // namespace libtorch_node
