// How PyTorch's optimizers group the parameters for their foreach form.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

namespace libtorch_node {

// One list per device and dtype; a foreach op takes nothing else on its fast way. `Parameter` is any struct with a
// tensor `param`.
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
