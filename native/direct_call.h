// Ops called through their C++ signature instead of the boxed stack.
#pragma once

#include <memory>

#include <c10/util/SmallVector.h>

#include "environment.h"

namespace libtorch_node {

struct Op;
class Letter;

// A call that knows the op's C++ signature: between 60 and 300 ns faster than the boxed one, the more the more
// arguments there are. Which signature an op has is read from its registration, so that no list of ops is kept; the
// list of signatures in direct_call.cc is of those that frequent small ops have, and any other op is called boxed.
class DirectCall {
 public:
  DirectCall() = default;
  DirectCall(const DirectCall&) = delete;
  DirectCall& operator=(const DirectCall&) = delete;
  virtual ~DirectCall() = default;

  // Takes the arguments out of the letter, calls, and registers the results; an undefined one is 0.
  virtual c10::SmallVector<Handle, 4> Call(Environment& environment, const Op& op, Letter& letter) = 0;

  // Null where none of the signatures is the op's.
  static std::unique_ptr<DirectCall> For(const Op& op);
};

}  // namespace libtorch_node
