// Arguments on which the loaded libtorch crashes or never returns, refused before the call.
#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <string>
#include <vector>

namespace libtorch_node {

// Throws where the op, called with these arguments, would take the process along.
using Guard = void (*)(const c10::FunctionSchema& schema, const std::vector<c10::IValue>& stack);

// The guard of an op and all its overloads by its name, such as `aten::cat`; null for nearly all.
Guard GuardOf(const std::string& name);

}  // namespace libtorch_node
