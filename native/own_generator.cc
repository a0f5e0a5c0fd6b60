#include "own_generator.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace libtorch_node {
namespace {

// Above all keys that compute. libtorch registers nothing for it but that it is passed over: it serves Python's
// tracer, and there is no Python here. A thread without a generator of its own does not have it and pays nothing.
constexpr c10::DispatchKey kKey = c10::DispatchKey::PreDispatch;

at::Generator& Own() {
  static thread_local at::Generator generator;
  return generator;
}

bool TakesGenerator(const c10::Argument& argument) {
  const c10::Type& type = *argument.real_type();
  if (type.kind() != c10::TypeKind::OptionalType) return false;
  return type.expectRef<c10::OptionalType>().getElementType()->kind() == c10::TypeKind::GeneratorType;
}

bool IsOnCpu(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined() && value.toTensor().is_cpu();
}

// An op that may draw: puts the thread's generator where none was given. What makes a tensor and has another op fill it
// (rand, dropout) takes no tensor, or no generator; its inner op comes by here, too.
void GiveGenerator(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  const auto& arguments = op.schema().arguments();
  const size_t first = stack->size() - arguments.size();
  bool on_cpu = false;
  std::optional<size_t> generator;
  for (size_t i = 0; i < arguments.size(); ++i) {
    on_cpu |= IsOnCpu((*stack)[first + i]);
    if (TakesGenerator(arguments[i])) generator = first + i;
  }
  if (on_cpu && generator.has_value() && (*stack)[*generator].isNone() && Own().defined()) (*stack)[*generator] = Own();
  op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, kKey), stack);
}

}  // namespace

void InstallOwnGenerators() {
  static const bool installed = [] {
    // Never deleted: a Library takes its kernels back when it goes.
    auto* library = new torch::Library(torch::Library::IMPL, "aten", kKey, __FILE__, __LINE__);
    auto& dispatcher = c10::Dispatcher::singleton();
    for (const c10::OperatorName& name : dispatcher.getAllOpNames()) {
      const auto op = dispatcher.findSchema(name);
      if (!op.has_value() || name.getNamespace() != "aten") continue;
      const auto& arguments = op->schema().arguments();
      if (std::none_of(arguments.begin(), arguments.end(), TakesGenerator)) continue;
      const std::string full = name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
      library->impl(full.c_str(), torch::CppFunction::makeFromBoxedFunction<&GiveGenerator>());
    }
    return true;
  }();
  (void)installed;
}

void SetOwnGenerator(at::Generator generator) {
  Own() = std::move(generator);
  c10::impl::tls_set_dispatch_key_included(kKey, Own().defined());
}

const at::Generator& OwnGenerator() { return Own(); }

}  // namespace libtorch_node
