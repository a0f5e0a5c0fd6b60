#include "errors.h"

#include <c10/util/Exception.h>

#include <cstring>
#include <new>

namespace libtorch_node {
namespace {

void Throw(napi_env env, const char* code, const std::string& message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, code, message.c_str());
}

bool StartsWith(const std::string& text, const char* start) { return text.rfind(start, 0) == 0; }

// Some messages name places in libtorch's C++ sources, which say nothing to a user of JavaScript.
std::string WithoutSources(std::string message) {
  // `Could not run 'aten::…' with arguments from the 'CPU' backend. …`, and then forty lines of registrations.
  if (StartsWith(message, "Could not run '")) {
    const auto end = message.find("backend. ");
    if (end != std::string::npos) message.resize(end + std::strlen("backend."));
  }
  // `[enforce fail at file:line] a == b. …`
  if (StartsWith(message, "[enforce fail at ")) {
    const auto condition = message.find("] ");
    const auto sentence = condition == std::string::npos ? condition : message.find(". ", condition);
    if (sentence != std::string::npos) message.erase(0, sentence + 2);
  }
  // `… INTERNAL ASSERT FAILED at "file":line, please report a bug to PyTorch. …`
  const auto place = message.find(" at \"");
  if (place != std::string::npos && message.find("ASSERT FAILED") < place) {
    const auto end = message.find(", ", place);
    if (end != std::string::npos) message.erase(place, end - place);
  }
  return message;
}

// c10 messages may end with a line break, and TORCH_CHECK adds C++ frames only to what().
std::string Clean(const c10::Error& error) {
  std::string message = error.what_without_backtrace();
  const auto end = message.find_last_not_of(" \n\r\t");
  message.resize(end == std::string::npos ? 0 : end + 1);
  return WithoutSources(message);
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

void RethrowToJavaScript(napi_env env) noexcept {
  // Most derived classes first: each c10 class derives from c10::Error.
  try {
    throw;
  } catch (const PendingException&) {
  } catch (const CodedError& error) {
    Throw(env, error.code(), error.what());
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (const c10::IndexError& error) {
    Throw(env, "TORCH_INDEX", Clean(error));
  } catch (const c10::TypeError& error) {
    Throw(env, "TORCH_TYPE", Clean(error));
  } catch (const c10::ValueError& error) {
    Throw(env, "TORCH_VALUE", Clean(error));
  } catch (const c10::NotImplementedError& error) {
    Throw(env, "TORCH_NOT_IMPLEMENTED", Clean(error));
  } catch (const c10::OutOfMemoryError& error) {
    Throw(env, "TORCH_OUT_OF_MEMORY", Clean(error));
  } catch (const c10::Error& error) {
    const std::string message = Clean(error);
    // c10's CPU allocator reports exhaustion as a plain error with this text.
    const bool exhausted = message.find("DefaultCPUAllocator: ") != std::string::npos;
    Throw(env, exhausted ? "TORCH_OUT_OF_MEMORY" : "TORCH_ERROR", message);
  } catch (const std::bad_alloc&) {
    Throw(env, "TORCH_OUT_OF_MEMORY", "out of memory");
  } catch (const std::exception& error) {
    Throw(env, "TORCH_ERROR", error.what());
  } catch (...) {
    Throw(env, "TORCH_ERROR", "unknown C++ exception");
  }
}

}  // namespace libtorch_node
