#include "kernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c")
#endif
#define MC_VL 16
#define MC_MR 12
#define MC_KC 192
#define MC_TABLE mc_kernels_avx512
#include "table.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
const mc_kernels *mc_kernels_avx512(void) { return 0; }
#endif
