// The tensor table as JavaScript sees it: ownership, scopes, memory.

#include <ATen/DeviceAccelerator.h>

#include <cstring>

#include "allocator.h"
#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

std::vector<Handle> ReadHandles(const Arguments& arguments, napi_value list) {
  std::vector<Handle> handles;
  for (napi_value value : ReadArray(arguments.env, list, "kept")) {
    handles.push_back(ReadHandle(arguments.env, value, "kept"));
  }
  return handles;
}

// adopt(handles, owners, count): owners of the tensors that are alive, the first `count` of a Float64Array and an
// array.
napi_value Adopt(Arguments& arguments) {
  napi_env env = arguments.env;
  TensorTable& tensors = arguments.environment->tensors;
  const Bytes bytes = ReadBytes(env, arguments[0], "handles");
  const int64_t count = ReadInt(env, arguments[2], "count");
  if (count < 0 || static_cast<size_t>(count) * sizeof(double) > bytes.size) {
    ThrowValue("expected as many handles as `count` says, received " + std::to_string(count) + " for it");
  }
  for (uint32_t i = 0; i < count; ++i) {
    double number = 0;
    std::memcpy(&number, bytes.data + i * sizeof(double), sizeof(double));
    const Handle handle = number >= 0 && number <= kMaxSafeInteger ? static_cast<Handle>(number) : 0;
    if (!tensors.LacksOwner(handle)) continue;
    const HandleScope scope(env);
    napi_value owner = nullptr;
    Check(env, napi_get_element(env, arguments[1], i, &owner));
    if (TypeOf(env, owner) != napi_object) {
      ThrowType("expected objects for argument `owners`, received " + Describe(env, owner));
    }
    tensors.Adopt(handle, owner);
  }
  return Undefined(env);
}

napi_value Dispose(Arguments& arguments) {
  const Handle handle = ReadHandle(arguments.env, arguments[0], "tensor");
  return MakeBool(arguments.env, arguments.environment->tensors.Dispose(handle));
}

napi_value IsAlive(Arguments& arguments) {
  const Handle handle = ReadHandle(arguments.env, arguments[0], "tensor");
  return MakeBool(arguments.env, arguments.environment->tensors.IsAlive(handle));
}

napi_value ScopeEnter(Arguments& arguments) {
  return MakeInt(arguments.env, arguments.environment->tensors.EnterScope());
}

napi_value ScopeExit(Arguments& arguments) {
  const uint32_t depth = ReadId(arguments.env, arguments[0], "depth");
  arguments.environment->tensors.ExitScope(depth, ReadHandles(arguments, arguments[1]));
  return Undefined(arguments.env);
}

napi_value Keep(Arguments& arguments) {
  arguments.environment->tensors.Keep(ReadHandle(arguments.env, arguments[0], "tensor"));
  return Undefined(arguments.env);
}

napi_value AsyncScopeEnter(Arguments& arguments) {
  return MakeHandle(arguments.env, arguments.environment->tensors.EnterAsyncScope());
}

napi_value AsyncScopeExit(Arguments& arguments) {
  const ScopeId scope = ReadHandle(arguments.env, arguments[0], "scope");
  arguments.environment->tensors.ExitAsyncScope(scope, ReadHandles(arguments, arguments[1]));
  return Undefined(arguments.env);
}

napi_value ScopesDetach(Arguments& arguments) {
  return MakeInt(arguments.env, arguments.environment->tensors.DetachScopes());
}

napi_value ScopesReattach(Arguments& arguments) {
  arguments.environment->tensors.ReattachScopes(ReadId(arguments.env, arguments[0], "base"));
  return Undefined(arguments.env);
}

napi_value SetScopeQuery(Arguments& arguments) {
  arguments.environment->tensors.SetScopeQuery(ReadFunction(arguments.env, arguments[0], "query"));
  return Undefined(arguments.env);
}

napi_value Memory(Arguments& arguments) {
  napi_env env = arguments.env;
  const TensorTable::Usage usage = arguments.environment->tensors.Measure();
  napi_value bytes = MakeObject(env);
  napi_value allocated = MakeObject(env);
  napi_value peak = MakeObject(env);
  const auto report = [&](const std::string& device, int64_t now, int64_t most) {
    SetProperty(env, allocated, device.c_str(), MakeInt(env, now));
    SetProperty(env, peak, device.c_str(), MakeInt(env, most));
  };
  const AllocatedBytes cpu = CpuBytes();
  if (cpu.counted) report("cpu", cpu.current, cpu.peak);
  for (const auto& [device, count] : usage.bytes) {
    SetProperty(env, bytes, device.c_str(), MakeInt(env, count));
    const c10::Device place(device);
    if (!place.is_cuda()) continue;
    const auto stats = at::accelerator::getDeviceStats(place.index());
    const auto& all = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    report(device, all.current, all.peak);
  }
  napi_value result = MakeObject(env);
  SetProperty(env, result, "tensors", MakeInt(env, static_cast<int64_t>(usage.tensors)));
  SetProperty(env, result, "bytes", bytes);
  SetProperty(env, result, "allocated", allocated);
  SetProperty(env, result, "peak", peak);
  SetProperty(env, result, "sweeps", MakeInt(env, static_cast<int64_t>(usage.sweeps)));
  SetProperty(env, result, "swept", MakeInt(env, static_cast<int64_t>(usage.swept)));
  return result;
}

napi_value ResetPeak(Arguments& arguments) {
  ResetCpuPeak();
  for (const auto& [device, count] : arguments.environment->tensors.Measure().bytes) {
    const c10::Device place(device);
    if (place.is_cuda()) at::accelerator::resetPeakStats(place.index());
  }
  return Undefined(arguments.env);
}

// largestTensors(count): [{ shape, dtype, device, bytes }]
napi_value LargestTensors(Arguments& arguments) {
  napi_env env = arguments.env;
  const uint32_t count = ReadId(env, arguments[0], "count");
  std::vector<napi_value> described;
  for (const at::Tensor& tensor : arguments.environment->tensors.Largest(count)) {
    napi_value entry = MakeObject(env);
    SetProperty(env, entry, "shape", MakeInts(env, tensor.sizes()));
    SetProperty(env, entry, "dtype", MakeString(env, DtypeName(tensor.scalar_type())));
    SetProperty(env, entry, "device", MakeString(env, tensor.device().str()));
    SetProperty(env, entry, "bytes", MakeInt(env, static_cast<int64_t>(tensor.storage().nbytes())));
    described.push_back(entry);
  }
  return MakeArray(env, described);
}

// storageOf(tensor): { id, bytes }, null where it has none
napi_value StorageOf(Arguments& arguments) {
  napi_env env = arguments.env;
  const at::Tensor tensor = ReadShape(arguments, arguments[0], "tensor");
  if (tensor.is_meta() || !tensor.has_storage()) return Null(env);
  const auto& storage = tensor.storage();
  napi_value result = MakeObject(env);
  SetProperty(env, result, "id", MakeInt(env, reinterpret_cast<intptr_t>(storage.unsafeGetStorageImpl())));
  SetProperty(env, result, "bytes", MakeInt(env, static_cast<int64_t>(storage.nbytes())));
  return result;
}

napi_value Sweep(Arguments& arguments) {
  return MakeInt(arguments.env, static_cast<int64_t>(arguments.environment->tensors.Sweep()));
}

napi_value SetSweepThreshold(Arguments& arguments) {
  const int64_t bytes = ReadInt(arguments.env, arguments[0], "bytes");
  if (bytes <= 0)
    ThrowValue("expected a positive number of bytes for argument `bytes`, received " + std::to_string(bytes));
  arguments.environment->tensors.SetSweepThreshold(bytes);
  return Undefined(arguments.env);
}

napi_value SetCollectors(Arguments& arguments) {
  arguments.environment->tensors.SetCollectors(ReadFunction(arguments.env, arguments[0], "young"),
                                               ReadFunction(arguments.env, arguments[1], "all"));
  return Undefined(arguments.env);
}

}  // namespace

void RegisterTensors(Exports& exports) {
  exports.Add<Adopt>("adopt");
  exports.Add<Dispose>("dispose");
  exports.Add<IsAlive>("isAlive");
  exports.Add<ScopeEnter>("scopeEnter");
  exports.Add<ScopeExit>("scopeExit");
  exports.Add<AsyncScopeEnter>("asyncScopeEnter");
  exports.Add<AsyncScopeExit>("asyncScopeExit");
  exports.Add<ScopesDetach>("scopesDetach");
  exports.Add<ScopesReattach>("scopesReattach");
  exports.Add<SetScopeQuery>("setScopeQuery");
  exports.Add<Keep>("keep");
  exports.Add<Memory>("memory");
  exports.Add<ResetPeak>("resetPeak");
  exports.Add<LargestTensors>("largestTensors");
  exports.Add<StorageOf>("storageOf");
  exports.Add<Sweep>("sweep");
  exports.Add<SetSweepThreshold>("setSweepThreshold");
  exports.Add<SetCollectors>("setCollectors");
}

}  // namespace libtorch_node
