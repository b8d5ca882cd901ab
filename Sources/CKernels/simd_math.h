// Exponentials, logarithms and what is made of them, on vectors.
#ifndef MC_SIMD_MATH_H
#define MC_SIMD_MATH_H
#include "simd.h"

/// The nearest integer of |x| < 2^22 as a float, and as lanes of integers.
AI vf vround(vf x, vi *integer) {
  const vf magic = vsplat(12582912.0f);  // 1.5 * 2^23: the sum's last bit is worth 1
  vf t = x + magic;
  *integer = (vi)t - (vi)magic;
  return t - magic;
}

/// p 2^n for |n| <= 252, in two exact steps (the last may round into the subnormals).
AI vf vscale(vf p, vi n) {
  vi half = n >> 1;
  return p * (vf)((half + 127) << 23) * (vf)((n - half + 127) << 23);
}

/// exp(r) - 1 for |r| <= ln(2) / 2, relative error 2^-25
AI vf vexpm1_core(vf r) {
  vf p = vsplat(1.0f / 5040);
  p = p * r + vsplat(1.0f / 720);
  p = p * r + vsplat(1.0f / 120);
  p = p * r + vsplat(1.0f / 24);
  p = p * r + vsplat(1.0f / 6);
  p = p * r + vsplat(0.5f);
  return r + p * (r * r);
}

/// x = n ln 2 + r
AI vf vreduce(vf x, vi *n) {
  vf k = vround(x * vsplat(1.44269504088896341f), n);
  vf r = x - k * vsplat(0.693359375f);
  return r - k * vsplat(-2.12194440e-4f);
}

AI vf vexp(vf x) {
  vf bounded = vmin(vsplat(89.0f), vmax(vsplat(-104.5f), x));  // NaN passes both
  vi n;
  vf r = vreduce(bounded, &n);
  vf y = vscale(vsplat(1.0f) + vexpm1_core(r), n);
  return vselect(x != x, x, y);
}

/// exp(x) - 1
AI vf vexpm1(vf x) {
  vf bounded = vmin(vsplat(89.0f), vmax(vsplat(-30.0f), x));
  vi n;
  vf r = vreduce(bounded, &n);
  vf q = vexpm1_core(r);
  // 2^n (q + 1) - 1 = 2^n q + (2^n - 1); above 2^64 the one is lost anyway, and 2^128 would overflow.
  vf one = vsplat(1.0f);
  vf power = (vf)((viselect(n > 64, visplat(64), n) + 127) << 23);
  vf small = power * q + (power - one);
  vf y = vselect((vi)(n > 64), vscale(one + q, n), small);
  return vselect((x != x) | (x == vzero()), x, y);
}

AI vf vlog_positive(vf x, vi exponent) {
  // x = 2^e m, sqrt(1/2) <= m < sqrt(2)
  vi bits = (vi)x;
  vi e = (bits - 0x3f3504f3) >> 23;
  vf m = (vf)(bits - (e << 23));
  e += exponent;
  vf z = m - vsplat(1.0f), n = __builtin_convertvector(e, vf);
  vf p = vsplat(7.0376836292e-2f);
  p = p * z + vsplat(-1.1514610310e-1f);
  p = p * z + vsplat(1.1676998740e-1f);
  p = p * z + vsplat(-1.2420140846e-1f);
  p = p * z + vsplat(1.4249322787e-1f);
  p = p * z + vsplat(-1.6668057665e-1f);
  p = p * z + vsplat(2.0000714765e-1f);
  p = p * z + vsplat(-2.4999993993e-1f);
  p = p * z + vsplat(3.3333331174e-1f);
  vf zz = z * z;
  vf y = p * z * zz + n * vsplat(-2.12194440e-4f);
  y = y - vsplat(0.5f) * zz;
  return (z + y) + n * vsplat(0.693359375f);
}

AI vf vlog(vf x) {
  vi tiny = x < vsplat(1.17549435e-38f);
  vf scaled = vselect(tiny, x * vsplat(8388608.0f), x);
  vf y = vlog_positive(scaled, viselect(tiny, visplat(-23), visplat(0)));
  y = vselect(x == vsplat(INFINITY), x, y);
  y = vselect(x == vzero(), vsplat(-INFINITY), y);
  y = vselect(x < vzero(), vsplat(NAN), y);
  return vselect(x != x, x, y);
}

/// log(1 + u) for u >= 0
AI vf vlog1p(vf u) {
  vf one = vsplat(1.0f), w = one + u, d = w - one;
  vf y = vlog_positive(w, visplat(0)) * (u / d);
  return vselect(d == vzero(), u, y);
}

AI vf vsigmoid(vf x) {
  vf one = vsplat(1.0f), e = vexp(-vabs(x));
  return vselect(x < vzero(), e, one) / (one + e);
}

AI vf vtanh(vf x) {
  // tanh |x| = e / (e + 2) with e = exp(2 |x|) - 1
  vf a = vmin(vsplat(10.0f), vabs(x));
  vf e = vexpm1(a + a);
  vf y = e / (e + vsplat(2.0f));
  y = (vf)((vi)y | ((vi)x & visplat((int32_t)0x80000000)));
  return vselect(x != x, x, y);
}

AI vf vsoftplus(vf x) {
  vf y = vmax(x, vzero()) + vlog1p(vexp(-vabs(x)));
  return vselect(x != x, x, y);
}

#if defined(__clang__) && __has_builtin(__builtin_elementwise_sqrt)
AI vf vsqrt(vf x) { return __builtin_elementwise_sqrt(x); }
#else
AI vf vsqrt(vf x) {
  for (int i = 0; i < VL; i++) x[i] = sqrtf(x[i]);
  return x;
}
#endif

/// t^-beta for t >= 0
AI vf vpower_negative(vf t, float beta) {
  vf one = vsplat(1.0f);
  if (beta == 0.75f) {
    vf root = vsqrt(t);
    return one / (root * vsqrt(root));
  }
  if (beta == 0.5f) return one / vsqrt(t);
  if (beta == 1.0f) return one / t;
  return vexp(vlog(t) * vsplat(-beta));
}
#endif
