// Pooling along rows: rows of a window are reduced element by element, then the taps along the row.
#include <float.h>

#include "kernels.h"
#include "simd.h"

AI vf pool_step(const int op, vf sum, vf x) {
  switch (op) {
    case POOL_MAX: return vselect(x > sum, x, sum);
    case POOL_MAX_NAN: return vselect((x > sum) | (x != x), x, sum);
    default: return sum + x;
  }
}
AI float pool_step1(const int op, float sum, float x) {
  switch (op) {
    case POOL_MAX: return x > sum ? x : sum;
    case POOL_MAX_NAN: return x > sum || x != x ? x : sum;
    default: return sum + x;
  }
}
AI float pool_start(const int op) { return op == POOL_MAX ? -FLT_MAX : op == POOL_MAX_NAN ? -INFINITY : 0; }

// dst = reduction of `count` rows, continued from dst unless `first`.
AI void reduce_rows(const int op, float *dst, const float *const *rows, int count, ptrdiff_t n, int first) {
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL) {
    vf sum = first ? vsplat(pool_start(op)) : vload(dst + i);
    for (int r = 0; r < count; r++) sum = pool_step(op, sum, vload(rows[r] + i));
    vstore(dst + i, sum);
  }
  for (; i < n; i++) {
    float sum = first ? pool_start(op) : dst[i];
    for (int r = 0; r < count; r++) sum = pool_step1(op, sum, rows[r][i]);
    dst[i] = sum;
  }
}

AI void reduce_taps(const int op, float *dst, const float *src, const ptrdiff_t *offsets, ptrdiff_t taps, ptrdiff_t n) {
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL) {
    vf sum = vsplat(pool_start(op));
    for (ptrdiff_t t = 0; t < taps; t++) sum = pool_step(op, sum, vload(src + offsets[t] + i));
    vstore(dst + i, sum);
  }
  for (; i < n; i++) {
    float sum = pool_start(op);
    for (ptrdiff_t t = 0; t < taps; t++) sum = pool_step1(op, sum, src[offsets[t] + i]);
    dst[i] = sum;
  }
}

static void pool_rows(int op, float *dst, const float *const *rows, int count, ptrdiff_t n, int first) {
  switch (op) {
    case POOL_MAX: reduce_rows(POOL_MAX, dst, rows, count, n, first); break;
    case POOL_MAX_NAN: reduce_rows(POOL_MAX_NAN, dst, rows, count, n, first); break;
    default: reduce_rows(POOL_SUM, dst, rows, count, n, first); break;
  }
}

static void pool_taps(int op, float *dst, const float *src, const ptrdiff_t *offsets, ptrdiff_t taps, ptrdiff_t n) {
  switch (op) {
    case POOL_MAX: reduce_taps(POOL_MAX, dst, src, offsets, taps, n); break;
    case POOL_MAX_NAN: reduce_taps(POOL_MAX_NAN, dst, src, offsets, taps, n); break;
    default: reduce_taps(POOL_SUM, dst, src, offsets, taps, n); break;
  }
}

static void pool_divide(float *dst, ptrdiff_t n, float divisor, const float *by) {
  for (ptrdiff_t i = 0; i < n; i++) dst[i] /= divisor * by[i];
}
