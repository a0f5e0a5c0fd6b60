#include "shared_memory.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "exports.h"
#include "values.h"

namespace libtorch_node {

void BufferReleases::Release(napi_ref buffer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  if (std::this_thread::get_id() == thread_) {
    napi_delete_reference(env_, buffer);
  } else {
    waiting_.push_back(buffer);
  }
}

void BufferReleases::Drain() {
  std::vector<napi_ref> buffers;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    buffers.swap(waiting_);
  }
  for (napi_ref buffer : buffers) napi_delete_reference(env_, buffer);
}

void BufferReleases::Close() {
  Drain();
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
}

namespace {

// What a storage is made on and keeps alive: a JavaScript buffer, or another tensor.
struct Ground {
  std::shared_ptr<BufferReleases> releases;
  napi_ref buffer = nullptr;
  at::Tensor whole;
  bool is_javascript;
};

// Also tells these storages from all others.
void DeleteGround(void* context) {
  const std::unique_ptr<Ground> ground(static_cast<Ground*>(context));
  if (ground->buffer != nullptr) ground->releases->Release(ground->buffer);
}

at::Tensor MakeOn(std::unique_ptr<Ground> ground, void* data, at::IntArrayRef sizes, const at::TensorOptions& options) {
  return at::for_blob(data, sizes).context(ground.release(), &DeleteGround).options(options).make_tensor();
}

// Kernels read elements at addresses that are multiples of their size, complex ones of half of it.
constexpr size_t kWidestAlignment = 8;

// fromShared(dtype, sizes, bytes): a tensor on the memory of a typed array.
napi_value FromShared(Arguments& arguments) {
  napi_env env = arguments.env;
  const c10::ScalarType dtype = ReadDtype(env, arguments[0], "dtype");
  const std::vector<int64_t> sizes = ReadInts(env, arguments[1], "shape");
  const Bytes bytes = ReadBytes(env, arguments[2], "buffer");
  const at::TensorOptions options(dtype);
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  if (count < 0 || static_cast<size_t>(count) * c10::elementSize(dtype) != bytes.size) {
    ThrowValue("expected a buffer of " + std::to_string(count) + " elements of " + DtypeName(dtype) + ", received " +
               std::to_string(bytes.size) + " bytes");
  }
  if (count == 0) return MakeTensor(arguments, at::empty(sizes, options));
  const size_t alignment = std::min(c10::elementSize(dtype), kWidestAlignment);
  if (reinterpret_cast<uintptr_t>(bytes.data) % alignment != 0) {
    ThrowValue(std::string("elements of ") + DtypeName(dtype) + " must begin at a multiple of " +
               std::to_string(alignment) + " bytes, and this buffer does not; frombytes() copies from anywhere");
  }
  const std::shared_ptr<BufferReleases> releases = arguments.environment->tensors.releases;
  releases->Drain();
  napi_ref buffer = nullptr;
  Check(env, napi_create_reference(env, arguments[2], 1, &buffer));
  auto ground = std::make_unique<Ground>(Ground{releases, buffer, {}, true});
  return MakeTensor(arguments, MakeOn(std::move(ground), const_cast<uint8_t*>(bytes.data), sizes, options));
}

// storageSlice(tensor, start, count): a tensor whose storage is a part of this one's memory, and nothing of the rest:
// the pieces of a mapped file must not look like views of each other, or saving one would save the file.
napi_value StorageSlice(Arguments& arguments) {
  napi_env env = arguments.env;
  const at::Tensor whole = ReadTensor(arguments, arguments[0], "self");
  const int64_t start = ReadInt(env, arguments[1], "start");
  const int64_t count = ReadInt(env, arguments[2], "count");
  if (!whole.device().is_cpu() || whole.dim() != 1 || !whole.is_contiguous()) {
    ThrowValue("expected a contiguous tensor of one dimension on the CPU");
  }
  if (start < 0 || count < 0 || start > whole.numel() - count) {
    ThrowValue("expected a part of " + std::to_string(whole.numel()) + " elements, received " + std::to_string(count) +
               " from " + std::to_string(start) + " on");
  }
  if (count == 0) return MakeTensor(arguments, at::empty({0}, whole.options()));
  uint8_t* data = static_cast<uint8_t*>(whole.mutable_data_ptr()) + start * whole.element_size();
  auto ground = std::make_unique<Ground>(Ground{nullptr, nullptr, whole, IsOnJavaScriptMemory(whole)});
  return MakeTensor(arguments, MakeOn(std::move(ground), data, {count}, whole.options()));
}

// While JavaScript looks at a storage's memory, resize_() must not move it.
class FixedStorage {
 public:
  explicit FixedStorage(const c10::Storage& storage)
      : storage_(storage), was_resizable_(storage.unsafeGetStorageImpl()->resizable()) {
    storage_.unsafeGetStorageImpl()->set_resizable(false);
  }
  ~FixedStorage() {
    if (was_resizable_) storage_.unsafeGetStorageImpl()->set_resizable(true);
  }
  FixedStorage(const FixedStorage&) = delete;
  FixedStorage& operator=(const FixedStorage&) = delete;

  // A leak, where the other choice is a wild pointer in JavaScript's hands.
  void NeverFree() const { new c10::Storage(storage_); }

 private:
  // Of its own: the tensor may be put on another storage meanwhile.
  const c10::Storage storage_;
  const bool was_resizable_;
};

napi_value CopiedBuffer(napi_env env, const at::Tensor& tensor) {
  void* data = nullptr;
  napi_value buffer = nullptr;
  Check(env, napi_create_arraybuffer(env, tensor.nbytes(), &data, &buffer));
  if (tensor.nbytes() != 0) std::memcpy(data, tensor.const_data_ptr(), tensor.nbytes());
  return buffer;
}

napi_value CallWith(napi_env env, napi_value function, napi_value argument, napi_status* status) {
  napi_value result = nullptr;
  *status = napi_call_function(env, Undefined(env), function, 1, &argument, &result);
  return result;
}

// withBytes(tensor, copy, use): calls `use` with the elements' bytes, which are gone afterwards.
napi_value WithBytes(Arguments& arguments) {
  napi_env env = arguments.env;
  const at::Tensor tensor = PlainElements(ReadTensor(arguments, arguments[0], "self"));
  const bool copy = ReadBool(env, arguments[1], "copy");
  napi_value use = arguments[2];
  if (TypeOf(env, use) != napi_function) {
    ThrowType("expected a function for argument `use`, received " + Describe(env, use));
  }
  napi_status status = napi_ok;
  if (copy || tensor.nbytes() == 0) {
    napi_value result = CallWith(env, use, CopiedBuffer(env, tensor), &status);
    Check(env, status);
    return result;
  }
  const FixedStorage fixed(tensor.storage());
  napi_value buffer = nullptr;
  Check(env, napi_create_external_arraybuffer(
                 env, const_cast<void*>(tensor.const_data_ptr()), tensor.nbytes(), [](napi_env, void*, void*) {},
                 nullptr, &buffer));
  napi_value result = CallWith(env, use, buffer, &status);
  // `use` throws nothing, so a failure means that the thread is being ended, as by process.exit() in a worker:
  // napi_detach_arraybuffer would abort the process then.
  if (status != napi_ok || napi_detach_arraybuffer(env, buffer) != napi_ok) fixed.NeverFree();
  Check(env, status);
  return result;
}

}  // namespace

bool IsOnJavaScriptMemory(const at::Tensor& tensor) {
  if (!tensor.has_storage()) return false;
  const at::DataPtr& data = tensor.storage().data_ptr();
  return data.get_deleter() == &DeleteGround && static_cast<const Ground*>(data.get_context())->is_javascript;
}

void RegisterSharedMemory(Exports& exports) {
  exports.Add<FromShared>("fromShared");
  exports.Add<StorageSlice>("storageSlice");
  exports.Add<WithBytes>("withBytes");
}

}  // namespace libtorch_node
