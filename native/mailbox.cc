#include "mailbox.h"

#include <ATen/core/List.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "convert.h"
#include "values.h"

namespace libtorch_node {
namespace {

[[noreturn]] void ThrowBroken() { ThrowValue("the arguments of this call are not what an op's call leaves behind"); }

c10::IValue TakeList(const Enclosed& enclosed, const Conversion& list) {
  const Conversion& element = *list.inner;
  switch (element.kind) {
    case Kind::kInt: {
      const Ints ints = TakeInts(enclosed, list);
      return std::vector<int64_t>(ints.begin(), ints.end());
    }
    case Kind::kTensor: {
      c10::List<at::Tensor> tensors;
      for (at::Tensor& tensor : TakeTensors(enclosed, false)) tensors.push_back(std::move(tensor));
      return tensors;
    }
    case Kind::kOptional: {
      c10::List<std::optional<at::Tensor>> tensors;
      for (at::Tensor& tensor : TakeTensors(enclosed, true)) {
        tensors.push_back(tensor.defined() ? std::make_optional(std::move(tensor)) : std::nullopt);
      }
      return tensors;
    }
    case Kind::kFloat: {
      if (enclosed.kind == Mail::kInt || enclosed.kind == Mail::kFloat) {
        return std::vector<double>(list.repeat, enclosed.letter.NextNumber());
      }
      if (enclosed.kind == Mail::kEmpty) return std::vector<double>();
      if (enclosed.kind != Mail::kInts && enclosed.kind != Mail::kFloats) enclosed.Refuse("an array of numbers");
      std::vector<double> numbers(enclosed.letter.NextLength());
      for (double& number : numbers) number = enclosed.letter.NextNumber();
      return numbers;
    }
    case Kind::kBool: {
      c10::List<bool> flags;
      if (enclosed.kind == Mail::kBool) {
        const bool flag = TakeBool(enclosed);
        for (int32_t i = 0; i < list.repeat; ++i) flags.push_back(flag);
        return flags;
      }
      if (enclosed.kind == Mail::kEmpty) return flags;
      if (enclosed.kind != Mail::kBools) enclosed.Refuse("an array of booleans");
      for (size_t left = enclosed.letter.NextLength(); left > 0; --left) {
        flags.push_back(enclosed.letter.NextNumber() != 0);
      }
      return flags;
    }
    default:
      enclosed.Refuse("another kind of list");
  }
}

at::Generator TakeGenerator(const Enclosed& enclosed) {
  if (enclosed.kind != Mail::kGenerator) enclosed.Refuse("a generator");
  const uint64_t id = enclosed.letter.NextHandle();
  if (id > std::numeric_limits<uint32_t>::max()) ThrowBroken();
  return enclosed.environment.generators.Get(static_cast<uint32_t>(id));
}

c10::IValue TakeAs(const Enclosed& enclosed, const Conversion& conversion) {
  switch (conversion.kind) {
    case Kind::kTensor:
    case Kind::kNumberTensor:
      return TakeTensor(enclosed);
    case Kind::kInt:
      return TakeInt(enclosed);
    case Kind::kFloat:
      return TakeDouble(enclosed);
    case Kind::kBool:
      return TakeBool(enclosed);
    case Kind::kScalar:
      return TakeScalar(enclosed);
    case Kind::kGenerator:
      return TakeGenerator(enclosed);
    case Kind::kOptional:
      return enclosed.kind == Mail::kNull ? c10::IValue() : TakeAs(enclosed, *conversion.inner);
    case Kind::kList:
      return TakeList(enclosed, conversion);
    default:
      enclosed.Refuse("another kind of value");
  }
}

}  // namespace

Mailbox::Mailbox(napi_env env) {
  napi_value buffer = MakeArrayBuffer(env, kSize * sizeof(double), &data_);
  napi_value array = nullptr;
  Check(env, napi_create_typedarray(env, napi_float64_array, kSize, buffer, 0, &array));
  Check(env, napi_create_reference(env, array, 1, &array_));
}

Letter::Letter(const Mailbox& mailbox) : next_(mailbox.begin()), end_(mailbox.end()), left_(0) { left_ = NextIndex(); }

double Letter::NextNumber() {
  if (next_ == end_) ThrowBroken();
  return *next_++;
}

uint64_t Letter::NextIndex() {
  const double number = NextNumber();
  if (!(number >= 0 && number <= kMaxSafeInteger)) ThrowBroken();
  return static_cast<uint64_t>(number);
}

int64_t Letter::NextInt() {
  const double number = NextNumber();
  if (!(std::abs(number) <= kMaxSafeInteger)) ThrowBroken();
  return static_cast<int64_t>(number);
}

size_t Letter::NextLength() {
  const uint64_t length = NextIndex();
  if (length > static_cast<size_t>(end_ - next_)) ThrowBroken();
  return length;
}

const c10::IValue& Enclosed::Default() const {
  if (argument.default_value.has_value()) return *argument.default_value;
  ThrowType("misses its argument `" + argument.name + "`");
}

void Enclosed::Refuse(const char* expected) const {
  ThrowType(std::string("expected ") + expected + " for argument `" + argument.name + "`");
}

at::Tensor TakeTensor(const Enclosed& enclosed) {
  if (enclosed.kind == Mail::kTensor) {
    const Handle handle = enclosed.letter.NextHandle();
    if (handle == 0) ThrowNoTensor(enclosed.argument.name.c_str());
    return TensorOf(enclosed.environment, handle);
  }
  if (enclosed.argument.conversion.kind == Kind::kNumberTensor) return NumberTensor(TakeScalar(enclosed));
  enclosed.Refuse("a tensor");
}

at::Tensor TakeOptionalTensor(const Enclosed& enclosed) {
  return enclosed.kind == Mail::kNull ? at::Tensor() : TakeTensor(enclosed);
}

at::Scalar TakeScalar(const Enclosed& enclosed) {
  if (enclosed.kind == Mail::kInt) return enclosed.letter.NextInt();
  if (enclosed.kind == Mail::kFloat) return enclosed.letter.NextNumber();
  if (enclosed.kind == Mail::kBool) return enclosed.letter.NextNumber() != 0;
  enclosed.Refuse("a number or boolean");
}

int64_t TakeInt(const Enclosed& enclosed) {
  if (enclosed.kind != Mail::kInt) enclosed.Refuse("an integer");
  return enclosed.letter.NextInt();
}

double TakeDouble(const Enclosed& enclosed) {
  if (enclosed.kind != Mail::kFloat && enclosed.kind != Mail::kInt) enclosed.Refuse("a number");
  return enclosed.letter.NextNumber();
}

bool TakeBool(const Enclosed& enclosed) {
  if (enclosed.kind != Mail::kBool) enclosed.Refuse("a boolean");
  return enclosed.letter.NextNumber() != 0;
}

Ints TakeInts(const Enclosed& enclosed, const Conversion& list) {
  if (enclosed.kind == Mail::kEmpty) return {};
  if (enclosed.kind == Mail::kInt && list.repeat > 0) return Ints(list.repeat, enclosed.letter.NextInt());
  if (enclosed.kind != Mail::kInts) enclosed.Refuse("an array of integers");
  Ints ints(enclosed.letter.NextLength());
  for (int64_t& value : ints) value = enclosed.letter.NextInt();
  return ints;
}

Tensors TakeTensors(const Enclosed& enclosed, bool optional) {
  if (enclosed.kind == Mail::kEmpty) return {};
  if (enclosed.kind != Mail::kTensors && !(optional && enclosed.kind == Mail::kOptionalTensors)) {
    enclosed.Refuse("an array of tensors");
  }
  Tensors tensors;
  for (size_t left = enclosed.letter.NextLength(); left > 0; --left) {
    const Handle handle = enclosed.letter.NextHandle();
    if (handle == 0 && !optional) ThrowNoTensor(enclosed.argument.name.c_str());
    tensors.push_back(handle == 0 ? at::Tensor() : TensorOf(enclosed.environment, handle));
  }
  return tensors;
}

c10::IValue TakeValue(const Enclosed& enclosed) {
  return enclosed.is_given() ? TakeAs(enclosed, enclosed.argument.conversion) : enclosed.Default();
}

void PutResults(const Mailbox& mailbox, c10::ArrayRef<Handle> results) {
  if (results.size() > Mailbox::kSize) ThrowValue("an op with so many results cannot be called by mail");
  std::transform(results.begin(), results.end(), mailbox.begin(),
                 [](Handle handle) { return static_cast<double>(handle); });
}

}  // namespace libtorch_node
