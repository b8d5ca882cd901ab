// Functions of elements, on runs.
#include "kernels.h"
#include "simd_math.h"

AI vf unary1(const int op, vf x, vf p, vf q) {
  vf one = vsplat(1.0f), zero = vzero();
  switch (op) {
    case MC_UNARY_RELU: return vselect(x < zero, zero, x);
    case MC_UNARY_LEAKY: return vselect(x < zero, x * p, x);
    case MC_UNARY_CLIP: return vmin(q, vmax(p, x));
    case MC_UNARY_SIGMOID: return vsigmoid(x);
    case MC_UNARY_TANH: return vtanh(x);
    case MC_UNARY_EXP: return vexp(x);
    case MC_UNARY_LOG: return vlog(x);
    case MC_UNARY_ELU: return vselect(x < zero, p * vexpm1(x), x);
    case MC_UNARY_SWISH: return x * vsigmoid(p * x);
    case MC_UNARY_SOFTPLUS: return vsoftplus(x);
    case MC_UNARY_ABS: return vabs(x);
    case MC_UNARY_NEGATE: return -x;
    case MC_UNARY_SQUARE: return x * x;
    case MC_UNARY_SQRT: return vsqrt(x);
    case MC_UNARY_RECIPROCAL: return one / x;
    case MC_UNARY_AFFINE: return x * p + q;
    case MC_UNARY_HARD_SIGMOID: return vmin(one, vmax(zero, x * p + q));
    case MC_UNARY_HARD_SWISH: return x * vmin(one, vmax(zero, x * p + q));
    case MC_UNARY_MISH: return x * vtanh(vsoftplus(x));
    case MC_UNARY_EXPM1: return vexpm1(x);
    case MC_UNARY_THRESHOLD: return vselect(x > p, one, zero);
    default: return x;
  }
}

AI void unary_run(const int op, ptrdiff_t n, const float *x, float p, float q, float *y) {
  vf pv = vsplat(p), qv = vsplat(q);
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL) vstore(y + i, unary1(op, vload(x + i), pv, qv));
  if (i < n) {
    float rest[VL] = {0};
    memcpy(rest, x + i, (size_t)(n - i) * sizeof(float));
    vstore(rest, unary1(op, vload(rest), pv, qv));
    memcpy(y + i, rest, (size_t)(n - i) * sizeof(float));
  }
}

static void unary(int op, ptrdiff_t n, const float *x, float p, float q, float *y) {
  switch (op) {
#define CASE(OP) case OP: unary_run(OP, n, x, p, q, y); break;
    CASE(MC_UNARY_RELU) CASE(MC_UNARY_LEAKY) CASE(MC_UNARY_CLIP) CASE(MC_UNARY_SIGMOID) CASE(MC_UNARY_TANH)
    CASE(MC_UNARY_EXP) CASE(MC_UNARY_LOG) CASE(MC_UNARY_ELU) CASE(MC_UNARY_SWISH) CASE(MC_UNARY_SOFTPLUS)
    CASE(MC_UNARY_ABS) CASE(MC_UNARY_NEGATE) CASE(MC_UNARY_SQUARE) CASE(MC_UNARY_SQRT) CASE(MC_UNARY_RECIPROCAL)
    CASE(MC_UNARY_AFFINE) CASE(MC_UNARY_HARD_SIGMOID) CASE(MC_UNARY_HARD_SWISH) CASE(MC_UNARY_MISH)
    CASE(MC_UNARY_EXPM1) CASE(MC_UNARY_THRESHOLD)
#undef CASE
    default: break;
  }
}

AI vf binary1(const int op, vf a, vf b) {
  switch (op) {
    case MC_BINARY_ADD: return a + b;
    case MC_BINARY_SUBTRACT: return a - b;
    case MC_BINARY_MULTIPLY: return a * b;
    case MC_BINARY_DIVIDE: return a / b;
    case MC_BINARY_MAX: return vmax(a, b);
    case MC_BINARY_MIN: return vmin(a, b);
    case MC_BINARY_MAX_NAN: return vselect(a != a, a, vmax(a, b));
    default: return vselect(a != a, a, vmin(a, b));
  }
}

AI vf load_stepped(const float *p, ptrdiff_t step) {
  vf v = vzero();
  for (int i = 0; i < VL; i++) v[i] = p[i * step];
  return v;
}

// Steps 0 and 1 are told apart outside the loop; all others gather.
AI void binary_run(
  const int op, const int as, const int bs, ptrdiff_t n, const float *a, ptrdiff_t a_step, const float *b,
  ptrdiff_t b_step, float *y) {
  vf a0 = vzero(), b0 = vzero();
  if (n > 0 && as == 0) a0 = vsplat(*a);
  if (n > 0 && bs == 0) b0 = vsplat(*b);
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL) {
    vf av = as == 0 ? a0 : as == 1 ? vload(a + i) : load_stepped(a + i * a_step, a_step);
    vf bv = bs == 0 ? b0 : bs == 1 ? vload(b + i) : load_stepped(b + i * b_step, b_step);
    vstore(y + i, binary1(op, av, bv));
  }
  if (i < n) {
    float u[VL] = {0}, v[VL] = {0};
    for (ptrdiff_t j = 0; j < n - i; j++) {
      u[j] = a[(i + j) * a_step];
      v[j] = b[(i + j) * b_step];
    }
    vstore(u, binary1(op, vload(u), vload(v)));
    memcpy(y + i, u, (size_t)(n - i) * sizeof(float));
  }
}

AI void binary_steps(
  const int op, ptrdiff_t n, const float *a, ptrdiff_t a_step, const float *b, ptrdiff_t b_step, float *y) {
  if (a_step == 1 && b_step == 1) binary_run(op, 1, 1, n, a, 1, b, 1, y);
  else if (a_step == 1 && b_step == 0) binary_run(op, 1, 0, n, a, 1, b, 0, y);
  else if (a_step == 0 && b_step == 1) binary_run(op, 0, 1, n, a, 0, b, 1, y);
  else binary_run(op, 2, 2, n, a, a_step, b, b_step, y);
}

static void binary(
  int op, ptrdiff_t n, const float *a, ptrdiff_t a_step, const float *b, ptrdiff_t b_step, float *y) {
  switch (op) {
#define CASE(OP) case OP: binary_steps(OP, n, a, a_step, b, b_step, y); break;
    CASE(MC_BINARY_ADD) CASE(MC_BINARY_SUBTRACT) CASE(MC_BINARY_MULTIPLY) CASE(MC_BINARY_DIVIDE)
    CASE(MC_BINARY_MAX) CASE(MC_BINARY_MIN) CASE(MC_BINARY_MAX_NAN) CASE(MC_BINARY_MIN_NAN)
#undef CASE
    default: break;
  }
}

static void weighted_sum(ptrdiff_t n, float p, const float *a, float q, const float *b, float *y) {
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL) vstore(y + i, vsplat(p) * vload(a + i) + vsplat(q) * vload(b + i));
  for (; i < n; i++) y[i] = p * a[i] + q * b[i];
}

static void scale_shift(ptrdiff_t n, const float *x, float scale, float shift, const mc_activation *f, float *y) {
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL) vstore(y + i, activate(vload(x + i) * vsplat(scale) + vsplat(shift), f));
  for (; i < n; i++) y[i] = activate1(x[i] * scale + shift, f);
}
