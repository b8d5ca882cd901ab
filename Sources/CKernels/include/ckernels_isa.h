/// Instruction sets and their choice at run time.
#ifndef CKERNELS_ISA_H
#define CKERNELS_ISA_H

/// One compiled copy of the kernels.
typedef enum {
  /// What the compiler's baseline allows (SSE2 on x86-64, Neon on arm64, anything elsewhere): 4 lanes.
  MC_ISA_BASE = 0,
  /// x86-64 with AVX2, FMA and F16C: 8 lanes.
  MC_ISA_AVX2 = 1,
  /// x86-64 with AVX-512 F, VL, DQ and BW: 16 lanes.
  MC_ISA_AVX512 = 2,
} mc_isa;

/// The best instruction set of this machine that the kernels use unless told otherwise.
mc_isa mc_isa_best(void);
/// Whether this build and this machine can run `isa`.
int mc_isa_available(mc_isa isa);
/// The instruction set that new plans and all plan-less kernels use.
mc_isa mc_isa_current(void);
/// Chooses the instruction set for everything that starts afterwards. Plans keep theirs.
/// Returns 0, or -1 when the machine cannot run it (the choice then stays).
int mc_isa_select(mc_isa isa);
/// `base`, `avx2` or `avx512`.
const char *mc_isa_name(mc_isa isa);
#endif
