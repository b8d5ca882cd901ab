#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif
#define MC_VL 8
#define MC_MR 6
#define MC_KC 320
#define MC_TABLE mc_kernels_avx2
#include "table.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
const mc_kernels *mc_kernels_avx2(void) { return 0; }
#endif
