#include "errors.h"

#include <new>

#include "autograd/anomaly.h"
#include "callbacks.h"

namespace libtorch_node {
namespace {

void Throw(napi_env env, const char* code, const std::string& message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) return;
  const std::string report = TakeAnomalyReport();
  if (report.empty()) {
    napi_throw_error(env, code, message.c_str());
    return;
  }
  napi_value error = nullptr;
  napi_value code_value = nullptr;
  napi_value text = nullptr;
  napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &code_value);
  napi_create_string_utf8(env, message.data(), message.size(), &text);
  napi_create_error(env, code_value, text, &error);
  napi_create_string_utf8(env, report.data(), report.size(), &text);
  napi_set_named_property(env, error, "anomaly", text);
  napi_throw(env, error);
}

// Takes out what begins with `from`, up to `to`, which stays; up to the end if `to` is empty.
void Cut(std::string& message, const std::string& from, const std::string& to) {
  const auto start = message.find(from);
  if (start == std::string::npos) return;
  const auto end = to.empty() ? message.size() : message.find(to, start);
  if (end != std::string::npos) message.erase(start, end - start);
}

// What was meant for the authors of libtorch: positions in its sources, where each kernel was registered, whom to ask.
void CutInternals(std::string& message) {
  if (message.find(": registered at ") != std::string::npos) Cut(message, "\n\n", "");
  Cut(message, " This could be because the operator doesn't exist for this backend", " '");
  Cut(message, "\nException raised from ", "");
  Cut(message, "[enforce fail at ", "DefaultCPUAllocator: ");
  Cut(message, "[enforce fail at ", "alloc_cpu() seems");
  Cut(message, " INTERNAL ASSERT FAILED at \"", ", please report a bug to PyTorch");
  // `/some/file.cpp:12: text`
  const auto text = message.find(": ");
  if (message.starts_with('/') && text != std::string::npos) message.erase(0, text + 2);
}

}  // namespace

std::string MessageOf(const c10::Error& error) {
  // TORCH_CHECK adds C++ frames only to what().
  std::string message = error.what_without_backtrace();
  CutInternals(message);
  const auto end = message.find_last_not_of(" \n\r\t");
  message.resize(end == std::string::npos ? 0 : end + 1);
  return message;
}

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
    return {"TORCH_INDEX", MessageOf(error)};
  } catch (const c10::TypeError& error) {
    return {"TORCH_TYPE", MessageOf(error)};
  } catch (const c10::ValueError& error) {
    return {"TORCH_VALUE", MessageOf(error)};
  } catch (const c10::NotImplementedError& error) {
    return {"TORCH_NOT_IMPLEMENTED", MessageOf(error)};
  } catch (const c10::OutOfMemoryError& error) {
    return {"TORCH_OUT_OF_MEMORY", MessageOf(error)};
  } catch (const c10::Error& error) {
    const std::string message = MessageOf(error);
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
  } catch (const JavaScriptError& error) {
    error.Rethrow(env);
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (...) {
    const Failure failure = CurrentFailure();
    Throw(env, failure.code.c_str(), failure.message);
  }
}

}  // namespace libtorch_node
