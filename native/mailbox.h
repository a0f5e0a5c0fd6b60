// Arguments and results in memory that JavaScript and C++ share. Numbers cross it without Node-API, whose conversions,
// one call into V8 for each value, cost a small op a tenth of its time, and an op on a list of tensors more.
//
// JavaScript (lib/tensor/mailbox.ts) writes how many arguments follow, then each argument: its kind, and what such a
// kind has. Handles, lengths and the end of the memory are checked here as everywhere: what is written wrong there must
// not become a wild pointer.
#pragma once

#include <ATen/core/ivalue.h>
#include <c10/util/SmallVector.h>

#include <cstdint>

#include "dispatch.h"
#include "environment.h"

namespace libtorch_node {

// What an argument is, by the numbers of lib/tensor/kinds.ts. Lists begin with their length.
enum class Mail : uint8_t {
  kAbsent = 0,
  kTensor = 1,
  kInt = 2,
  kFloat = 3,
  kBool = 4,
  kNull = 7,
  kInts = 8,
  kFloats = 9,
  kTensors = 10,
  kBools = 11,
  kEmpty = 12,
  kOptionalTensors = 13,
  kGenerator = 15,
};

using Ints = c10::SmallVector<int64_t, 8>;
using Tensors = c10::SmallVector<at::Tensor, 4>;
using Handles = c10::SmallVector<Handle, 4>;

// The mailbox, while the arguments of a call are taken out of it.
class Letter {
 public:
  explicit Letter(const Mailbox& mailbox);
  // kAbsent after the last argument.
  Mail NextKind() { return left_ == 0 ? Mail::kAbsent : (--left_, static_cast<Mail>(NextIndex())); }
  double NextNumber();
  int64_t NextInt();
  Handle NextHandle() { return NextIndex(); }
  // Arguments that are still to come.
  size_t left() const { return left_; }
  // A length; as many numbers follow.
  size_t NextLength();

 private:
  uint64_t NextIndex();

  const double* next_;
  const double* const end_;
  size_t left_;
};

// One argument of an op, at its turn in the letter.
struct Enclosed {
  Enclosed(Environment& environment, const OpArgument& argument, Letter& letter)
      : environment(environment), argument(argument), letter(letter), kind(letter.NextKind()) {}

  // A null that stands for the default is not.
  bool is_given() const { return kind != Mail::kAbsent && !(kind == Mail::kNull && argument.null_is_default); }
  // What stands for an argument that was not given; throws where it has to be.
  const c10::IValue& Default() const;
  [[noreturn]] void Refuse(const char* expected) const;

  Environment& environment;
  const OpArgument& argument;
  Letter& letter;
  const Mail kind;
};

// What is enclosed, which was given.
at::Tensor TakeTensor(const Enclosed& enclosed);
// Undefined for null.
at::Tensor TakeOptionalTensor(const Enclosed& enclosed);
at::Scalar TakeScalar(const Enclosed& enclosed);
int64_t TakeInt(const Enclosed& enclosed);
double TakeDouble(const Enclosed& enclosed);
bool TakeBool(const Enclosed& enclosed);
// A list, or one number where the schema says how many it stands for.
Ints TakeInts(const Enclosed& enclosed, const Conversion& list);
// Where `optional`, the list may hold nulls, which are undefined tensors.
Tensors TakeTensors(const Enclosed& enclosed, bool optional);
// Any argument, the default where it was not given.
c10::IValue TakeValue(const Enclosed& enclosed);

// Puts the results where JavaScript looks for them.
void PutResults(const Mailbox& mailbox, c10::ArrayRef<Handle> results);

}  // namespace libtorch_node
