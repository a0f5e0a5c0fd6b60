#include "guards.h"

#include <ATen/ops/isfinite.h>
#include <ATen/ops/max.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "errors.h"

// Each entry was found by `npm run fuzz` and is told of in docs/known-libtorch-crashes.md, with what libtorch does
// without it. Where libtorch has a check of its own in a sister op, its words are used.

namespace libtorch_node {
namespace {

class Call {
 public:
  Call(const c10::FunctionSchema& schema, const std::vector<c10::IValue>& stack) : schema_(schema), stack_(stack) {}

  // The argument of this name; null where the overload has none, or None was given.
  const c10::IValue* Find(std::string_view name) const {
    for (size_t i = 0; i < schema_.arguments().size(); ++i) {
      if (schema_.arguments()[i].name() == name) return stack_[i].isNone() ? nullptr : &stack_[i];
    }
    return nullptr;
  }

  std::optional<int64_t> Int(std::string_view name) const {
    const c10::IValue* value = Find(name);
    return value != nullptr && value->isInt() ? std::make_optional(value->toInt()) : std::nullopt;
  }

  // Undefined where there is no such tensor.
  at::Tensor Tensor(std::string_view name) const {
    const c10::IValue* value = Find(name);
    return value != nullptr && value->isTensor() ? value->toTensor() : at::Tensor();
  }

  // Its number of spatial dimensions, of a name such as `aten::reflection_pad2d_backward`; 0 where it tells none.
  size_t SpatialDimensions() const {
    const size_t place = schema_.name().find("d_backward");
    return place == std::string::npos || place == 0 ? 0 : static_cast<size_t>(schema_.name()[place - 1] - '0');
  }

  bool EndsIn(std::string_view end) const { return std::string_view(schema_.name()).ends_with(end); }

  [[noreturn]] void Refuse(const std::string& why) const { ThrowValue(schema_.name() + "(): " + why); }

 private:
  const c10::FunctionSchema& schema_;
  const std::vector<c10::IValue>& stack_;
};

// The tensors of a list argument; none where it is no list of tensors.
std::vector<at::Tensor> TensorsOf(const Call& call, std::string_view name) {
  const c10::IValue* list = call.Find(name);
  return list != nullptr && list->isTensorList() ? list->toTensorVector() : std::vector<at::Tensor>();
}

std::string ShapeOf(c10::IntArrayRef sizes) {
  std::ostringstream text;
  text << sizes;
  return text.str();
}

// Kernels read so many elements of the list, whatever its length.
void RequireLength(const Call& call, const char* name, size_t length) {
  const c10::IValue* list = call.Find(name);
  if (list == nullptr || !list->isIntList() || list->toIntList().size() == length) return;
  call.Refuse("expected " + std::to_string(length) + " elements in `" + name + "`, received " +
              std::to_string(list->toIntList().size()));
}

template <void (*check)(const Call&)>
void Checked(const c10::FunctionSchema& schema, const std::vector<c10::IValue>& stack) {
  check(Call(schema, stack));
}

// Into a quantized `out` an empty list is read at its first tensor.
void Cat(const Call& call) {
  const c10::IValue* tensors = call.Find("tensors");
  if (tensors != nullptr && tensors->isTensorList() && tensors->toTensorList().empty()) {
    call.Refuse("expected a non-empty list of tensors");
  }
}

// LAPACK's balancing runs off the matrix at a NaN. linalg_eig has this check, linalg_eigvals has not.
void Eigvals(const Call& call) {
  const at::Tensor self = call.Tensor("self");
  const bool readable = self.defined() && self.is_cpu() && self.layout() == at::kStrided && !self.is_quantized();
  if (readable && !at::isfinite(self).all().item<bool>()) {
    call.Refuse("the input tensor should not contain infs or NaNs");
  }
}

// The exponent is negated, which the least integer does not survive: it recurses until the stack is full.
void MatrixPower(const Call& call) {
  if (call.Int("n") == std::numeric_limits<int64_t>::min()) call.Refuse("the exponent -2^63 has no negative");
}

// Along a dimension that was expanded, elements are taken to lie one after the other: what follows the one is read.
void Median(const Call& call) {
  const at::Tensor self = call.Tensor("self");
  const std::optional<int64_t> dim = call.Int("dim");
  if (!self.defined() || !self.is_cpu() || self.layout() != at::kStrided || !dim.has_value()) return;
  const int64_t place = *dim < 0 ? *dim + self.dim() : *dim;
  if (place < 0 || place >= self.dim() || self.size(place) < 2 || self.stride(place) != 0) return;
  call.Refuse("dimension " + std::to_string(*dim) + " of a tensor of " + ShapeOf(self.sizes()) +
              " is expanded, where PyTorch reads other memory; use contiguous() before");
}

// hx[1] is read whatever the length of the list.
void TwoHiddenStates(const Call& call) {
  const c10::IValue* hx = call.Find("hx");
  if (hx != nullptr && hx->isTensorList() && hx->toTensorList().size() != 2) {
    call.Refuse("expected two hidden states in `hx`, received " + std::to_string(hx->toTensorList().size()));
  }
}

// The search goes on until (1 - ratio) * n_bins is reached, which overflows or lies on the other side.
void ChooseQparams(const Call& call) {
  constexpr int64_t kMaxBins = int64_t{1} << 20;
  const std::optional<int64_t> bins = call.Int("n_bins");
  if (bins.has_value() && (*bins < 1 || *bins > kMaxBins)) {
    call.Refuse("expected 1 to 2^20 bins, received " + std::to_string(*bins));
  }
  const c10::IValue* ratio = call.Find("ratio");
  if (ratio != nullptr && ratio->isDouble() && !(ratio->toDouble() >= 0 && ratio->toDouble() <= 1)) {
    call.Refuse("expected a ratio from 0 to 1, received " + std::to_string(ratio->toDouble()));
  }
}

// On the meta device libtorch divides by the number of groups, and checks it nowhere.
void GroupNorm(const Call& call) {
  const std::optional<int64_t> groups = call.Int("group").has_value() ? call.Int("group") : call.Int("num_groups");
  if (groups.has_value() && *groups <= 0) {
    call.Refuse("expected num groups to be greater than 0, got " + std::to_string(*groups));
  }
}

// Functionalization's copy looks for a storage, which a compressed tensor has not.
void FunctionalCopy(const Call& call) {
  for (const char* name : {"self", "src"}) {
    const at::Tensor tensor = call.Tensor(name);
    if (tensor.defined() && tensor.unsafeGetTensorImpl()->is_sparse_compressed()) {
      call.Refuse("it is not implemented for compressed sparse tensors; use copy_()");
    }
  }
}

// The padded size overflows, and the check of it is passed.
void Padding(const Call& call) {
  constexpr int64_t kMost = int64_t{1} << 60;
  const c10::IValue* padding = call.Find("padding");
  if (padding == nullptr) padding = call.Find("pad");
  if (padding == nullptr || !padding->isIntList()) return;
  for (const int64_t size : padding->toIntVector()) {
    if (size > kMost || size < -kMost) call.Refuse("the padding " + std::to_string(size) + " is beyond 2^60");
  }
}

// In the forward pass the number of paddings is checked, in the backward pass it is not.
void PaddingBackward(const Call& call) {
  RequireLength(call, "padding", 2 * call.SpatialDimensions());
  Padding(call);
}

// The output size is read in the backward pass before anything is checked.
void FractionalPoolBackward(const Call& call) {
  for (const char* name : {"kernel_size", "output_size"}) RequireLength(call, name, call.SpatialDimensions());
}

void SlowConvBackward(const Call& call) {
  for (const char* name : {"kernel_size", "stride", "padding"}) RequireLength(call, name, 2);
}

// Statistics and weights are read and written by the input's channels; batch_norm, whose callers they are, checks that.
void ChannelStatistics(const Call& call) {
  const at::Tensor input = call.Tensor("input");
  const c10::IValue* training = call.Find("training");
  const bool evaluates = training == nullptr ? call.EndsIn("_no_update") || call.EndsIn("_no_training")
                                             : training->isBool() && !training->toBool();
  if (evaluates && (!call.Tensor("running_mean").defined() || !call.Tensor("running_var").defined())) {
    call.Refuse("running_mean and running_var must be defined in evaluation mode");
  }
  if (!input.defined() || input.dim() < 2) return;
  for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
    const at::Tensor tensor = call.Tensor(name);
    if (!tensor.defined() || tensor.numel() == input.size(1)) continue;
    call.Refuse("`" + std::string(name) + "` should contain " + std::to_string(input.size(1)) + " elements not " +
                std::to_string(tensor.numel()));
  }
}

// As many scalars as tensors are read, and they are counted in some of these ops only.
void ForeachScalars(const Call& call) {
  const c10::IValue* scalars = call.Find("scalars");
  const size_t count = TensorsOf(call, "self").size();
  if (scalars == nullptr || !scalars->isList() || scalars->toListRef().size() == count) return;
  call.Refuse("expected " + std::to_string(count) + " scalars, one per tensor, received " +
              std::to_string(scalars->toListRef().size()));
}

// The next float above `from` is looked for by shifting |from + 1| to 0, which the least integer never reaches.
void RandomFrom(const Call& call) {
  if (call.Int("from") == std::numeric_limits<int64_t>::max()) call.Refuse("no integer is above `from`, 2^63-1");
}

// oneDNN's zeros are written as float32, over the end of tensors of a smaller dtype.
void Zeros(const Call& call) {
  const at::Tensor self = call.Tensor("self");
  const auto layout = call.Int("layout");
  const auto dtype = call.Int("dtype");
  const bool is_mkldnn = layout.has_value() ? static_cast<at::Layout>(*layout) == at::kMkldnn
                                            : self.defined() && self.layout() == at::kMkldnn;
  if (!is_mkldnn) return;
  const bool is_float = dtype.has_value() ? static_cast<at::ScalarType>(*dtype) == at::kFloat
                                          : !self.defined() || self.scalar_type() == at::kFloat;
  if (!is_float) call.Refuse("a tensor of the layout _mkldnn is filled with zeros in float32 only");
}

// Pivots of another batch, or of another length, are read as if they were the matrices' own.
void LuUnpack(const Call& call) {
  const at::Tensor lu = call.Tensor("LU_data");
  const at::Tensor pivots = call.Tensor("LU_pivots");
  if (!lu.defined() || !pivots.defined() || lu.dim() < 2) return;
  std::vector<int64_t> expected = lu.sizes().slice(0, lu.dim() - 2).vec();
  expected.push_back(std::min(lu.size(-2), lu.size(-1)));
  if (pivots.sizes() != c10::IntArrayRef(expected)) {
    call.Refuse("expected pivots of shape " + ShapeOf(expected) + ", received " + ShapeOf(pivots.sizes()));
  }
}

// As many cell states are read as there are hidden ones.
void CellStates(const Call& call) {
  const std::vector<at::Tensor> states = TensorsOf(call, "hx");
  if (states.size() != 2 || states[0].dim() == 0 || states[1].dim() == 0) return;
  if (states[0].size(0) != states[1].size(0)) {
    call.Refuse("expected as many cell states as hidden states, received " + ShapeOf(states[0].sizes()) + " and " +
                ShapeOf(states[1].sizes()));
  }
}

// The count of integers is found by dividing integers: by a step that was cut to 0, or -2^63 by -1.
template <bool is_arange>
void Range(const Call& call) {
  const at::Tensor out = call.Tensor("out");
  const std::optional<int64_t> dtype = call.Int("dtype");
  const c10::IValue* start = call.Find("start");
  const c10::IValue* end = call.Find("end");
  const c10::IValue* step = call.Find("step");
  const auto is_real = [](const c10::IValue* value) {
    return value == nullptr || (value->isScalar() && !value->toScalar().isComplex());
  };
  if (!is_real(start) || !is_real(end) || !is_real(step)) return;
  const auto is_integer = [](const c10::IValue* value) {
    return value == nullptr || value->toScalar().isIntegral(true);
  };
  const bool counts = out.defined()       ? c10::isIntegralType(out.scalar_type(), true)
                      : dtype.has_value() ? c10::isIntegralType(static_cast<at::ScalarType>(*dtype), true)
                                          : is_arange && is_integer(start) && is_integer(end) && is_integer(step);
  if (!counts) return;
  constexpr double kMost = 4611686018427387904;  // 2^62
  const double by = step == nullptr ? 1 : step->toScalar().toDouble();
  const double from = start == nullptr ? 0 : start->toScalar().toDouble();
  const double to = end == nullptr ? 0 : end->toScalar().toDouble();
  // arange has a check of its own, by the dtype in which it counts.
  if (!is_arange && std::trunc(by) == 0) call.Refuse("step must be nonzero");
  if (std::abs((to - from) / by) > kMost) call.Refuse("more than 2^62 numbers lie between the bounds");
}

// As copy() above, and lists of unequal lengths.
void ForeachCopy(const Call& call) {
  const std::vector<at::Tensor> self = TensorsOf(call, "self");
  if (self.size() != TensorsOf(call, "src").size()) call.Refuse("expected as many tensors in `src` as in `self`");
  for (const at::Tensor& tensor : self) {
    if (tensor.layout() != at::kStrided) call.Refuse("it is not implemented for sparse tensors; use _foreach_copy_()");
  }
}

// The gates are cut into so many parts, and each is used, whether the tensor was wide enough or not.
template <int64_t parts>
void CellBackward(const Call& call) {
  for (const char* name : {"input_gates", "hidden_gates"}) {
    const at::Tensor gates = call.Tensor(name);
    if (gates.defined() && gates.dim() == 2 && gates.size(1) > 0 && gates.size(1) % parts == 0) continue;
    call.Refuse("expected `" + std::string(name) + "` of the shape [batch, " + std::to_string(parts) + " * hidden]");
  }
}

// Kernels count windows by 32 bits: of 2^32 a zero remains, and the loop over them does not end.
void Pooling(const Call& call) {
  for (const char* name : {"kernel_size", "stride", "padding", "dilation", "output_size"}) {
    const c10::IValue* sizes = call.Find(name);
    if (sizes == nullptr || !sizes->isIntList()) continue;
    for (const int64_t size : sizes->toIntVector()) {
      if (size <= std::numeric_limits<int32_t>::max() && size >= std::numeric_limits<int32_t>::min()) continue;
      call.Refuse(std::string("`") + name + "` holds " + std::to_string(size) + ", which is beyond 32 bits");
    }
  }
}

// The recurrence runs `n` times for each element.
void Polynomial(const Call& call) {
  constexpr double kMaxDegree = 1 << 20;
  const c10::IValue* n = call.Find("n");
  if (n == nullptr) return;
  double degree = 0;
  if (n->isScalar()) {
    const at::Scalar scalar = n->toScalar();
    degree = scalar.isComplex() ? 0 : scalar.toDouble();
  } else if (n->isTensor()) {
    const at::Tensor& tensor = n->toTensor();
    const bool readable = tensor.is_cpu() && tensor.layout() == at::kStrided && !tensor.is_quantized() &&
                          !tensor.is_complex() && tensor.numel() > 0;
    if (readable) degree = tensor.to(at::kDouble).nan_to_num(0).max().item<double>();
  }
  if (degree > kMaxDegree) call.Refuse("the degree `n` is at most 2^20: the time that it takes grows with it");
}

const std::unordered_map<std::string_view, Guard>& Guards() {
  static const std::unordered_map<std::string_view, Guard> guards = {
      {"aten::cat.out", Checked<Cat>},
      {"aten::concat.out", Checked<Cat>},
      {"aten::concatenate.out", Checked<Cat>},
      {"aten::copy", Checked<FunctionalCopy>},
      {"aten::lu_unpack", Checked<LuUnpack>},
      {"aten::lstm", Checked<CellStates>},
      {"aten::quantized_lstm", Checked<CellStates>},
      {"aten::arange", Checked<Range<true>>},
      {"aten::range", Checked<Range<false>>},
      {"aten::pad", Checked<Padding>},
      {"aten::constant_pad_nd", Checked<Padding>},
      {"aten::reflection_pad1d", Checked<Padding>},
      {"aten::reflection_pad2d", Checked<Padding>},
      {"aten::reflection_pad3d", Checked<Padding>},
      {"aten::replication_pad1d", Checked<Padding>},
      {"aten::replication_pad2d", Checked<Padding>},
      {"aten::replication_pad3d", Checked<Padding>},
      {"aten::reflection_pad1d_backward", Checked<PaddingBackward>},
      {"aten::reflection_pad2d_backward", Checked<PaddingBackward>},
      {"aten::reflection_pad3d_backward", Checked<PaddingBackward>},
      {"aten::replication_pad1d_backward", Checked<PaddingBackward>},
      {"aten::replication_pad2d_backward", Checked<PaddingBackward>},
      {"aten::replication_pad3d_backward", Checked<PaddingBackward>},
      {"aten::fractional_max_pool2d_backward", Checked<FractionalPoolBackward>},
      {"aten::fractional_max_pool3d_backward", Checked<FractionalPoolBackward>},
      {"aten::_slow_conv2d_backward", Checked<SlowConvBackward>},
      {"aten::batch_norm_update_stats", Checked<ChannelStatistics>},
      {"aten::native_batch_norm", Checked<ChannelStatistics>},
      {"aten::_native_batch_norm_legit", Checked<ChannelStatistics>},
      {"aten::_native_batch_norm_legit_functional", Checked<ChannelStatistics>},
      {"aten::_native_batch_norm_legit_no_training", Checked<ChannelStatistics>},
      {"aten::_batch_norm_with_update", Checked<ChannelStatistics>},
      {"aten::_batch_norm_with_update_functional", Checked<ChannelStatistics>},
      {"aten::_batch_norm_no_update", Checked<ChannelStatistics>},
      {"aten::zeros", Checked<Zeros>},
      {"aten::zero_", Checked<Zeros>},
      {"aten::zeros_like", Checked<Zeros>},
      {"aten::new_zeros", Checked<Zeros>},
      {"aten::random", Checked<RandomFrom>},
      {"aten::random_", Checked<RandomFrom>},
      {"aten::_foreach_copy", Checked<ForeachCopy>},
      {"aten::_thnn_differentiable_gru_cell_backward", Checked<CellBackward<3>>},
      {"aten::_thnn_differentiable_lstm_cell_backward", Checked<CellBackward<4>>},
      {"aten::linalg_eigvals", Checked<Eigvals>},
      {"aten::_linalg_eigvals", Checked<Eigvals>},
      {"aten::linalg_matrix_power", Checked<MatrixPower>},
      {"aten::matrix_power", Checked<MatrixPower>},
      {"aten::median", Checked<Median>},
      {"aten::nanmedian", Checked<Median>},
      {"aten::quantized_lstm_cell", Checked<TwoHiddenStates>},
      {"aten::choose_qparams_optimized", Checked<ChooseQparams>},
      {"aten::native_group_norm", Checked<GroupNorm>},
      {"aten::group_norm", Checked<GroupNorm>},
  };
  return guards;
}

}  // namespace

Guard GuardOf(const c10::OperatorName& op) {
  const std::string& name = op.name;
  // Chebyshev's have a closed form where their values stay small, and end early where they grow; the shifted ones do
  // neither at the smallest numbers, for which 2 x - 1 is -1.
  const auto has = [&name](const char* part) { return name.find(part) != std::string::npos; };
  const bool recurs = has("_polynomial_") && (!has("chebyshev") || has("shifted"));
  if (name.starts_with("aten::special_") && recurs) return Checked<Polynomial>;
  if (name.starts_with("aten::_foreach_addc")) return Checked<ForeachScalars>;
  const auto of_overload = Guards().find(name + "." + op.overload_name);
  if (of_overload != Guards().end()) return of_overload->second;
  const auto found = Guards().find(name);
  if (found != Guards().end()) return found->second;
  return has("_pool") ? Checked<Pooling> : nullptr;
}

}  // namespace libtorch_node
