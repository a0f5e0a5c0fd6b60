// How loops ask to be vectorised.
#pragma once

// -O2 alone vectorises no loop of unknown length.
#ifdef _OPENMP
#define LIBTORCH_NODE_SIMD _Pragma("omp simd")
#else
#define LIBTORCH_NODE_SIMD
#endif

// Before a function that HasAvx2() guards: it and all that it calls inline are compiled for AVX2.
#if defined(__GNUC__) && defined(__x86_64__)
#define LIBTORCH_NODE_AVX2 [[gnu::target("avx2,fma"), gnu::flatten]]
namespace libtorch_node {
inline bool HasAvx2() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }
}  // namespace libtorch_node
#endif
