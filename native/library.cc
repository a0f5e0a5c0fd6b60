// The loaded libtorch: its versions, its threads, and its CUDA part where there is one.

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#if defined(__linux__) || defined(__APPLE__)
#include <dlfcn.h>
#endif

#include <string>

#include "allocator.h"
#include "bernoulli.h"
#include "exports.h"
#include "library.h"
#include "own_generator.h"
#include "values.h"

namespace libtorch_node {
namespace {

struct CudaLibrary {
  bool loaded = false;
  std::string reason;
};

// The addon links libtorch_cpu only. Where libtorch_cuda lies beside it, loading it is enough: the CUDA backend
// registers itself. So one binary serves both builds.
CudaLibrary LoadCuda() {
#if defined(__linux__)
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::get_num_threads), &info) == 0 || info.dli_fname == nullptr) {
    return {false, "the folder of libtorch_cpu could not be found"};
  }
  std::string path = info.dli_fname;
  path = path.substr(0, path.rfind('/') + 1) + "libtorch_cuda.so";
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return {true, ""};
  const char* error = dlerror();
  const std::string text = error == nullptr ? "" : error;
  if (text.find("libtorch_cuda.so: cannot open shared object file") != std::string::npos) {
    return {false, "this libtorch is a CPU build"};
  }
  return {false, text};
#else
  return {false, "CUDA is supported on Linux only"};
#endif
}

const CudaLibrary& Cuda() {
  static const CudaLibrary library = LoadCuda();
  return library;
}

// The backend is there: asks it for a GPU, and for its words where it finds none.
std::string ReasonOfBackend() {
  const auto& hooks = at::detail::getCUDAHooks();
  try {
    if (hooks.deviceCount() > 0) return "";
    hooks.init();
  } catch (const c10::Error& error) {
    return MessageOf(error);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no GPU was found";
}

// The version of the library that is loaded; torch/version.h only knows the one that was compiled against.
std::string LoadedVersion() {
  const std::string config = at::show_config();
  const std::string key = "TORCH_VERSION=";
  const auto start = config.find(key);
  if (start == std::string::npos) return "unknown";
  const auto end = config.find_first_of(", \n", start);
  return config.substr(start + key.size(), end - start - key.size());
}

napi_value LibraryInfo(Arguments& arguments) {
  napi_env env = arguments.env;
  napi_value info = MakeObject(env);
  SetProperty(env, info, "loaded", MakeString(env, LoadedVersion()));
  SetProperty(env, info, "compiled", MakeString(env, TORCH_VERSION));
  SetProperty(env, info, "cpuCapability", MakeString(env, at::get_cpu_capability()));
  SetProperty(env, info, "blockwiseBernoulli", MakeBool(env, InstallBernoulli()));
  SetProperty(env, info, "cudaLoaded", MakeBool(env, Cuda().loaded));
  SetProperty(env, info, "cudaReason", MakeString(env, CudaReason()));
  return info;
}

napi_value GetNumThreads(Arguments& arguments) { return MakeInt(arguments.env, at::get_num_threads()); }

napi_value SetNumThreads(Arguments& arguments) {
  const int64_t count = ReadInt(arguments.env, arguments[0], "count");
  if (count < 1 || count > 4096) {
    ThrowValue("expected 1 to 4096 threads for argument `count`, received " + std::to_string(count));
  }
  at::set_num_threads(static_cast<int>(count));
  return Undefined(arguments.env);
}

// at::set_num_threads(1) for the calling thread alone: what MKL is told by it holds for the whole process, and would
// change the bits of what other threads compute meanwhile.
void UseOneThread() {
  // Puts the process's number in place, once per thread; later would be too late.
  static_cast<void>(at::get_num_threads());
#if defined(__linux__)
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::get_num_threads), &info) != 0) {
    // Its own OpenMP, of which a process may have several.
    void* const library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    using Setter = void (*)(int);
    const auto openmp = reinterpret_cast<Setter>(library == nullptr ? nullptr : dlsym(library, "omp_set_num_threads"));
    const auto mkl =
        reinterpret_cast<int (*)(int)>(library == nullptr ? nullptr : dlsym(library, "MKL_Set_Num_Threads_Local"));
    if (openmp != nullptr) openmp(1);
    if (mkl != nullptr) mkl(1);
    if (library != nullptr) dlclose(library);
    if (openmp != nullptr) return;
  }
#endif
  at::set_num_threads(1);
}

napi_value UseOneThreadHere(Arguments& arguments) {
  UseOneThread();
  return Undefined(arguments.env);
}

}  // namespace

const std::string& CudaReason() {
  static const std::string reason = Cuda().loaded ? ReasonOfBackend() : Cuda().reason;
  return reason;
}

void RegisterLibrary(Exports& exports) {
  InstallAllocator();
  InstallBernoulli();
  InstallOwnGenerators();
  Cuda();
  exports.Add<LibraryInfo>("libraryInfo");
  exports.Add<GetNumThreads>("getNumThreads");
  exports.Add<SetNumThreads>("setNumThreads");
  exports.Add<UseOneThreadHere>("useOneThread");
}

}  // namespace libtorch_node
