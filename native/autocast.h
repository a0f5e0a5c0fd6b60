// What autocast goes by beyond the dispatch keys, which at::ThreadLocalState carries from thread to thread.
#pragma once

#include <ATen/autocast_mode.h>

namespace libtorch_node {

// The dtypes to cast to, and whether casts are kept; those of the thread that makes it.
struct AutocastSettings {
  at::ScalarType cpu_dtype = at::autocast::get_autocast_dtype(at::kCPU);
  at::ScalarType cuda_dtype = at::autocast::get_autocast_dtype(at::kCUDA);
  bool caches = at::autocast::is_autocast_cache_enabled();

  void Apply() const {
    at::autocast::set_autocast_dtype(at::kCPU, cpu_dtype);
    at::autocast::set_autocast_dtype(at::kCUDA, cuda_dtype);
    at::autocast::set_autocast_cache_enabled(caches);
  }
};

}  // namespace libtorch_node
