// What the whole library computes by: the default dtype and device, determinism, precision, threads between ops.
//
// All but the default device are the library's own and belong to the process, as in Python.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/DefaultDtype.h>
#include <c10/core/ScalarTypeToTypeMeta.h>
#include <c10/util/Exception.h>

#include "dispatch.h"
#include "errors.h"
#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

napi_value GetDefaultDtype(Arguments& arguments) {
  return MakeString(arguments.env, DtypeName(c10::get_default_dtype_as_scalartype()));
}

napi_value SetDefaultDtype(Arguments& arguments) {
  const c10::ScalarType dtype = ReadDtype(arguments.env, arguments[0], "dtype");
  if (!c10::isFloatingType(dtype) || c10::isFloat8Type(dtype)) {
    ThrowType(std::string("expected a floating dtype for argument `dtype`, received ") + DtypeName(dtype));
  }
  c10::set_default_dtype(c10::scalarTypeToTypeMeta(dtype));
  return Undefined(arguments.env);
}

// setDefaultDevice(device): null for the library's own default.
napi_value SetDefaultDevice(Arguments& arguments) {
  Environment& environment = *arguments.environment;
  std::optional<c10::Device> device;
  if (!IsNullish(arguments.env, arguments[0])) device = ReadDevice(arguments.env, arguments[0], "device");
  environment.default_device = device;
  for (const auto& op : environment.ops) op->SetDefaultDevice(device);
  return Undefined(arguments.env);
}

// deterministicAlgorithms(): 0 off, 1 warns, 2 fails.
napi_value DeterministicAlgorithms(Arguments& arguments) {
  const at::Context& context = at::globalContext();
  if (!context.deterministicAlgorithms()) return MakeInt(arguments.env, 0);
  return MakeInt(arguments.env, context.deterministicAlgorithmsWarnOnly() ? 1 : 2);
}

napi_value SetDeterministicAlgorithms(Arguments& arguments) {
  const int64_t mode = ReadInt(arguments.env, arguments[0], "mode");
  at::globalContext().setDeterministicAlgorithms(mode != 0, mode == 1);
  return Undefined(arguments.env);
}

const char* NameOf(at::Float32MatmulPrecision precision) {
  switch (precision) {
    case at::Float32MatmulPrecision::HIGHEST:
      return "highest";
    case at::Float32MatmulPrecision::HIGH:
      return "high";
    case at::Float32MatmulPrecision::MEDIUM:
      return "medium";
  }
  return "";
}

napi_value Float32MatmulPrecision(Arguments& arguments) {
  return MakeString(arguments.env, NameOf(at::globalContext().float32MatmulPrecision()));
}

napi_value SetFloat32MatmulPrecision(Arguments& arguments) {
  const std::string precision = ReadString(arguments.env, arguments[0], "precision");
  // What it does not know libtorch warns of, in a way that a very long name does not survive.
  if (precision != "highest" && precision != "high" && precision != "medium") {
    ThrowValue("expected highest, high or medium for `precision`");
  }
  at::globalContext().setFloat32MatmulPrecision(precision);
  return Undefined(arguments.env);
}

napi_value SetFlushDenormal(Arguments& arguments) {
  return MakeBool(arguments.env, at::Context::setFlushDenormal(ReadBool(arguments.env, arguments[0], "mode")));
}

napi_value GetNumInteropThreads(Arguments& arguments) {
  return MakeInt(arguments.env, static_cast<int64_t>(at::get_num_interop_threads()));
}

napi_value SetNumInteropThreads(Arguments& arguments) {
  const int64_t count = ReadInt(arguments.env, arguments[0], "count");
  if (count < 1 || count > 4096) {
    ThrowValue("expected 1 to 4096 threads for argument `count`, received " + std::to_string(count));
  }
  at::set_num_interop_threads(static_cast<int>(count));
  return Undefined(arguments.env);
}

napi_value IsWarnAlways(Arguments& arguments) { return MakeBool(arguments.env, c10::WarningUtils::get_warnAlways()); }

napi_value SetWarnAlways(Arguments& arguments) {
  c10::WarningUtils::set_warnAlways(ReadBool(arguments.env, arguments[0], "enabled"));
  return Undefined(arguments.env);
}

}  // namespace

void RegisterSettings(Exports& exports) {
  exports.Add<GetDefaultDtype>("getDefaultDtype");
  exports.Add<SetDefaultDtype>("setDefaultDtype");
  exports.Add<SetDefaultDevice>("setDefaultDevice");
  exports.Add<DeterministicAlgorithms>("deterministicAlgorithms");
  exports.Add<SetDeterministicAlgorithms>("setDeterministicAlgorithms");
  exports.Add<Float32MatmulPrecision>("float32MatmulPrecision");
  exports.Add<SetFloat32MatmulPrecision>("setFloat32MatmulPrecision");
  exports.Add<SetFlushDenormal>("setFlushDenormal");
  exports.Add<GetNumInteropThreads>("getNumInteropThreads");
  exports.Add<SetNumInteropThreads>("setNumInteropThreads");
  exports.Add<IsWarnAlways>("isWarnAlways");
  exports.Add<SetWarnAlways>("setWarnAlways");
}

}  // namespace libtorch_node
