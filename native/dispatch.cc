#include "dispatch.h"

#include <algorithm>

#include "compute/deferred.h"
#include "convert.h"
#include "exports.h"
#include "mailbox.h"
#include "values.h"

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
  if (arguments.count > op.arguments.size() + kFirstArgument) {
    ThrowType(op.handle.schema().name() + "() takes " + std::to_string(op.arguments.size()) + " arguments, received " +
              std::to_string(arguments.count - kFirstArgument));
  }
  for (size_t i = 0; i < op.arguments.size(); ++i) {
    const OpArgument& argument = op.arguments[i];
    if (argument.conversion.kind == Kind::kTensor && i + kFirstArgument < arguments.count) {
      stack.emplace_back(ReadTensor(arguments, arguments[i + kFirstArgument], argument.name.c_str()));
    } else if (!IsUndefined(arguments, i + kFirstArgument) &&
               !(argument.null_is_default && IsNullish(arguments.env, arguments[i + kFirstArgument]))) {
      stack.push_back(ToIValue(arguments, arguments[i + kFirstArgument], argument.conversion, argument.name.c_str()));
    } else if (argument.default_value.has_value()) {
      stack.push_back(*argument.default_value);
    } else {
      ThrowType(op.handle.schema().name() + "() misses its argument `" + argument.name + "`");
    }
  }
}

napi_value CallNow(const Arguments& arguments, const Op& op) {
  BorrowedStack borrowed(*arguments.environment);
  auto& stack = borrowed.stack;
  PushArguments(arguments, op, stack);
  if (op.guard != nullptr) op.guard(op.handle.schema(), stack);
  op.handle.callBoxed(stack);

  if (op.returns_one_tensor) {
    if (op.returns_argument[0]) return MakeHandle(arguments.env, 0);
    return MakeTensor(arguments, std::move(stack[0]).toTensor());
  }
  if (stack.empty()) return Undefined(arguments.env);
  std::vector<napi_value> results;
  for (size_t i = 0; i < stack.size(); ++i) {
    if (op.returns_argument[i]) {
      results.push_back(MakeHandle(arguments.env, 0));
    } else if (stack[i].isTensor()) {
      results.push_back(MakeTensor(arguments, std::move(stack[i]).toTensor()));
    } else {
      // A dtype is an integer on the stack; only the schema tells it from a number.
      results.push_back(TypedFromIValue(arguments, stack[i], op.returns[i]));
    }
  }
  return results.size() == 1 ? results[0] : MakeArray(arguments.env, results);
}

napi_value QueueOp(const Arguments& arguments, const Op& op) {
  std::vector<c10::IValue> stack;
  {
    const ReadingShapes reading(arguments);
    PushArguments(arguments, op, stack);
  }
  return DeferOp(arguments, op, std::move(stack));
}

// Calls, and once more where memory ran out and some could be got back.
template <typename Call>
auto CallTwice(Environment& environment, const Op& op, const Call& call) {
  const uint64_t reclaims = environment.reclaims;
  try {
    return call();
  } catch (const c10::Error&) {
    // Our CPU allocator has made its second try by now; CUDA's and the system's come here. An op that writes to its
    // arguments may have done half of it, and cannot be called again.
    const bool again = CurrentFailure().code == "TORCH_OUT_OF_MEMORY" && environment.reclaims == reclaims;
    if (!again || op.handle.schema().is_mutable()) throw;
  }
  environment.Reclaim();
  return call();
}

// call(op, ...args)
napi_value CallOp(Arguments& arguments) {
  const Op& op = ReadOp(arguments);
  Environment& environment = *arguments.environment;
  if (environment.region) return QueueOp(arguments, op);
  return CallTwice(environment, op, [&] { return CallNow(arguments, op); });
}

void PushEnclosed(Environment& environment, const Op& op, Letter& letter, std::vector<c10::IValue>& stack) {
  for (const OpArgument& argument : op.arguments) stack.push_back(TakeValue(Enclosed(environment, argument, letter)));
}

Letter OpenLetter(const Environment& environment, const Op& op) {
  Letter letter(*environment.mailbox);
  if (letter.left() <= op.arguments.size()) return letter;
  ThrowType(op.handle.schema().name() + "() takes " + std::to_string(op.arguments.size()) + " arguments, received " +
            std::to_string(letter.left()));
}

Handles CallEnclosed(Environment& environment, const Op& op) {
  Letter letter = OpenLetter(environment, op);
  if (op.direct != nullptr) return op.direct->Call(environment, op, letter);
  BorrowedStack borrowed(environment);
  auto& stack = borrowed.stack;
  PushEnclosed(environment, op, letter, stack);
  if (op.guard != nullptr) op.guard(op.handle.schema(), stack);
  op.handle.callBoxed(stack);
  Handles handles;
  for (size_t i = 0; i < stack.size(); ++i) {
    if (!stack[i].isTensor())
      ThrowType(op.handle.schema().name() + "() returns no tensor, and must be called by call()");
    at::Tensor result = std::move(stack[i]).toTensor();
    handles.push_back(op.returns_argument[i] ? 0 : environment.tensors.Add(std::move(result)));
  }
  return handles;
}

// Queues a call; what is known of its results goes into the mailbox.
void QueueEnclosed(Arguments& arguments, const Op& op) {
  Environment& environment = *arguments.environment;
  std::vector<c10::IValue> stack;
  {
    const ReadingShapes reading(arguments);
    Letter letter = OpenLetter(environment, op);
    PushEnclosed(environment, op, letter, stack);
  }
  napi_value queued = DeferOp(arguments, op, std::move(stack));
  Handles handles;
  if (IsArray(arguments.env, queued)) {
    for (napi_value handle : ReadArray(arguments.env, queued, "results")) {
      handles.push_back(ReadHandle(arguments.env, handle, "results"));
    }
  } else {
    handles.push_back(ReadHandle(arguments.env, queued, "results"));
  }
  PutResults(*environment.mailbox, handles);
}

// callByMail(op): the arguments lie in the mailbox, and so do the results afterwards.
napi_value CallByMail(Arguments& arguments) {
  const Op& op = ReadOp(arguments);
  Environment& environment = *arguments.environment;
  if (!environment.mailbox) ThrowValue("there is no mailbox yet");
  if (environment.region) {
    QueueEnclosed(arguments, op);
    return nullptr;
  }
  const Handles handles = CallTwice(environment, op, [&] { return CallEnclosed(environment, op); });
  // Before the results are put: who is told may call ops.
  if (!environment.warnings.empty()) environment.warnings.Tell();
  PutResults(*environment.mailbox, handles);
  return nullptr;
}

// mailbox(): the Float64Array that callByMail() reads and writes.
napi_value MailboxArray(Arguments& arguments) {
  std::unique_ptr<Mailbox>& mailbox = arguments.environment->mailbox;
  if (!mailbox) mailbox = std::make_unique<Mailbox>(arguments.env);
  napi_value array = nullptr;
  Check(arguments.env, napi_get_reference_value(arguments.env, mailbox->array(), &array));
  return array;
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
    const std::optional<c10::IValue>& standard = op.arguments[i].default_value;
    if (standard.has_value()) {
      SetProperty(env, input, "default", TypedFromIValue(arguments, *standard, op.arguments[i].conversion));
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

void AddOp(Environment& environment, std::unique_ptr<Op> op) {
  if (environment.default_device.has_value()) op->SetDefaultDevice(environment.default_device);
  environment.ops.push_back(std::move(op));
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
    AddOp(environment, std::make_unique<Op>(*found));
    known = environment.op_ids.emplace(full, id).first;
  }
  return DescribeOp(arguments, known->second, *environment.ops[known->second]);
}

// opTakingNumber(name, argument): the id of this op with a number for its tensor argument; null where there is none.
napi_value OpTakingNumber(Arguments& arguments) {
  Environment& environment = *arguments.environment;
  const std::string full = ReadString(arguments.env, arguments[0], "name");
  const std::string argument = ReadString(arguments.env, arguments[1], "argument");
  const auto dot = full.find('.');
  const std::string overload = dot == std::string::npos ? "" : full.substr(dot + 1);
  const auto found = c10::Dispatcher::singleton().findSchema({full.substr(0, dot), overload});
  if (!found.has_value()) return Null(arguments.env);
  AddOp(environment, std::make_unique<Op>(*found, argument.c_str()));
  return MakeInt(arguments.env, static_cast<int64_t>(environment.ops.size() - 1));
}

}  // namespace

Op::Op(const c10::OperatorHandle& operator_handle, const char* number_argument)
    : handle(operator_handle), guard(GuardOf(operator_handle.operator_name())) {
  const c10::FunctionSchema& schema = handle.schema();
  for (const c10::Argument& argument : schema.arguments()) {
    arguments.push_back({argument.name(), ConversionOf(argument.real_type(), argument.N()), argument.default_value()});
    if (number_argument != nullptr && argument.name() == number_argument) {
      arguments.back().conversion.kind = Kind::kNumberTensor;
    }
  }
  const auto position = [&schema](const char* name) { return schema.argumentIndexWithName(name); };
  // Python's `normal` pays no heed to the default device either.
  if (schema.name() != "aten::normal" && !position("self") && position("dtype") && position("layout") &&
      position("pin_memory")) {
    if (const auto device = position("device")) device_argument_ = static_cast<size_t>(*device);
  }
  returns_one_tensor = schema.returns().size() == 1 && schema.returns()[0].type()->kind() == c10::TypeKind::TensorType;
  for (const c10::Argument& result : schema.returns()) {
    returns_argument.push_back(result.alias_info() != nullptr && result.alias_info()->isWrite());
    returns.push_back(ConversionOf(result.real_type(), result.N()));
  }
  // A guard reads the boxed stack.
  if (guard == nullptr) direct = DirectCall::For(*this);
}

void Op::SetDefaultDevice(const std::optional<c10::Device>& device) {
  if (!device_argument_) return;
  OpArgument& argument = arguments[*device_argument_];
  argument.default_value = device.has_value() ? c10::IValue(*device) : c10::IValue();
  argument.null_is_default = device.has_value();
}

void RegisterDispatch(Exports& exports) {
  exports.Add<CallOp>("call");
  exports.Add<CallByMail>("callByMail");
  exports.Add<MailboxArray>("mailbox");
  exports.Add<OpNames>("opNames");
  exports.Add<OpSchema>("opSchema");
  exports.Add<OpTakingNumber>("opTakingNumber");
}

}  // namespace libtorch_node
