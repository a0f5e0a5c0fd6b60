// Autocast's switches, one by one as Python has them; lib/amp makes a scope of them.

#include <ATen/autocast_mode.h>

#include <algorithm>

#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

namespace autocast = at::autocast;

c10::DeviceType ReadDeviceType(const Arguments& arguments) {
  const c10::DeviceType type = ReadDeviceName(arguments.env, arguments[0], "deviceType").type();
  const auto& supported = autocast::_AUTOCAST_SUPPORTED_DEVICES;
  if (std::find(supported.begin(), supported.end(), type) == supported.end()) {
    ThrowValue("autocast is not there for device type '" + c10::DeviceTypeName(type, true) + "'");
  }
  return type;
}

napi_value IsAutocastEnabled(Arguments& arguments) {
  return MakeBool(arguments.env, autocast::is_autocast_enabled(ReadDeviceType(arguments)));
}

napi_value SetAutocastEnabled(Arguments& arguments) {
  autocast::set_autocast_enabled(ReadDeviceType(arguments), ReadBool(arguments.env, arguments[1], "enabled"));
  return Undefined(arguments.env);
}

napi_value GetAutocastDtype(Arguments& arguments) {
  return MakeString(arguments.env, DtypeName(autocast::get_autocast_dtype(ReadDeviceType(arguments))));
}

napi_value SetAutocastDtype(Arguments& arguments) {
  autocast::set_autocast_dtype(ReadDeviceType(arguments), ReadDtype(arguments.env, arguments[1], "dtype"));
  return Undefined(arguments.env);
}

napi_value IsAutocastCacheEnabled(Arguments& arguments) {
  return MakeBool(arguments.env, autocast::is_autocast_cache_enabled());
}

napi_value SetAutocastCacheEnabled(Arguments& arguments) {
  autocast::set_autocast_cache_enabled(ReadBool(arguments.env, arguments[0], "enabled"));
  return Undefined(arguments.env);
}

napi_value ClearAutocastCache(Arguments& arguments) {
  autocast::clear_cache();
  return Undefined(arguments.env);
}

napi_value AutocastIncrementNesting(Arguments& arguments) {
  return MakeInt(arguments.env, autocast::increment_nesting());
}

napi_value AutocastDecrementNesting(Arguments& arguments) {
  return MakeInt(arguments.env, autocast::decrement_nesting());
}

}  // namespace

void RegisterAutocast(Exports& exports) {
  exports.Add<IsAutocastEnabled>("isAutocastEnabled");
  exports.Add<SetAutocastEnabled>("setAutocastEnabled");
  exports.Add<GetAutocastDtype>("getAutocastDtype");
  exports.Add<SetAutocastDtype>("setAutocastDtype");
  exports.Add<IsAutocastCacheEnabled>("isAutocastCacheEnabled");
  exports.Add<SetAutocastCacheEnabled>("setAutocastCacheEnabled");
  exports.Add<ClearAutocastCache>("clearAutocastCache");
  exports.Add<AutocastIncrementNesting>("autocastIncrementNesting");
  exports.Add<AutocastDecrementNesting>("autocastDecrementNesting");
}

}  // namespace libtorch_node
