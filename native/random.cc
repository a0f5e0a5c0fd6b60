// Random number generators.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <mutex>

#include "exports.h"
#include "own_generator.h"
#include "values.h"

namespace libtorch_node {
namespace {

at::Generator ReadGenerator(const Arguments& arguments) {
  return arguments.environment->generators.Get(ReadId(arguments.env, arguments[0], "generator"));
}

napi_value ManualSeed(Arguments& arguments) {
  const uint64_t seed = ReadSeed(arguments.env, arguments[0], "seed");
  at::Generator own = OwnGenerator();
  if (own.defined()) {
    const std::lock_guard<std::mutex> lock(own.mutex());
    own.set_current_seed(seed);
  } else {
    at::manual_seed(seed);
  }
  return Undefined(arguments.env);
}

// ownGenerator(seed): see own_generator.h.
napi_value OwnGeneratorOf(Arguments& arguments) {
  SetOwnGenerator(at::detail::createCPUGenerator(ReadSeed(arguments.env, arguments[0], "seed")));
  return Undefined(arguments.env);
}

napi_value GeneratorCreate(Arguments& arguments) {
  const c10::Device device = ReadDevice(arguments.env, arguments[0], "device");
  at::Generator generator =
      device.is_cpu() ? at::detail::createCPUGenerator()
                      : at::globalContext().getAcceleratorHooksInterface(device.type()).getNewGenerator(device.index());
  return MakeInt(arguments.env, arguments.environment->generators.Add(std::move(generator)));
}

// generatorDefault(device): an id for the generator that ops on this device use when none is given.
napi_value GeneratorDefault(Arguments& arguments) {
  const c10::Device device = ReadDevice(arguments.env, arguments[0], "device");
  GeneratorTable& generators = arguments.environment->generators;
  return MakeInt(arguments.env,
                 generators.Add(device.is_cpu() ? generators.Get(0) : at::globalContext().defaultGenerator(device)));
}

napi_value GeneratorFree(Arguments& arguments) {
  arguments.environment->generators.Free(ReadId(arguments.env, arguments[0], "generator"));
  return Undefined(arguments.env);
}

napi_value GeneratorManualSeed(Arguments& arguments) {
  at::Generator generator = ReadGenerator(arguments);
  const uint64_t seed = ReadSeed(arguments.env, arguments[1], "seed");
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_current_seed(seed);
  return Undefined(arguments.env);
}

napi_value GeneratorInitialSeed(Arguments& arguments) {
  napi_value result = nullptr;
  Check(arguments.env, napi_create_bigint_uint64(arguments.env, ReadGenerator(arguments).current_seed(), &result));
  return result;
}

napi_value GeneratorGetState(Arguments& arguments) {
  at::Generator generator = ReadGenerator(arguments);
  at::Tensor state;
  {
    const std::lock_guard<std::mutex> lock(generator.mutex());
    state = generator.get_state().contiguous();
  }
  void* data = nullptr;
  napi_value result = MakeArrayBuffer(arguments.env, state.nbytes(), &data);
  std::memcpy(data, state.const_data_ptr(), state.nbytes());
  return result;
}

napi_value GeneratorSetState(Arguments& arguments) {
  at::Generator generator = ReadGenerator(arguments);
  const Bytes bytes = ReadBytes(arguments.env, arguments[1], "state");
  at::Tensor state = at::empty({static_cast<int64_t>(bytes.size)}, at::TensorOptions(at::kByte));
  if (bytes.size != 0) std::memcpy(state.mutable_data_ptr(), bytes.data, bytes.size);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
  return Undefined(arguments.env);
}

}  // namespace

void RegisterRandom(Exports& exports) {
  exports.Add<ManualSeed>("manualSeed");
  exports.Add<OwnGeneratorOf>("ownGenerator");
  exports.Add<GeneratorCreate>("generatorCreate");
  exports.Add<GeneratorDefault>("generatorDefault");
  exports.Add<GeneratorFree>("generatorFree");
  exports.Add<GeneratorManualSeed>("generatorManualSeed");
  exports.Add<GeneratorInitialSeed>("generatorInitialSeed");
  exports.Add<GeneratorGetState>("generatorGetState");
  exports.Add<GeneratorSetState>("generatorSetState");
}

}  // namespace libtorch_node
