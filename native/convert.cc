#include "convert.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/List.h>
#include <ATen/core/ivalue_inl.h>
#include <ATen/core/jit_type.h>

namespace libtorch_node {
namespace {

c10::List<int64_t> ToInts(const Arguments& arguments, napi_value value, const char* name) {
  c10::List<int64_t> list;
  for (napi_value element : ReadArray(arguments.env, value, name)) {
    list.push_back(ReadInt(arguments.env, element, name));
  }
  return list;
}

c10::IValue ToList(const Arguments& arguments, napi_value value, const Conversion& conversion, const char* name) {
  napi_env env = arguments.env;
  const Conversion& element = *conversion.inner;
  if (conversion.repeat > 0 && TypeOf(env, value) != napi_object) {
    const c10::IValue single = ToIValue(arguments, value, element, name);
    if (element.kind == Kind::kInt) return std::vector<int64_t>(conversion.repeat, single.toInt());
    if (element.kind == Kind::kFloat) return std::vector<double>(conversion.repeat, single.toDouble());
    if (element.kind == Kind::kBool) {
      c10::List<bool> list;
      for (int32_t i = 0; i < conversion.repeat; ++i) list.push_back(single.toBool());
      return list;
    }
  }
  switch (element.kind) {
    case Kind::kInt:
      return ToInts(arguments, value, name);
    case Kind::kTensor: {
      c10::List<at::Tensor> list;
      for (napi_value item : ReadArray(env, value, name)) list.push_back(ReadTensor(arguments, item, name));
      return list;
    }
    case Kind::kOptional: {
      if (element.inner->kind != Kind::kTensor) break;
      c10::List<std::optional<at::Tensor>> list;
      for (napi_value item : ReadArray(env, value, name)) {
        at::Tensor tensor = ReadOptionalTensor(arguments, item, name);
        list.push_back(tensor.defined() ? std::make_optional(std::move(tensor)) : std::nullopt);
      }
      return list;
    }
    case Kind::kFloat: {
      c10::List<double> list;
      for (napi_value item : ReadArray(env, value, name)) list.push_back(ReadDouble(env, item, name));
      return list;
    }
    case Kind::kBool: {
      c10::List<bool> list;
      for (napi_value item : ReadArray(env, value, name)) list.push_back(ReadBool(env, item, name));
      return list;
    }
    case Kind::kScalar: {
      c10::List<at::Scalar> list;
      for (napi_value item : ReadArray(env, value, name)) list.push_back(ReadScalar(env, item, name));
      return list;
    }
    case Kind::kString: {
      c10::List<std::string> list;
      for (napi_value item : ReadArray(env, value, name)) list.push_back(ReadString(env, item, name));
      return list;
    }
    default:
      break;
  }
  ThrowType(std::string("argument `") + name + "` has a type that cannot be passed from JavaScript");
}

}  // namespace

Conversion ConversionOf(const c10::TypePtr& type, std::optional<int32_t> size) {
  Conversion conversion;
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
      conversion.kind = Kind::kTensor;
      break;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      conversion.kind = Kind::kInt;
      conversion.symbolic = type->kind() == c10::TypeKind::SymIntType;
      break;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType:
      conversion.kind = Kind::kFloat;
      break;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType:
      conversion.kind = Kind::kBool;
      break;
    case c10::TypeKind::NumberType:
      conversion.kind = Kind::kScalar;
      break;
    case c10::TypeKind::StringType:
      conversion.kind = Kind::kString;
      break;
    case c10::TypeKind::ScalarTypeType:
      conversion.kind = Kind::kDtype;
      break;
    case c10::TypeKind::DeviceObjType:
      conversion.kind = Kind::kDevice;
      break;
    case c10::TypeKind::LayoutType:
      conversion.kind = Kind::kLayout;
      break;
    case c10::TypeKind::MemoryFormatType:
      conversion.kind = Kind::kMemoryFormat;
      break;
    case c10::TypeKind::GeneratorType:
      conversion.kind = Kind::kGenerator;
      break;
    case c10::TypeKind::OptionalType:
      conversion.kind = Kind::kOptional;
      conversion.inner =
          std::make_unique<Conversion>(ConversionOf(type->expectRef<c10::OptionalType>().getElementType(), size));
      break;
    case c10::TypeKind::ListType:
      conversion.kind = Kind::kList;
      conversion.inner =
          std::make_unique<Conversion>(ConversionOf(type->expectRef<c10::ListType>().getElementType(), std::nullopt));
      conversion.repeat = size.value_or(0);
      break;
    default:
      break;
  }
  return conversion;
}

at::Tensor NumberTensor(const at::Scalar& number) { return at::native::wrapped_scalar_tensor(number); }

c10::IValue ToIValue(const Arguments& arguments, napi_value value, const Conversion& conversion, const char* name) {
  napi_env env = arguments.env;
  switch (conversion.kind) {
    case Kind::kTensor:
      return ReadTensor(arguments, value, name);
    case Kind::kNumberTensor:
      return NumberTensor(ReadScalar(env, value, name));
    case Kind::kInt:
      return ReadInt(env, value, name);
    case Kind::kFloat:
      return ReadDouble(env, value, name);
    case Kind::kBool:
      return ReadBool(env, value, name);
    case Kind::kScalar:
      return ReadScalar(env, value, name);
    case Kind::kString:
      return ReadString(env, value, name);
    case Kind::kDtype:
      return static_cast<int64_t>(ReadDtype(env, value, name));
    case Kind::kDevice:
      return ReadDevice(env, value, name);
    case Kind::kLayout:
      return static_cast<int64_t>(ReadLayout(env, value, name));
    case Kind::kMemoryFormat:
      return static_cast<int64_t>(ReadMemoryFormat(env, value, name));
    case Kind::kGenerator:
      return arguments.environment->generators.Get(ReadId(env, value, name));
    case Kind::kOptional:
      // A tensor's handle 0 stands for none, like null.
      if (conversion.inner->kind == Kind::kTensor) {
        at::Tensor tensor = ReadOptionalTensor(arguments, value, name);
        return tensor.defined() ? c10::IValue(std::move(tensor)) : c10::IValue();
      }
      return IsNullish(env, value) ? c10::IValue() : ToIValue(arguments, value, *conversion.inner, name);
    case Kind::kList:
      return ToList(arguments, value, conversion, name);
    case Kind::kUnsupported:
      break;
  }
  ThrowType(std::string("argument `") + name + "` has a type that cannot be passed from JavaScript");
}

napi_value FromIValue(const Arguments& arguments, const c10::IValue& value) {
  napi_env env = arguments.env;
  if (value.isTensor()) return MakeTensor(arguments, value.toTensor());
  if (value.isNone()) return Null(env);
  if (value.isInt()) return MakeInt(env, value.toInt());
  if (value.isDouble()) return MakeDouble(env, value.toDouble());
  if (value.isBool()) return MakeBool(env, value.toBool());
  if (value.isScalar()) return MakeScalar(env, value.toScalar());
  if (value.isString()) return MakeString(env, value.toStringRef());
  if (value.isDevice()) return MakeString(env, value.toDevice().str());
  std::vector<napi_value> elements;
  if (value.isTuple()) {
    for (const c10::IValue& element : value.toTupleRef().elements()) elements.push_back(FromIValue(arguments, element));
    return MakeArray(env, elements);
  }
  if (value.isList()) {
    for (const c10::IValue& element : value.toListRef()) elements.push_back(FromIValue(arguments, element));
    return MakeArray(env, elements);
  }
  ThrowType("the op returned a value of type " + value.tagKind() + ", which cannot be passed to JavaScript");
}

napi_value TypedFromIValue(const Arguments& arguments, const c10::IValue& value, const Conversion& conversion) {
  napi_env env = arguments.env;
  if (value.isNone()) return Null(env);
  switch (conversion.kind) {
    case Kind::kOptional:
      return TypedFromIValue(arguments, value, *conversion.inner);
    case Kind::kDtype:
      return MakeString(env, DtypeName(static_cast<c10::ScalarType>(value.toInt())));
    case Kind::kLayout:
      return MakeString(env, LayoutName(static_cast<c10::Layout>(value.toInt())));
    case Kind::kMemoryFormat:
      return MakeString(env, MemoryFormatName(static_cast<c10::MemoryFormat>(value.toInt())));
    default:
      return FromIValue(arguments, value);
  }
}

std::string TypeName(const c10::TypePtr& type, std::optional<int32_t> size) {
  if (type->kind() == c10::TypeKind::OptionalType) {
    return TypeName(type->expectRef<c10::OptionalType>().getElementType(), size) + "?";
  }
  if (type->kind() == c10::TypeKind::ListType) {
    const std::string element = TypeName(type->expectRef<c10::ListType>().getElementType(), std::nullopt);
    return element + "[" + (size.has_value() ? std::to_string(*size) : "") + "]";
  }
  return type->str();
}

}  // namespace libtorch_node
