// Ops called through their C++ signature instead of the boxed stack.
#pragma once

#include <memory>
#include <optional>

#include "exports.h"

namespace libtorch_node {

struct Op;

// Where an op's own arguments begin in `call(op, owner, ...args)`.
constexpr size_t kFirstArgument = 2;

// A call that knows the op's C++ signature: between 60 and 300 ns faster than the boxed one, the more the more
// arguments there are. Which signature an op has is read from its registration, so that no list of ops is kept; the
// list of signatures in direct_call.cc is of those that frequent small ops have, and any other op is called boxed.
class DirectCall {
 public:
  DirectCall() = default;
  DirectCall(const DirectCall&) = delete;
  DirectCall& operator=(const DirectCall&) = delete;
  virtual ~DirectCall() = default;

  // Converts the arguments, calls, and returns what `call` returns.
  virtual napi_value Call(const Arguments& arguments, const Op& op) = 0;

  // Null where none of the signatures is the op's.
  static std::unique_ptr<DirectCall> For(const Op& op);
};

// The owner of result `index` of several: an element of the array that stands in the owner's place, or null.
napi_value OwnerOf(const Arguments& arguments, size_t index);

// Registers a result; without an owner where that is no object.
napi_value OwnedTensor(const Arguments& arguments, at::Tensor result, napi_value owner);

}  // namespace libtorch_node
