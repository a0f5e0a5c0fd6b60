#include "direct_call.h"

#include <ATen/core/IListRef.h>
#include <c10/core/SymIntArrayRef.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/OptionalArrayRef.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "mailbox.h"

namespace libtorch_node {
namespace {

// -- readers ----------------------------------------------------------------------------------------------------------
// One for each C++ argument type: whether a schema's argument has it, and how it is taken. A reader holds what the
// argument refers to until the op has returned: memory that runs out in the op frees tensors by a sweep.

bool IsOptional(const Conversion& conversion, Kind inner) {
  return conversion.kind == Kind::kOptional && conversion.inner->kind == inner;
}

bool IsListOf(const Conversion& conversion, Kind element) {
  return conversion.kind == Kind::kList && conversion.inner->kind == element;
}

// A value type T that is passed as P; Converter says how it is taken, and got from the schema's default.
template <typename P, typename T, typename Converter>
class ValueReader {
 public:
  static bool Fits(const Conversion& conversion) { return Converter::Fits(conversion); }
  explicit ValueReader(const Enclosed& enclosed)
      : value_(enclosed.is_given() ? Converter::Take(enclosed) : Converter::FromDefault(enclosed.Default())) {}
  P get() const { return value_; }

 private:
  T value_;
};

template <typename T>
class Reader;

struct TensorConverter {
  static bool Fits(const Conversion& conversion) {
    return conversion.kind == Kind::kTensor || conversion.kind == Kind::kNumberTensor;
  }
  static at::Tensor Take(const Enclosed& enclosed) { return TakeTensor(enclosed); }
  static at::Tensor FromDefault(const c10::IValue& value) { return value.toTensor(); }
};
template <>
class Reader<const at::Tensor&> : public ValueReader<const at::Tensor&, at::Tensor, TensorConverter> {
  using ValueReader::ValueReader;
};

struct ScalarConverter {
  static bool Fits(const Conversion& conversion) { return conversion.kind == Kind::kScalar; }
  static at::Scalar Take(const Enclosed& enclosed) { return TakeScalar(enclosed); }
  static at::Scalar FromDefault(const c10::IValue& value) { return value.toScalar(); }
};
template <>
class Reader<const at::Scalar&> : public ValueReader<const at::Scalar&, at::Scalar, ScalarConverter> {
  using ValueReader::ValueReader;
};

template <bool symbolic>
struct IntConverter {
  static bool Fits(const Conversion& conversion) {
    return conversion.kind == Kind::kInt && conversion.symbolic == symbolic;
  }
  static int64_t Take(const Enclosed& enclosed) { return TakeInt(enclosed); }
  static int64_t FromDefault(const c10::IValue& value) { return value.toInt(); }
};
template <>
class Reader<int64_t> : public ValueReader<int64_t, int64_t, IntConverter<false>> {
  using ValueReader::ValueReader;
};
template <>
class Reader<c10::SymInt> : public ValueReader<c10::SymInt, int64_t, IntConverter<true>> {
  using ValueReader::ValueReader;
};

struct BoolConverter {
  static bool Fits(const Conversion& conversion) { return conversion.kind == Kind::kBool; }
  static bool Take(const Enclosed& enclosed) { return TakeBool(enclosed); }
  static bool FromDefault(const c10::IValue& value) { return value.toBool(); }
};
template <>
class Reader<bool> : public ValueReader<bool, bool, BoolConverter> {
  using ValueReader::ValueReader;
};

struct DoubleConverter {
  static bool Fits(const Conversion& conversion) { return conversion.kind == Kind::kFloat; }
  static double Take(const Enclosed& enclosed) { return TakeDouble(enclosed); }
  static double FromDefault(const c10::IValue& value) { return value.toDouble(); }
};
template <>
class Reader<double> : public ValueReader<double, double, DoubleConverter> {
  using ValueReader::ValueReader;
};

// Text never comes by mail, its default does.
struct StringConverter {
  static bool Fits(const Conversion& conversion) { return conversion.kind == Kind::kString; }
  static std::string Take(const Enclosed& enclosed) { enclosed.Refuse("nothing"); }
  static std::string FromDefault(const c10::IValue& value) { return value.toStringRef(); }
};
template <>
class Reader<c10::string_view> : public ValueReader<c10::string_view, std::string, StringConverter> {
  using ValueReader::ValueReader;
};

// An optional of a Kind that is taken by `take` and has its default by `from`; null stands for none.
template <Kind kind, typename T, T (*take)(const Enclosed&), T (*from)(const c10::IValue&)>
struct OptionalConverter {
  static bool Fits(const Conversion& conversion) { return IsOptional(conversion, kind); }
  static std::optional<T> Take(const Enclosed& enclosed) {
    return enclosed.kind == Mail::kNull ? std::nullopt : std::make_optional(take(enclosed));
  }
  static std::optional<T> FromDefault(const c10::IValue& value) {
    return value.isNone() ? std::nullopt : std::make_optional(from(value));
  }
};

at::ScalarType TakeDtype(const Enclosed& enclosed) { enclosed.Refuse("nothing"); }
at::ScalarType DtypeOf(const c10::IValue& value) { return value.toScalarType(); }
at::Scalar ScalarOf(const c10::IValue& value) { return value.toScalar(); }

using OptionalDtype = OptionalConverter<Kind::kDtype, at::ScalarType, TakeDtype, DtypeOf>;
template <>
class Reader<std::optional<at::ScalarType>>
    : public ValueReader<std::optional<at::ScalarType>, std::optional<at::ScalarType>, OptionalDtype> {
  using ValueReader::ValueReader;
};

using OptionalScalar = OptionalConverter<Kind::kScalar, at::Scalar, TakeScalar, ScalarOf>;
template <>
class Reader<const std::optional<at::Scalar>&>
    : public ValueReader<const std::optional<at::Scalar>&, std::optional<at::Scalar>, OptionalScalar> {
  using ValueReader::ValueReader;
};

struct OptionalTensorConverter {
  static bool Fits(const Conversion& conversion) { return IsOptional(conversion, Kind::kTensor); }
  static std::optional<at::Tensor> Take(const Enclosed& enclosed) {
    at::Tensor tensor = TakeOptionalTensor(enclosed);
    return tensor.defined() ? std::make_optional(std::move(tensor)) : std::nullopt;
  }
  static std::optional<at::Tensor> FromDefault(const c10::IValue& /*none*/) { return std::nullopt; }
};
template <>
class Reader<const std::optional<at::Tensor>&>
    : public ValueReader<const std::optional<at::Tensor>&, std::optional<at::Tensor>, OptionalTensorConverter> {
  using ValueReader::ValueReader;
};

template <bool symbolic>
struct IntListConverter {
  static bool Fits(const Conversion& conversion) {
    return IsListOf(conversion, Kind::kInt) && conversion.inner->symbolic == symbolic;
  }
  static Ints Take(const Enclosed& enclosed) { return TakeInts(enclosed, enclosed.argument.conversion); }
  static Ints FromDefault(const c10::IValue& value) {
    const std::vector<int64_t> ints = value.toIntVector();
    return Ints(ints.begin(), ints.end());
  }
};
template <>
class Reader<at::IntArrayRef> : public ValueReader<at::IntArrayRef, Ints, IntListConverter<false>> {
  using ValueReader::ValueReader;
};
template <>
class Reader<c10::SymIntArrayRef> : public ValueReader<at::IntArrayRef, Ints, IntListConverter<true>> {
 public:
  using ValueReader::ValueReader;
  c10::SymIntArrayRef get() const { return c10::fromIntArrayRefSlow(ValueReader::get()); }
};

struct OptionalIntListConverter {
  static bool Fits(const Conversion& conversion) {
    return conversion.kind == Kind::kOptional && IntListConverter<false>::Fits(*conversion.inner);
  }
  static std::optional<Ints> Take(const Enclosed& enclosed) {
    if (enclosed.kind == Mail::kNull) return std::nullopt;
    return TakeInts(enclosed, *enclosed.argument.conversion.inner);
  }
  static std::optional<Ints> FromDefault(const c10::IValue& value) {
    return value.isNone() ? std::nullopt : std::make_optional(IntListConverter<false>::FromDefault(value));
  }
};
template <>
class Reader<at::OptionalIntArrayRef>
    : public ValueReader<const std::optional<Ints>&, std::optional<Ints>, OptionalIntListConverter> {
 public:
  using ValueReader::ValueReader;
  at::OptionalIntArrayRef get() const {
    const std::optional<Ints>& ints = ValueReader::get();
    return ints.has_value() ? at::OptionalIntArrayRef(at::IntArrayRef(*ints)) : std::nullopt;
  }
};

template <>
class Reader<at::TensorList> {
 public:
  static bool Fits(const Conversion& conversion) { return IsListOf(conversion, Kind::kTensor); }
  explicit Reader(const Enclosed& enclosed) : tensors_(TakeTensors(enclosed, false)) {}
  at::TensorList get() const { return tensors_; }

 private:
  Tensors tensors_;
};
template <>
class Reader<const at::ITensorListRef&> : public Reader<at::TensorList> {
 public:
  using Reader<at::TensorList>::Reader;
  const at::ITensorListRef& get() {
    // Not before: it points into this object, which has its place by now.
    return list_.emplace(Reader<at::TensorList>::get());
  }

 private:
  std::optional<at::ITensorListRef> list_;
};

// -- results ----------------------------------------------------------------------------------------------------------

Handles Registered(TensorTable& table, at::Tensor result) { return Handles{table.Add(std::move(result))}; }

template <typename... Tensors>
Handles Registered(TensorTable& table, std::tuple<Tensors...> results) {
  Handles handles;
  std::apply([&](Tensors&... each) { (handles.push_back(table.Add(std::move(each))), ...); }, results);
  return handles;
}

// typed() cannot tell: it does not know the C++ signature of ops that were registered with symbolic sizes.
template <typename Result>
struct Returns {
  static bool Fits(const Op& op) { return op.returns_one_tensor; }
};
template <typename... Tensors>
struct Returns<std::tuple<Tensors...>> {
  static bool Fits(const Op& op) {
    return op.returns.size() == sizeof...(Tensors) &&
           std::all_of(op.returns.begin(), op.returns.end(),
                       [](const Conversion& conversion) { return conversion.kind == Kind::kTensor; });
  }
};

// -- calls ------------------------------------------------------------------------------------------------------------

// Autograd has to see what is given: it requires a gradient, or carries one of forward mode.
bool IsTracked(const at::Tensor& tensor) { return tensor.requires_grad() || tensor._fw_grad(0).defined(); }
bool IsTracked(const std::optional<at::Tensor>& tensor) { return tensor.has_value() && IsTracked(*tensor); }
bool IsTracked(at::TensorList tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const at::Tensor& tensor) { return IsTracked(tensor); });
}
bool IsTracked(const at::ITensorListRef& tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const at::Tensor& tensor) { return IsTracked(tensor); });
}
// Numbers and the like.
template <typename T>
bool IsTracked(const T& /*value*/) {
  return false;
}

// Autograd's kernel of an op would look at the arguments, find nothing to record, and call on without its own keys; so
// may we. A view has to be known as one all the same. An op that is made of others has no such kernel.
c10::DispatchKeySet KeysPassedOver(const c10::OperatorHandle& op) {
  if (!op.hasKernelForDispatchKey(c10::DispatchKey::Autograd)) return {};
  const auto& returns = op.schema().returns();
  const bool is_view = std::any_of(returns.begin(), returns.end(),
                                   [](const c10::Argument& result) { return result.alias_info() != nullptr; });
  return is_view ? c10::autograd_dispatch_keyset : c10::autograd_dispatch_keyset_with_ADInplaceOrView;
}

template <typename Signature>
class TypedCall;

template <typename Result, typename... Parameters>
class TypedCall<Result(Parameters...)> final : public DirectCall {
 public:
  // Null where the op's arguments are of other kinds, or it was registered with another C++ signature.
  static std::unique_ptr<DirectCall> TryFor(const Op& op) {
    if (op.arguments.size() != sizeof...(Parameters) || !Returns<Result>::Fits(op)) return nullptr;
    size_t index = 0;
    if (!(Reader<Parameters>::Fits(op.arguments[index++].conversion) && ...)) return nullptr;
    try {
      return std::make_unique<TypedCall>(op.handle.typed<Result(Parameters...)>(), KeysPassedOver(op.handle));
    } catch (const c10::Error&) {
      return nullptr;
    }
  }

  TypedCall(const c10::TypedOperatorHandle<Result(Parameters...)>& handle, c10::DispatchKeySet passed_over)
      : handle_(handle), passed_over_(passed_over) {}

  Handles Call(Environment& environment, const Op& op, Letter& letter) override {
    return Call(environment, op, letter, std::index_sequence_for<Parameters...>());
  }

 private:
  template <size_t... indices>
  Handles Call(Environment& environment, const Op& op, Letter& letter, std::index_sequence<indices...> /*order*/) {
    // Between braces the readers are made one after another, as the letter wants it.
    std::tuple<Reader<Parameters>...> readers{
        Reader<Parameters>(Enclosed(environment, op.arguments[indices], letter))...};
    std::optional<c10::impl::ExcludeDispatchKeyGuard> below;
    if (!(IsTracked(std::get<indices>(readers).get()) || ...)) below.emplace(passed_over_);
    return Registered(environment.tensors, handle_.call(std::get<indices>(readers).get()...));
  }

  c10::TypedOperatorHandle<Result(Parameters...)> handle_;
  // Dispatch keys that have nothing to do where no argument is tracked.
  const c10::DispatchKeySet passed_over_;
};

template <typename... Signatures>
std::unique_ptr<DirectCall> FirstFor(const Op& op) {
  std::unique_ptr<DirectCall> found;
  static_cast<void>(((found = TypedCall<Signatures>::TryFor(op), found != nullptr) || ...));
  return found;
}

using at::Tensor;
using Self = const Tensor&;
using OptionalType = std::optional<at::ScalarType>;

}  // namespace

std::unique_ptr<DirectCall> DirectCall::For(const Op& op) {
  // A result that is an argument would be a reference in C++.
  for (const bool returned : op.returns_argument) {
    if (returned) return nullptr;
  }
  return FirstFor<Tensor(Self),                                                                      // relu
                  Tensor(Self, Self),                                                                // mul, matmul
                  Tensor(Self, Self, const at::Scalar&),                                             // add
                  Tensor(Self, const at::Scalar&),                                                   // mul, gt
                  Tensor(Self, const at::Scalar&, const at::Scalar&),                                // add, softplus
                  Tensor(Self, const std::optional<at::Scalar>&, const std::optional<at::Scalar>&),  // clamp
                  Tensor(Self, Self, const std::optional<Tensor>&),                                  // linear
                  Tensor(Self, Self, Self),                                                          // where
                  Tensor(Self, OptionalType),                                                        // sum
                  Tensor(Self, at::OptionalIntArrayRef, bool, OptionalType),  // sum over dimensions, mean
                  Tensor(Self, int64_t, bool),                                // argmax over one, all
                  Tensor(Self, int64_t, OptionalType),                        // softmax, cumsum
                  Tensor(Self, int64_t),                                      // unsqueeze
                  Tensor(Self, int64_t, int64_t),                             // transpose
                  Tensor(Self, int64_t, c10::SymInt),                         // select
                  Tensor(Self, int64_t, Self),                                // indexSelect
                  Tensor(Self, at::IntArrayRef),                              // permute, flip
                  Tensor(Self, c10::SymIntArrayRef),                          // reshape, view
                  Tensor(Self, double, bool),                                 // dropout
                  Tensor(Self, c10::string_view),                             // gelu
                  Tensor(Self, c10::SymIntArrayRef, const std::optional<Tensor>&, const std::optional<Tensor>&, double,
                         bool),                                    // layerNorm
                  Tensor(const at::ITensorListRef&, int64_t),      // cat
                  Tensor(at::TensorList, int64_t),                 // stack
                  std::tuple<Tensor, Tensor>(Self, int64_t, bool)  // max over one dimension, sort
                  >(op);
}

}  // namespace libtorch_node
