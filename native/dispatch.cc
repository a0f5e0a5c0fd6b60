#include "dispatch.h"

#include <algorithm>

#include "compute/deferred.h"
#include "convert.h"
#include "exports.h"

namespace libtorch_node {
namespace {

// Takes the environment's spare stack for one call and gives it back. A call inside a call (a hook that runs ops)
// finds an empty vector and grows its own.
class BorrowedStack {
 public:
  explicit BorrowedStack(Environment& environment) : environment_(environment) {
    stack.swap(environment_.spare_stack);
    stack.clear();
  }
  ~BorrowedStack() {
    stack.clear();
    if (stack.capacity() > environment_.spare_stack.capacity()) stack.swap(environment_.spare_stack);
  }
  BorrowedStack(const BorrowedStack&) = delete;
  BorrowedStack& operator=(const BorrowedStack&) = delete;

  std::vector<c10::IValue> stack;

 private:
  Environment& environment_;
};

// Where an op's own arguments begin, after its id and the owner.
constexpr size_t kFirst = 2;

const Op& ReadOp(const Arguments& arguments) {
  const auto& ops = arguments.environment->ops;
  uint32_t id = 0;
  if (napi_get_value_uint32(arguments.env, arguments[0], &id) != napi_ok || id >= ops.size()) {
    ThrowType("expected an op's id from opSchema(), received " + Describe(arguments.env, arguments[0]));
  }
  return *ops[id];
}

bool IsUndefined(const Arguments& arguments, size_t index) {
  return index >= arguments.count || TypeOf(arguments.env, arguments[index]) == napi_undefined;
}

void PushArguments(const Arguments& arguments, const Op& op, std::vector<c10::IValue>& stack) {
  if (arguments.count > op.arguments.size() + kFirst) {
    ThrowType(op.handle.schema().name() + "() takes " + std::to_string(op.arguments.size()) + " arguments, received " +
              std::to_string(arguments.count - kFirst));
  }
  for (size_t i = 0; i < op.arguments.size(); ++i) {
    const OpArgument& argument = op.arguments[i];
    if (argument.conversion.kind == Kind::kTensor && i + kFirst < arguments.count) {
      stack.emplace_back(ReadTensor(arguments, arguments[i + kFirst], argument.name.c_str()));
    } else if (!IsUndefined(arguments, i + kFirst)) {
      stack.push_back(ToIValue(arguments, arguments[i + kFirst], argument.conversion, argument.name.c_str()));
    } else if (argument.default_value.has_value()) {
      stack.push_back(*argument.default_value);
    } else {
      ThrowType(op.handle.schema().name() + "() misses its argument `" + argument.name + "`");
    }
  }
}

// The tensor at `index`, by reference: it holds until the next Add, and an op's forward adds nothing.
static_assert(TensorTable::kBorrowed == 2, "direct calls take up to two tensors");
const at::Tensor& BorrowTensor(const Arguments& arguments, const Op& op, size_t index) {
  const char* name = op.arguments[index].name.c_str();
  const Handle handle = ReadHandle(arguments.env, arguments[index + kFirst], name);
  if (handle == 0) ThrowNoTensor(name);
  return arguments.environment->tensors.Borrow(handle, index);
}

at::Scalar ScalarOrDefault(const Arguments& arguments, const Op& op, size_t index) {
  const OpArgument& argument = op.arguments[index];
  if (IsUndefined(arguments, index + kFirst) && argument.default_value.has_value()) {
    return argument.default_value->toScalar();
  }
  return ReadScalar(arguments.env, arguments[index + kFirst], argument.name.c_str());
}

// Calls an op by its C++ signature; nothing where it has none of the usual ones. An undefined tensor is a result, and
// cannot stand for "not called": the op would run twice.
std::optional<at::Tensor> CallDirect(const Arguments& arguments, const Op& op) {
  const size_t given = arguments.count - kFirst;
  if (const auto* binary = std::get_if<BinaryOp>(&op.direct); binary != nullptr && given == 2) {
    return binary->call(BorrowTensor(arguments, op, 0), BorrowTensor(arguments, op, 1));
  }
  if (const auto* scaled = std::get_if<ScaledBinaryOp>(&op.direct); scaled != nullptr && given >= 2 && given <= 3) {
    return scaled->call(BorrowTensor(arguments, op, 0), BorrowTensor(arguments, op, 1),
                        ScalarOrDefault(arguments, op, 2));
  }
  if (const auto* unary = std::get_if<UnaryOp>(&op.direct); unary != nullptr && given == 1) {
    return unary->call(BorrowTensor(arguments, op, 0));
  }
  if (const auto* scalar = std::get_if<ScalarOp>(&op.direct); scalar != nullptr && given == 2) {
    return scalar->call(BorrowTensor(arguments, op, 0), ScalarOrDefault(arguments, op, 1));
  }
  return std::nullopt;
}

napi_value OwnerOf(const Arguments& arguments) {
  return TypeOf(arguments.env, arguments[1]) == napi_object ? arguments[1] : nullptr;
}

napi_value OneTensor(const Arguments& arguments, at::Tensor result) {
  if (!result.defined()) return MakeHandle(arguments.env, 0);
  return MakeHandle(arguments.env, arguments.environment->tensors.Add(std::move(result), OwnerOf(arguments)));
}

napi_value CallNow(const Arguments& arguments, const Op& op) {
  if (auto result = CallDirect(arguments, op); result.has_value()) return OneTensor(arguments, *std::move(result));
  BorrowedStack borrowed(*arguments.environment);
  auto& stack = borrowed.stack;
  PushArguments(arguments, op, stack);
  op.handle.callBoxed(stack);

  if (op.returns_one_tensor) {
    if (op.returns_argument[0]) return MakeHandle(arguments.env, 0);
    return OneTensor(arguments, std::move(stack[0]).toTensor());
  }
  if (stack.empty()) return Undefined(arguments.env);
  std::vector<napi_value> results;
  for (size_t i = 0; i < stack.size(); ++i) {
    results.push_back(op.returns_argument[i] ? MakeHandle(arguments.env, 0) : FromIValue(arguments, stack[i]));
  }
  return results.size() == 1 ? results[0] : MakeArray(arguments.env, results);
}

napi_value QueueOp(const Arguments& arguments, const Op& op) {
  std::vector<c10::IValue> stack;
  {
    const ReadingShapes reading(arguments);
    PushArguments(arguments, op, stack);
  }
  return DeferOp(arguments, op, std::move(stack), OwnerOf(arguments));
}

// call(op, owner, ...args)
napi_value CallOp(Arguments& arguments) {
  const Op& op = ReadOp(arguments);
  Environment& environment = *arguments.environment;
  if (environment.region) return QueueOp(arguments, op);
  const uint64_t reclaims = environment.reclaims;
  try {
    return CallNow(arguments, op);
  } catch (const c10::Error&) {
    // Our CPU allocator has made its second try by now; CUDA's and the system's come here. An op that writes to its
    // arguments may have done half of it, and cannot be called again.
    const bool again = CurrentFailure().code == "TORCH_OUT_OF_MEMORY" && environment.reclaims == reclaims;
    if (!again || op.handle.schema().is_mutable()) throw;
  }
  environment.Reclaim();
  return CallNow(arguments, op);
}

napi_value OpNames(Arguments& arguments) {
  std::vector<std::string> names;
  for (const c10::OperatorName& name : c10::Dispatcher::singleton().getAllOpNames()) {
    names.push_back(name.overload_name.empty() ? name.name : name.name + "." + name.overload_name);
  }
  std::sort(names.begin(), names.end());
  std::vector<napi_value> values;
  values.reserve(names.size());
  for (const std::string& name : names) values.push_back(MakeString(arguments.env, name));
  return MakeArray(arguments.env, values);
}

// The name of the argument that a result aliases and that the op writes to, as `self` in `add_(Tensor(a!) self, …)`.
napi_value AliasOf(const Arguments& arguments, const c10::FunctionSchema& schema, const c10::Argument& result) {
  const auto* alias = result.alias_info();
  if (alias != nullptr && alias->isWrite()) {
    for (const c10::Argument& argument : schema.arguments()) {
      const auto* candidate = argument.alias_info();
      if (candidate != nullptr && candidate->beforeSets() == alias->beforeSets()) {
        return MakeString(arguments.env, argument.name());
      }
    }
  }
  return Null(arguments.env);
}

napi_value DescribeOp(const Arguments& arguments, uint32_t id, const Op& op) {
  napi_env env = arguments.env;
  const c10::FunctionSchema& schema = op.handle.schema();
  std::vector<napi_value> inputs;
  for (size_t i = 0; i < op.arguments.size(); ++i) {
    const c10::Argument& argument = schema.arguments()[i];
    napi_value input = MakeObject(env);
    SetProperty(env, input, "name", MakeString(env, argument.name()));
    SetProperty(env, input, "type", MakeString(env, TypeName(argument.real_type(), argument.N())));
    SetProperty(env, input, "kwargOnly", MakeBool(env, argument.kwarg_only()));
    SetProperty(env, input, "written",
                MakeBool(env, argument.alias_info() != nullptr && argument.alias_info()->isWrite()));
    if (op.arguments[i].default_value.has_value()) {
      SetProperty(env, input, "default",
                  DefaultFromIValue(arguments, *op.arguments[i].default_value, op.arguments[i].conversion));
    }
    inputs.push_back(input);
  }
  std::vector<napi_value> outputs;
  for (const c10::Argument& result : schema.returns()) {
    napi_value output = MakeObject(env);
    SetProperty(env, output, "name", MakeString(env, result.name()));
    SetProperty(env, output, "type", MakeString(env, TypeName(result.real_type(), result.N())));
    SetProperty(env, output, "alias", AliasOf(arguments, schema, result));
    outputs.push_back(output);
  }
  napi_value described = MakeObject(env);
  SetProperty(env, described, "id", MakeInt(env, id));
  SetProperty(env, described, "name", MakeString(env, schema.name()));
  SetProperty(env, described, "overload", MakeString(env, schema.overload_name()));
  SetProperty(env, described, "arguments", MakeArray(env, inputs));
  SetProperty(env, described, "returns", MakeArray(env, outputs));
  return described;
}

napi_value OpSchema(Arguments& arguments) {
  Environment& environment = *arguments.environment;
  const std::string full = ReadString(arguments.env, arguments[0], "name");
  auto known = environment.op_ids.find(full);
  if (known == environment.op_ids.end()) {
    const auto dot = full.find('.');
    const std::string name = full.substr(0, dot);
    const std::string overload = dot == std::string::npos ? "" : full.substr(dot + 1);
    const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!found.has_value()) return Null(arguments.env);
    const auto id = static_cast<uint32_t>(environment.ops.size());
    environment.ops.push_back(std::make_unique<Op>(*found));
    known = environment.op_ids.emplace(full, id).first;
  }
  return DescribeOp(arguments, known->second, *environment.ops[known->second]);
}

}  // namespace

namespace {

// True where the op has this schema and was registered with this C++ signature: typed() throws on any other.
template <typename Signature>
c10::TypedOperatorHandle<Signature> TypedFor(const c10::OperatorHandle& handle, c10::TypedOperatorHandle<Signature>*) {
  return handle.typed<Signature>();
}

template <typename Typed>
bool TryDirect(Op& op, std::initializer_list<Kind> kinds) {
  const bool fits = std::equal(op.arguments.begin(), op.arguments.end(), kinds.begin(), kinds.end(),
                               [](const OpArgument& argument, Kind kind) { return argument.conversion.kind == kind; });
  if (!fits) return false;
  try {
    op.direct = TypedFor(op.handle, static_cast<Typed*>(nullptr));
    return true;
  } catch (const c10::Error&) {
    return false;
  }
}

}  // namespace

Op::Op(const c10::OperatorHandle& operator_handle) : handle(operator_handle) {
  const c10::FunctionSchema& schema = handle.schema();
  for (const c10::Argument& argument : schema.arguments()) {
    arguments.push_back(
        {argument.name(), ConversionOf(argument.real_type(), argument.N()),
         argument.default_value().has_value() ? std::make_optional(*argument.default_value()) : std::nullopt});
  }
  returns_one_tensor = schema.returns().size() == 1 && schema.returns()[0].type()->kind() == c10::TypeKind::TensorType;
  for (const c10::Argument& result : schema.returns()) {
    returns_argument.push_back(result.alias_info() != nullptr && result.alias_info()->isWrite());
  }
  // An aliased result would be a reference in C++.
  if (!returns_one_tensor || schema.is_mutable()) return;
  TryDirect<UnaryOp>(*this, {Kind::kTensor}) || TryDirect<BinaryOp>(*this, {Kind::kTensor, Kind::kTensor}) ||
      TryDirect<ScaledBinaryOp>(*this, {Kind::kTensor, Kind::kTensor, Kind::kScalar}) ||
      TryDirect<ScalarOp>(*this, {Kind::kTensor, Kind::kScalar});
}

void RegisterDispatch(Exports& exports) {
  exports.Add<CallOp>("call");
  exports.Add<OpNames>("opNames");
  exports.Add<OpSchema>("opSchema");
}

}  // namespace libtorch_node
