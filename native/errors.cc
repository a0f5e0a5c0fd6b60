#include "errors.h"

#include <c10/util/Exception.h>

#include <new>

namespace libtorch_node {
namespace {

void Throw(napi_env env, const char* code, const std::string& message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, code, message.c_str());
}

// c10 messages may end with a line break, and TORCH_CHECK adds C++ frames only to what().
std::string Clean(const c10::Error& error) {
  std::string message = error.what_without_backtrace();
  const auto end = message.find_last_not_of(" \n\r\t");
  message.resize(end == std::string::npos ? 0 : end + 1);
  return message;
}

}  // namespace

void ThrowType(const std::string& message) { throw CodedError("TORCH_TYPE", message); }
void ThrowValue(const std::string& message) { throw CodedError("TORCH_VALUE", message); }
void ThrowDisposed(const std::string& message) { throw CodedError("TORCH_DISPOSED", message); }

void Check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  if (status == napi_pending_exception) throw PendingException{};
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  const char* text = info != nullptr && info->error_message != nullptr ? info->error_message : "unknown failure";
  throw CodedError("TORCH_NODE_API", std::string("Node-API: ") + text);
}

Failure CurrentFailure() {
  // Most derived classes first: each c10 class derives from c10::Error.
  try {
    throw;
  } catch (const CodedError& error) {
    return {error.code(), error.what()};
  } catch (const c10::IndexError& error) {
    return {"TORCH_INDEX", Clean(error)};
  } catch (const c10::TypeError& error) {
    return {"TORCH_TYPE", Clean(error)};
  } catch (const c10::ValueError& error) {
    return {"TORCH_VALUE", Clean(error)};
  } catch (const c10::NotImplementedError& error) {
    return {"TORCH_NOT_IMPLEMENTED", Clean(error)};
  } catch (const c10::OutOfMemoryError& error) {
    return {"TORCH_OUT_OF_MEMORY", Clean(error)};
  } catch (const c10::Error& error) {
    const std::string message = Clean(error);
    // c10's own CPU allocator reports exhaustion as a plain error with this text.
    const bool exhausted = message.find("DefaultCPUAllocator: ") != std::string::npos;
    return {exhausted ? "TORCH_OUT_OF_MEMORY" : "TORCH_ERROR", message};
  } catch (const std::bad_alloc&) {
    return {"TORCH_OUT_OF_MEMORY", "out of memory"};
  } catch (const std::exception& error) {
    return {"TORCH_ERROR", error.what()};
  } catch (...) {
    return {"TORCH_ERROR", "unknown C++ exception"};
  }
}

void RethrowToJavaScript(napi_env env) noexcept {
  try {
    throw;
  } catch (const PendingException&) {
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (...) {
    const Failure failure = CurrentFailure();
    Throw(env, failure.code.c_str(), failure.message);
  }
}

}  // namespace libtorch_node
