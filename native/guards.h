// Arguments on which the loaded libtorch crashes or never returns, refused before the call.
#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <vector>

namespace libtorch_node {

// Throws where the op, called with these arguments, would take the process along.
using Guard = void (*)(const c10::FunctionSchema& schema, const std::vector<c10::IValue>& stack);

// The guard of an op's overload, or of all its overloads; null for nearly all.
Guard GuardOf(const c10::OperatorName& op);

}  // namespace libtorch_node
