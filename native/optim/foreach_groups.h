// When PyTorch's optimizers take their foreach form, and how they group the parameters for it.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

namespace libtorch_node {

// The default of torch.optim: foreach where every parameter is on an accelerator, else one after the other.
// `Parameter` is any struct with a tensor `param`.
template <typename Parameter>
bool AllOnCuda(const std::vector<Parameter>& parameters) {
  return !parameters.empty() && std::all_of(parameters.begin(), parameters.end(),
                                            [](const Parameter& parameter) { return parameter.param.is_cuda(); });
}

// One list per device and dtype; a foreach op takes nothing else on its fast way.
template <typename Parameter>
std::vector<std::vector<Parameter>> GroupByDeviceAndDtype(const std::vector<Parameter>& parameters) {
  std::vector<std::vector<Parameter>> groups;
  for (const Parameter& parameter : parameters) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const std::vector<Parameter>& candidate) {
      const at::Tensor& first = candidate.front().param;
      return first.device() == parameter.param.device() && first.scalar_type() == parameter.param.scalar_type();
    });
    if (group == groups.end()) {
      groups.push_back({parameter});
    } else {
      group->push_back(parameter);
    }
  }
  return groups;
}

}  // namespace libtorch_node
