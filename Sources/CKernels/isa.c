#include <stdatomic.h>

#include "kernels.h"

static atomic_int chosen = -1;

int mc_isa_available(mc_isa isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (isa) {
    case MC_ISA_BASE: return 1;
    case MC_ISA_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case MC_ISA_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("f16c");
  }
  return 0;
#else
  return isa == MC_ISA_BASE;
#endif
}

mc_isa mc_isa_best(void) {
  // AVX-512 wins only where the processor has full-width units; AVX2 is as fast on those that split the vectors.
  return mc_isa_available(MC_ISA_AVX2) ? MC_ISA_AVX2 : MC_ISA_BASE;
}

mc_isa mc_isa_current(void) {
  int isa = atomic_load_explicit(&chosen, memory_order_relaxed);
  return isa < 0 ? mc_isa_best() : (mc_isa)isa;
}

int mc_isa_select(mc_isa isa) {
  if (!mc_isa_available(isa)) return -1;
  atomic_store(&chosen, (int)isa);
  return 0;
}

const char *mc_isa_name(mc_isa isa) {
  switch (isa) {
    case MC_ISA_AVX2: return "avx2";
    case MC_ISA_AVX512: return "avx512";
    default: return "base";
  }
}

const mc_kernels *mc_kernels_current(void) {
  switch (mc_isa_current()) {
    case MC_ISA_AVX512: return mc_kernels_avx512();
    case MC_ISA_AVX2: return mc_kernels_avx2();
    default: return mc_kernels_base();
  }
}
