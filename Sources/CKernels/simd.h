// Vectors of MC_VL floats in the compiler's own vector notation, so that one text serves every instruction set.
// Included only by the per-instruction-set translation units, after MC_VL and MC_NAME are defined.
#ifndef MC_SIMD_H
#define MC_SIMD_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VL MC_VL
#define AI static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL4 _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL
#define UNROLL4
#endif

typedef float vf __attribute__((vector_size(VL * 4)));
typedef int32_t vi __attribute__((vector_size(VL * 4)));
typedef float vf_any __attribute__((vector_size(VL * 4), aligned(4), may_alias));
typedef int32_t vi_any __attribute__((vector_size(VL * 4), aligned(4), may_alias));
typedef float v4 __attribute__((vector_size(16)));
typedef float v4_any __attribute__((vector_size(16), aligned(4), may_alias));

AI vf vload(const float *p) { return *(const vf_any *)p; }
AI void vstore(float *p, vf v) { *(vf_any *)p = v; }
AI vi viload(const void *p) { return *(const vi_any *)p; }
AI void vistore(void *p, vi v) { *(vi_any *)p = v; }
#if MC_VL == 4
AI vf vsplat(float x) { return (vf){x, x, x, x}; }
AI vi visplat(int32_t x) { return (vi){x, x, x, x}; }
#elif MC_VL == 8
AI vf vsplat(float x) { return (vf){x, x, x, x, x, x, x, x}; }
AI vi visplat(int32_t x) { return (vi){x, x, x, x, x, x, x, x}; }
#elif MC_VL == 16
AI vf vsplat(float x) { return (vf){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
AI vi visplat(int32_t x) { return (vi){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
#else
#error "MC_VL must be 4, 8 or 16"
#endif
AI vf vzero(void) { return vsplat(0.0f); }
AI vf vselect(vi mask, vf yes, vf no) { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }
AI vi viselect(vi mask, vi yes, vi no) { return (mask & yes) | (~mask & no); }
/// The larger of both; `b` when either is NaN.
AI vf vmax(vf a, vf b) { return vselect(a > b, a, b); }
/// The smaller of both; `b` when either is NaN.
AI vf vmin(vf a, vf b) { return vselect(a < b, a, b); }
AI vf vabs(vf a) { return (vf)((vi)a & visplat(0x7fffffff)); }

/// Lanes taken from `a` (0...3) and `b` (4...7) within each group of four lanes.
#if MC_VL == 4
#define SHUFFLE4(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#elif MC_VL == 8
#define SL8(i, g) ((i) < 4 ? (i) + 4 * (g) : (i) - 4 + 8 + 4 * (g))
#define SHUFFLE4(a, b, i, j, k, l) \
  __builtin_shufflevector(a, b, SL8(i, 0), SL8(j, 0), SL8(k, 0), SL8(l, 0), SL8(i, 1), SL8(j, 1), SL8(k, 1), SL8(l, 1))
#else
#define SL16(i, g) ((i) < 4 ? (i) + 4 * (g) : (i) - 4 + 16 + 4 * (g))
#define SG16(i, j, k, l, g) SL16(i, g), SL16(j, g), SL16(k, g), SL16(l, g)
#define SHUFFLE4(a, b, i, j, k, l) \
  __builtin_shufflevector( \
    a, b, SG16(i, j, k, l, 0), SG16(i, j, k, l, 1), SG16(i, j, k, l, 2), SG16(i, j, k, l, 3))
#endif

/// Transposes the 4x4 block in each group of four lanes.
AI void transpose4(vf *r) {
  vf a = SHUFFLE4(r[0], r[1], 0, 4, 1, 5), b = SHUFFLE4(r[0], r[1], 2, 6, 3, 7);
  vf c = SHUFFLE4(r[2], r[3], 0, 4, 1, 5), d = SHUFFLE4(r[2], r[3], 2, 6, 3, 7);
  r[0] = SHUFFLE4(a, c, 0, 1, 4, 5);
  r[1] = SHUFFLE4(a, c, 2, 3, 6, 7);
  r[2] = SHUFFLE4(b, d, 0, 1, 4, 5);
  r[3] = SHUFFLE4(b, d, 2, 3, 6, 7);
}

/// Lane group g (four lanes) of the result is four floats at `p[g]`.
AI vf vgather4(const float *const *p) {
  union { vf v; v4 q[VL / 4]; } u;
  UNROLL for (int g = 0; g < VL / 4; g++) u.q[g] = *(const v4_any *)p[g];
  return u.v;
}
AI v4 vgroup(vf v, int g) {
  union { vf v; v4 q[VL / 4]; } u;
  u.v = v;
  return u.q[g];
}
#endif
