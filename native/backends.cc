// Which kernels libtorch may take and how exactly they compute: what Python has under torch.backends.
//
// These are the library's own settings, which belong to the process.

#include <ATen/Context.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "dispatch.h"
#include "errors.h"
#include "exports.h"
#include "values.h"

namespace libtorch_node {
namespace {

at::Context& Context() { return at::globalContext(); }

bool AllowsReduced(at::CuBLASReductionOption option) {
  return option == at::CuBLASReductionOption::AllowReducedPrecisionWithSplitK;
}

// A setting under its name in Python, in camelCase; facts cannot be set.
struct Flag {
  std::string_view name;
  bool (*get)();
  void (*set)(bool) = nullptr;
};

constexpr auto kFlags = std::to_array<Flag>({
    {"cudnn.isAvailable", [] { return at::Context::hasCuDNN(); }},
    {"cudnn.enabled", [] { return Context().userEnabledCuDNN(); }, [](bool on) { Context().setUserEnabledCuDNN(on); }},
    {"cudnn.deterministic", [] { return Context().deterministicCuDNN(); },
     [](bool on) { Context().setDeterministicCuDNN(on); }},
    {"cudnn.benchmark", [] { return Context().benchmarkCuDNN(); }, [](bool on) { Context().setBenchmarkCuDNN(on); }},
    {"cudnn.allowTf32", [] { return Context().allowTF32CuDNN(); }, [](bool on) { Context().setAllowTF32CuDNN(on); }},
    {"cuda.matmul.allowTf32", [] { return Context().allowTF32CuBLAS(); },
     [](bool on) { Context().setAllowTF32CuBLAS(on); }},
    {"cuda.matmul.allowFp16ReducedPrecisionReduction",
     [] { return AllowsReduced(Context().allowFP16ReductionCuBLAS()); },
     [](bool on) { Context().setAllowFP16ReductionCuBLAS(on); }},
    {"cuda.matmul.allowBf16ReducedPrecisionReduction",
     [] { return AllowsReduced(Context().allowBF16ReductionCuBLAS()); },
     [](bool on) { Context().setAllowBF16ReductionCuBLAS(on); }},
    {"cuda.matmul.allowFp16Accumulation", [] { return Context().allowFP16AccumulationCuBLAS(); },
     [](bool on) { Context().setAllowFP16AccumulationCuBLAS(on); }},
    {"sdp.flash", [] { return Context().userEnabledFlashSDP(); }, [](bool on) { Context().setSDPUseFlash(on); }},
    {"sdp.memEfficient", [] { return Context().userEnabledMemEfficientSDP(); },
     [](bool on) { Context().setSDPUseMemEfficient(on); }},
    {"sdp.math", [] { return Context().userEnabledMathSDP(); }, [](bool on) { Context().setSDPUseMath(on); }},
    {"sdp.cudnn", [] { return Context().userEnabledCuDNNSDP(); }, [](bool on) { Context().setSDPUseCuDNN(on); }},
    {"sdp.overrideable", [] { return Context().userEnabledOverrideableSDP(); },
     [](bool on) { Context().setSDPUseOverrideable(on); }},
    {"sdp.allowFp16Bf16ReductionMath", [] { return Context().allowFP16BF16ReductionMathSDP(); },
     [](bool on) { Context().setAllowFP16BF16ReductionMathSDP(on); }},
    {"mkldnn.isAvailable", [] { return at::Context::hasMKLDNN(); }},
    {"mkldnn.enabled", [] { return Context().userEnabledMkldnn(); },
     [](bool on) { Context().setUserEnabledMkldnn(on); }},
    {"mkldnn.deterministic", [] { return Context().deterministicMkldnn(); },
     [](bool on) { Context().setDeterministicMkldnn(on); }},
    {"mkldnn.allowTf32", [] { return Context().allowTF32OneDNN(); }, [](bool on) { Context().setAllowTF32OneDNN(on); }},
    {"mkl.isAvailable", [] { return at::Context::hasMKL(); }},
    {"openmp.isAvailable", [] { return at::Context::hasOpenMP(); }},
});

const Flag& FlagNamed(Arguments& arguments) {
  const std::string name = ReadString(arguments.env, arguments[0], "name");
  for (const Flag& flag : kFlags) {
    if (flag.name == name) return flag;
  }
  ThrowValue("there is no setting " + name.substr(0, 64));
}

// backendFlagNames(): names of all settings.
napi_value BackendFlagNames(Arguments& arguments) {
  std::vector<napi_value> names;
  names.reserve(kFlags.size());
  for (const Flag& flag : kFlags) names.push_back(MakeString(arguments.env, std::string(flag.name)));
  return MakeArray(arguments.env, names);
}

// backendFlag(name)
napi_value BackendFlag(Arguments& arguments) { return MakeBool(arguments.env, FlagNamed(arguments).get()); }

// setBackendFlag(name, on)
napi_value SetBackendFlag(Arguments& arguments) {
  const Flag& flag = FlagNamed(arguments);
  if (flag.set == nullptr) ThrowValue(std::string(flag.name) + " cannot be set");
  flag.set(ReadBool(arguments.env, arguments[1], "on"));
  return Undefined(arguments.env);
}

// One of those that libtorch knows; it answers others with an internal error.
std::string ReadOneOf(Arguments& arguments, size_t index, const char* name, std::initializer_list<const char*> known) {
  std::string text = ReadString(arguments.env, arguments[index], name);
  std::string expected;
  for (const char* each : known) {
    if (text == each) return text;
    expected += expected.empty() ? each : std::string(", ") + each;
  }
  ThrowValue("expected one of " + expected + " for argument `" + name + "`, received " + text.substr(0, 64));
}

at::Float32Backend ReadBackend(Arguments& arguments) {
  return at::str2backend(ReadOneOf(arguments, 0, "backend", {"generic", "cuda", "mkldnn"}));
}

at::Float32Op ReadFloat32Op(Arguments& arguments) {
  return at::str2op(ReadOneOf(arguments, 1, "op", {"all", "conv", "rnn", "matmul"}));
}

// fp32Precision(backend, op)
napi_value Fp32Precision(Arguments& arguments) {
  const at::Float32Backend backend = ReadBackend(arguments);
  return MakeString(arguments.env, at::precision2str(Context().float32Precision(backend, ReadFloat32Op(arguments))));
}

// setFp32Precision(backend, op, precision)
napi_value SetFp32Precision(Arguments& arguments) {
  const at::Float32Backend backend = ReadBackend(arguments);
  const at::Float32Op op = ReadFloat32Op(arguments);
  const std::string precision = ReadOneOf(arguments, 2, "precision", {"none", "ieee", "tf32", "bf16"});
  Context().setFloat32Precision(backend, op, at::str2precision(precision));
  return Undefined(arguments.env);
}

// sdpPriorityOrder(): numbers of at::SDPBackend.
napi_value SdpPriorityOrder(Arguments& arguments) {
  std::vector<int64_t> order;
  for (const at::SDPBackend backend : Context().sDPPriorityOrder()) order.push_back(static_cast<int64_t>(backend));
  return MakeInts(arguments.env, order);
}

// setSdpPriorityOrder(order): all of them, each once.
napi_value SetSdpPriorityOrder(Arguments& arguments) {
  const std::vector<int64_t> order = ReadInts(arguments.env, arguments[0], "order");
  const auto known = Context().sDPPriorityOrder();
  const bool all = order.size() == known.size() && std::all_of(known.begin(), known.end(), [&](at::SDPBackend each) {
                     return std::count(order.begin(), order.end(), static_cast<int64_t>(each)) == 1;
                   });
  if (!all) ThrowValue("expected each kernel of attention once for argument `order`");
  Context().setSDPPriorityOrder(order);
  return Undefined(arguments.env);
}

}  // namespace

void RegisterBackends(Exports& exports) {
  exports.Add<BackendFlagNames>("backendFlagNames");
  exports.Add<BackendFlag>("backendFlag");
  exports.Add<SetBackendFlag>("setBackendFlag");
  exports.Add<Fp32Precision>("fp32Precision");
  exports.Add<SetFp32Precision>("setFp32Precision");
  exports.Add<SdpPriorityOrder>("sdpPriorityOrder");
  exports.Add<SetSdpPriorityOrder>("setSdpPriorityOrder");
}

}  // namespace libtorch_node
