// What a tensor table holds: counted by storage, so that the views of one count once.

#include <ATen/DeviceAccelerator.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tensor_table.h"

namespace libtorch_node {
namespace {

// A GPU's memory is charged as if all of it were so much of the main memory. Its steps hand out gigabytes in the time
// of a few of V8's collections, so that spaced by the bytes themselves these took a third of the time of a step.
constexpr int64_t kGpuCountsAs = int64_t{2} << 30;

int64_t GpuDivisor(c10::DeviceIndex index) {
  try {
    const auto total = static_cast<int64_t>(at::accelerator::getMemoryInfo(index).second);
    return std::max<int64_t>(1, total / kGpuCountsAs);
  } catch (const std::exception&) {
    return 1;
  }
}

}  // namespace

int64_t TensorTable::BytesToCharge(const at::Tensor& tensor) {
  const auto bytes = static_cast<int64_t>(tensor.storage().nbytes());
  const c10::Device device = tensor.device();
  if (!device.is_cuda()) return bytes;
  const auto [known, is_new] = gpu_divisors_.try_emplace(device.index());
  if (is_new) known->second = GpuDivisor(device.index());
  return bytes / known->second;
}

TensorTable::Usage TensorTable::Measure() const {
  Usage usage;
  usage.tensors = live_;
  usage.sweeps = sweeps_;
  usage.swept = swept_;
  std::unordered_set<const void*> seen;
  for (const Slot& slot : slots_) {
    if (!slot.used || slot.pending || !slot.tensor.defined() || !slot.tensor.has_storage()) continue;
    const auto& storage = slot.tensor.storage();
    if (!seen.insert(storage.unsafeGetStorageImpl()).second) continue;
    usage.bytes[slot.tensor.device().str()] += static_cast<int64_t>(storage.nbytes());
  }
  return usage;
}

std::vector<at::Tensor> TensorTable::Largest(size_t count) const {
  // Of the views of a storage the one with most elements tells most.
  std::unordered_map<const void*, at::Tensor> by_storage;
  for (const Slot& slot : slots_) {
    if (!slot.used || slot.pending || !slot.tensor.defined() || !slot.tensor.has_storage()) continue;
    at::Tensor& known = by_storage[slot.tensor.storage().unsafeGetStorageImpl()];
    if (!known.defined() || known.numel() < slot.tensor.numel()) known = slot.tensor;
  }
  std::vector<at::Tensor> largest;
  largest.reserve(by_storage.size());
  for (auto& [storage, tensor] : by_storage) largest.push_back(std::move(tensor));
  const auto bytes = [](const at::Tensor& tensor) { return tensor.storage().nbytes(); };
  const auto end = largest.begin() + static_cast<ptrdiff_t>(std::min(count, largest.size()));
  std::partial_sort(largest.begin(), end, largest.end(),
                    [&](const at::Tensor& a, const at::Tensor& b) { return bytes(a) > bytes(b); });
  largest.erase(end, largest.end());
  return largest;
}

}  // namespace libtorch_node
