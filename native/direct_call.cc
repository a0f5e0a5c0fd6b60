#include "direct_call.h"

#include <ATen/core/IListRef.h>
#include <c10/core/SymIntArrayRef.h>
#include <c10/util/OptionalArrayRef.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "convert.h"
#include "dispatch.h"

namespace libtorch_node {
namespace {

// -- readers ----------------------------------------------------------------------------------------------------------
// One for each C++ argument type: whether a schema's argument has it, and how it is read. A reader holds what the
// argument refers to until the op has returned. It is made of an argument that was given, or of the schema's default.

struct Position {
  const Arguments& arguments;
  const OpArgument& argument;
  size_t index;

  napi_env env() const { return arguments.env; }
  const char* name() const { return argument.name.c_str(); }
  napi_value value() const { return arguments[index + kFirstArgument]; }
  bool is_given() const { return index + kFirstArgument < arguments.count && TypeOf(env(), value()) != napi_undefined; }
  const c10::IValue& fallback() const {
    if (argument.default_value.has_value()) return *argument.default_value;
    ThrowType(std::string("misses its argument `") + name() + "`");
  }
};

bool IsOptional(const Conversion& conversion, Kind inner) {
  return conversion.kind == Kind::kOptional && conversion.inner->kind == inner;
}

bool IsListOf(const Conversion& conversion, Kind element) {
  return conversion.kind == Kind::kList && conversion.inner->kind == element;
}

template <typename T>
class Reader;

// The table is asked when all arguments are read: reading another one may run JavaScript (a getter of { re, im }, say),
// which may free tensors. The reader keeps the tensor, because memory that runs out in the op frees others by a sweep.
template <>
class Reader<const at::Tensor&> {
 public:
  static bool Fits(const Conversion& conversion) {
    return conversion.kind == Kind::kTensor || conversion.kind == Kind::kNumberTensor;
  }
  explicit Reader(const Position& at) : table_(at.arguments.environment->tensors) {
    if (at.argument.conversion.kind == Kind::kNumberTensor) {
      tensor_ = NumberTensor(at.env(), at.value(), at.name());
      return;
    }
    handle_ = ReadHandle(at.env(), at.value(), at.name());
    if (handle_ == 0) ThrowNoTensor(at.name());
  }
  const at::Tensor& get() {
    if (handle_ != 0) tensor_ = table_.Get(handle_);
    return tensor_;
  }

 private:
  const TensorTable& table_;
  Handle handle_ = 0;
  at::Tensor tensor_;
};

// A value type T that is passed as P; Converter says how it is read.
template <typename P, typename T, typename Converter>
class ValueReader {
 public:
  static bool Fits(const Conversion& conversion) { return Converter::Fits(conversion); }
  explicit ValueReader(const Position& at)
      : value_(at.is_given() ? Converter::Read(at) : Converter::FromDefault(at.fallback())) {}
  P get() const { return value_; }

 private:
  T value_;
};

struct ScalarConverter {
  static bool Fits(const Conversion& conversion) { return conversion.kind == Kind::kScalar; }
  static at::Scalar Read(const Position& at) { return ReadScalar(at.env(), at.value(), at.name()); }
  static at::Scalar FromDefault(const c10::IValue& value) { return value.toScalar(); }
};
template <>
class Reader<const at::Scalar&> : public ValueReader<const at::Scalar&, at::Scalar, ScalarConverter> {
  using ValueReader::ValueReader;
};

struct IntConverter {
  static bool Fits(const Conversion& conversion) { return conversion.kind == Kind::kInt; }
  static int64_t Read(const Position& at) { return ReadInt(at.env(), at.value(), at.name()); }
  static int64_t FromDefault(const c10::IValue& value) { return value.toInt(); }
};
template <>
class Reader<int64_t> : public ValueReader<int64_t, int64_t, IntConverter> {
  using ValueReader::ValueReader;
};
template <>
class Reader<c10::SymInt> : public ValueReader<c10::SymInt, int64_t, IntConverter> {
  using ValueReader::ValueReader;
};

struct BoolConverter {
  static bool Fits(const Conversion& conversion) { return conversion.kind == Kind::kBool; }
  static bool Read(const Position& at) { return ReadBool(at.env(), at.value(), at.name()); }
  static bool FromDefault(const c10::IValue& value) { return value.toBool(); }
};
template <>
class Reader<bool> : public ValueReader<bool, bool, BoolConverter> {
  using ValueReader::ValueReader;
};

struct DoubleConverter {
  static bool Fits(const Conversion& conversion) { return conversion.kind == Kind::kFloat; }
  static double Read(const Position& at) { return ReadDouble(at.env(), at.value(), at.name()); }
  static double FromDefault(const c10::IValue& value) { return value.toDouble(); }
};
template <>
class Reader<double> : public ValueReader<double, double, DoubleConverter> {
  using ValueReader::ValueReader;
};

struct StringConverter {
  static bool Fits(const Conversion& conversion) { return conversion.kind == Kind::kString; }
  static std::string Read(const Position& at) { return ReadString(at.env(), at.value(), at.name()); }
  static std::string FromDefault(const c10::IValue& value) { return value.toStringRef(); }
};
template <>
class Reader<c10::string_view> : public ValueReader<c10::string_view, std::string, StringConverter> {
  using ValueReader::ValueReader;
};

// An optional of what `Inner` reads; null stands for none.
template <Kind kind, typename T, T (*read)(napi_env, napi_value, const char*), T (*from)(const c10::IValue&)>
struct OptionalConverter {
  static bool Fits(const Conversion& conversion) { return IsOptional(conversion, kind); }
  static std::optional<T> Read(const Position& at) {
    if (TypeOf(at.env(), at.value()) == napi_null) return std::nullopt;
    return read(at.env(), at.value(), at.name());
  }
  static std::optional<T> FromDefault(const c10::IValue& value) {
    return value.isNone() ? std::nullopt : std::make_optional(from(value));
  }
};

at::ScalarType DtypeOf(const c10::IValue& value) { return value.toScalarType(); }
at::Scalar ScalarOf(const c10::IValue& value) { return value.toScalar(); }

using OptionalDtype = OptionalConverter<Kind::kDtype, at::ScalarType, ReadDtype, DtypeOf>;
template <>
class Reader<std::optional<at::ScalarType>>
    : public ValueReader<std::optional<at::ScalarType>, std::optional<at::ScalarType>, OptionalDtype> {
  using ValueReader::ValueReader;
};

using OptionalScalar = OptionalConverter<Kind::kScalar, at::Scalar, ReadScalar, ScalarOf>;
template <>
class Reader<const std::optional<at::Scalar>&>
    : public ValueReader<const std::optional<at::Scalar>&, std::optional<at::Scalar>, OptionalScalar> {
  using ValueReader::ValueReader;
};

struct OptionalTensorConverter {
  static bool Fits(const Conversion& conversion) { return IsOptional(conversion, Kind::kTensor); }
  static std::optional<at::Tensor> Read(const Position& at) {
    at::Tensor tensor = ReadOptionalTensor(at.arguments, at.value(), at.name());
    return tensor.defined() ? std::make_optional(std::move(tensor)) : std::nullopt;
  }
  static std::optional<at::Tensor> FromDefault(const c10::IValue& /*none*/) { return std::nullopt; }
};
template <>
class Reader<const std::optional<at::Tensor>&>
    : public ValueReader<const std::optional<at::Tensor>&, std::optional<at::Tensor>, OptionalTensorConverter> {
  using ValueReader::ValueReader;
};

using Ints = c10::SmallVector<int64_t, 8>;

// A list, or one number where the schema says how many it stands for.
Ints ReadIntList(const Position& at, const Conversion& list) {
  const napi_env env = at.env();
  if (list.repeat > 0 && TypeOf(env, at.value()) != napi_object) {
    return Ints(list.repeat, ReadInt(env, at.value(), at.name()));
  }
  uint32_t length = 0;
  if (napi_get_array_length(env, at.value(), &length) != napi_ok) {
    ThrowType(std::string("expected an array for argument `") + at.name() + "`, received " + Describe(env, at.value()));
  }
  Ints ints(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    Check(env, napi_get_element(env, at.value(), i, &element));
    ints[i] = ReadInt(env, element, at.name());
  }
  return ints;
}

struct IntListConverter {
  static bool Fits(const Conversion& conversion) { return IsListOf(conversion, Kind::kInt); }
  static Ints Read(const Position& at) { return ReadIntList(at, at.argument.conversion); }
  static Ints FromDefault(const c10::IValue& value) {
    const std::vector<int64_t> ints = value.toIntVector();
    return Ints(ints.begin(), ints.end());
  }
};
template <>
class Reader<at::IntArrayRef> : public ValueReader<at::IntArrayRef, Ints, IntListConverter> {
  using ValueReader::ValueReader;
};
template <>
class Reader<c10::SymIntArrayRef> : public Reader<at::IntArrayRef> {
 public:
  using Reader<at::IntArrayRef>::Reader;
  c10::SymIntArrayRef get() const { return c10::fromIntArrayRefSlow(Reader<at::IntArrayRef>::get()); }
};

struct OptionalIntListConverter {
  static bool Fits(const Conversion& conversion) {
    return conversion.kind == Kind::kOptional && IsListOf(*conversion.inner, Kind::kInt);
  }
  static std::optional<Ints> Read(const Position& at) {
    if (TypeOf(at.env(), at.value()) == napi_null) return std::nullopt;
    return ReadIntList(at, *at.argument.conversion.inner);
  }
  static std::optional<Ints> FromDefault(const c10::IValue& value) {
    return value.isNone() ? std::nullopt : std::make_optional(IntListConverter::FromDefault(value));
  }
};
template <>
class Reader<at::OptionalIntArrayRef> {
 public:
  static bool Fits(const Conversion& conversion) { return OptionalIntListConverter::Fits(conversion); }
  explicit Reader(const Position& at)
      : ints_(at.is_given() ? OptionalIntListConverter::Read(at)
                            : OptionalIntListConverter::FromDefault(at.fallback())) {}
  at::OptionalIntArrayRef get() const {
    return ints_.has_value() ? at::OptionalIntArrayRef(at::IntArrayRef(*ints_)) : std::nullopt;
  }

 private:
  std::optional<Ints> ints_;
};

template <>
class Reader<at::TensorList> {
 public:
  static bool Fits(const Conversion& conversion) { return IsListOf(conversion, Kind::kTensor); }
  explicit Reader(const Position& at) {
    uint32_t length = 0;
    if (napi_get_array_length(at.env(), at.value(), &length) != napi_ok) {
      ThrowType(std::string("expected an array of tensors for argument `") + at.name() + "`, received " +
                Describe(at.env(), at.value()));
    }
    tensors_.reserve(length);
    for (uint32_t i = 0; i < length; ++i) {
      napi_value element = nullptr;
      Check(at.env(), napi_get_element(at.env(), at.value(), i, &element));
      tensors_.push_back(ReadTensor(at.arguments, element, at.name()));
    }
  }
  at::TensorList get() const { return tensors_; }

 private:
  c10::SmallVector<at::Tensor, 4> tensors_;
};
template <>
class Reader<const at::ITensorListRef&> : public Reader<at::TensorList> {
 public:
  explicit Reader(const Position& at) : Reader<at::TensorList>(at), list_(Reader<at::TensorList>::get()) {}
  const at::ITensorListRef& get() const { return list_; }

 private:
  at::ITensorListRef list_;
};

// -- results ----------------------------------------------------------------------------------------------------------

napi_value Returned(const Arguments& arguments, at::Tensor result) {
  return OwnedTensor(arguments, std::move(result), arguments[1]);
}

template <typename... Tensors>
napi_value Returned(const Arguments& arguments, std::tuple<Tensors...> results) {
  std::vector<napi_value> handles;
  handles.reserve(sizeof...(Tensors));
  const auto add = [&](at::Tensor result) {
    handles.push_back(OwnedTensor(arguments, std::move(result), OwnerOf(arguments, handles.size())));
  };
  std::apply([&](Tensors&... each) { (add(std::move(each)), ...); }, results);
  return MakeArray(arguments.env, handles);
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
      return std::make_unique<TypedCall>(op.handle.typed<Result(Parameters...)>());
    } catch (const c10::Error&) {
      return nullptr;
    }
  }

  explicit TypedCall(c10::TypedOperatorHandle<Result(Parameters...)> handle) : handle_(handle) {}

  napi_value Call(const Arguments& arguments, const Op& op) override {
    return Call(arguments, op, std::index_sequence_for<Parameters...>());
  }

 private:
  template <size_t... indices>
  napi_value Call(const Arguments& arguments, const Op& op, std::index_sequence<indices...> /*order*/) {
    std::tuple<Reader<Parameters>...> readers{Position{arguments, op.arguments[indices], indices}...};
    return Returned(arguments, handle_.call(std::get<indices>(readers).get()...));
  }

  c10::TypedOperatorHandle<Result(Parameters...)> handle_;
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

napi_value OwnerOf(const Arguments& arguments, size_t index) {
  napi_value owners = arguments[1];
  if (TypeOf(arguments.env, owners) != napi_object) return owners;
  napi_value owner = nullptr;
  Check(arguments.env, napi_get_element(arguments.env, owners, static_cast<uint32_t>(index), &owner));
  return owner;
}

napi_value OwnedTensor(const Arguments& arguments, at::Tensor result, napi_value owner) {
  if (!result.defined()) return MakeHandle(arguments.env, 0);
  const bool owned = TypeOf(arguments.env, owner) == napi_object;
  return MakeHandle(arguments.env, arguments.environment->tensors.Add(std::move(result), owned ? owner : nullptr));
}

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
