// Streams and events of CUDA devices.

#include <ATen/DeviceAccelerator.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "device.h"
#include "device_objects.h"
#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

DeviceObjects& Objects(const Arguments& arguments) { return *arguments.environment->device_objects; }

const c10::Stream& ReadStream(const Arguments& arguments, size_t position) {
  return Objects(arguments).Stream(ReadInt(arguments.env, arguments[position], "stream"));
}

c10::Event& ReadEvent(const Arguments& arguments, size_t position, const char* name) {
  return Objects(arguments).Event(ReadInt(arguments.env, arguments[position], name));
}

napi_value MakeStream(const Arguments& arguments, const c10::Stream& stream) {
  return MakeInt(arguments.env, Objects(arguments).Add(stream));
}

c10::impl::VirtualGuardImpl Cuda() { return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA); }

c10::Device ReadCudaDevice(const Arguments& arguments) { return {c10::DeviceType::CUDA, ReadCudaIndex(arguments, 0)}; }

// streamCreate(device, priority)
napi_value StreamCreate(Arguments& arguments) {
  const c10::Device device = ReadCudaDevice(arguments);
  const int64_t priority = ReadInt(arguments.env, arguments[1], "priority");
  if (priority < -100 || priority > 100) ThrowValue("expected a small integer for argument `priority`");
  return MakeStream(arguments, Cuda().getNewStream(device, static_cast<int>(priority)));
}

napi_value StreamCurrent(Arguments& arguments) {
  const c10::Device device = ReadCudaDevice(arguments);
  return MakeStream(arguments, Cuda().getStream(device));
}

napi_value StreamDefault(Arguments& arguments) {
  const c10::Device device = ReadCudaDevice(arguments);
  return MakeStream(arguments, Cuda().getDefaultStream(device));
}

// The current stream of its device; which device is current stays as it is.
napi_value StreamSetCurrent(Arguments& arguments) {
  const c10::Stream& stream = ReadStream(arguments, 0);
  Cuda().exchangeStream(stream);
  return Undefined(arguments.env);
}

napi_value StreamQuery(Arguments& arguments) { return MakeBool(arguments.env, ReadStream(arguments, 0).query()); }

napi_value StreamSynchronize(Arguments& arguments) {
  ReadStream(arguments, 0).synchronize();
  return Undefined(arguments.env);
}

// streamWaitEvent(stream, event)
napi_value StreamWaitEvent(Arguments& arguments) {
  ReadStream(arguments, 0).wait(ReadEvent(arguments, 1, "event"));
  return Undefined(arguments.env);
}

// recordStream(tensor, stream)
napi_value RecordStream(Arguments& arguments) {
  const at::Tensor tensor = ReadTensor(arguments, arguments[0], "self");
  if (!tensor.is_cuda())
    ThrowType("recordStream() takes a tensor on a CUDA device, received one on " + tensor.device().str());
  tensor.record_stream(ReadStream(arguments, 1));
  return Undefined(arguments.env);
}

napi_value EventCreate(Arguments& arguments) {
  RequireCuda();
  const bool timing = ReadBool(arguments.env, arguments[0], "enableTiming");
  const auto flag = timing ? c10::EventFlag::BACKEND_DEFAULT : c10::EventFlag::PYTORCH_DEFAULT;
  return MakeInt(arguments.env, Objects(arguments).Add(c10::Event(c10::DeviceType::CUDA, flag)));
}

napi_value EventFree(Arguments& arguments) {
  Objects(arguments).FreeEvent(ReadInt(arguments.env, arguments[0], "event"));
  return Undefined(arguments.env);
}

// eventRecord(event, stream)
napi_value EventRecord(Arguments& arguments) {
  c10::Event& event = ReadEvent(arguments, 0, "event");
  event.record(ReadStream(arguments, 1));
  return Undefined(arguments.env);
}

napi_value EventQuery(Arguments& arguments) {
  return MakeBool(arguments.env, ReadEvent(arguments, 0, "event").query());
}

napi_value EventSynchronize(Arguments& arguments) {
  ReadEvent(arguments, 0, "event").synchronize();
  return Undefined(arguments.env);
}

// eventElapsedTime(start, end), in milliseconds
napi_value EventElapsedTime(Arguments& arguments) {
  const c10::Event& start = ReadEvent(arguments, 0, "start");
  return MakeDouble(arguments.env, start.elapsedTime(ReadEvent(arguments, 1, "end")));
}

}  // namespace

void RegisterStreams(Exports& exports) {
  exports.Add<StreamCreate>("streamCreate");
  exports.Add<StreamCurrent>("streamCurrent");
  exports.Add<StreamDefault>("streamDefault");
  exports.Add<StreamSetCurrent>("streamSetCurrent");
  exports.Add<StreamQuery>("streamQuery");
  exports.Add<StreamSynchronize>("streamSynchronize");
  exports.Add<StreamWaitEvent>("streamWaitEvent");
  exports.Add<RecordStream>("recordStream");
  exports.Add<EventCreate>("eventCreate");
  exports.Add<EventFree>("eventFree");
  exports.Add<EventRecord>("eventRecord");
  exports.Add<EventQuery>("eventQuery");
  exports.Add<EventSynchronize>("eventSynchronize");
  exports.Add<EventElapsedTime>("eventElapsedTime");
}

}  // namespace libtorch_node
