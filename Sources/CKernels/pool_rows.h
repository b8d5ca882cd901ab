// Pooling along rows: rows of a window are reduced element by element, then the taps along the row.
#include <float.h>

#include "kernels.h"
#include "simd.h"
#include "stage_rows.h"

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

AI vf reduce_at(const int op, const float *src, const ptrdiff_t *offsets, ptrdiff_t taps) {
  vf sum = pool_step(op, vsplat(pool_start(op)), vload(src + offsets[0]));
  for (ptrdiff_t t = 1; t < taps; t++) sum = pool_step(op, sum, vload(src + offsets[t]));
  return sum;
}

// dst[i] = reduction of src[offsets[t] + i] over t; reads up to a vector past n; dst and src do not overlap.
AI void reduce_taps(const int op, float *dst, const float *src, const ptrdiff_t *offsets, ptrdiff_t taps, ptrdiff_t n) {
  if (n >= VL) {
    ptrdiff_t i = 0;
    if (taps == 3) {
      const float *a = src + offsets[0], *b = src + offsets[1], *c = src + offsets[2];
      for (; i + VL <= n; i += VL)
        vstore(
          dst + i,
          pool_step(op, pool_step(op, pool_step(op, vsplat(pool_start(op)), vload(a + i)), vload(b + i)), vload(c + i)));
    } else {
      for (; i + VL <= n; i += VL) vstore(dst + i, reduce_at(op, src + i, offsets, taps));
    }
    if (i < n) vstore(dst + n - VL, reduce_at(op, src + n - VL, offsets, taps));
    return;
  }
  float whole[VL];
  vstore(whole, reduce_at(op, src, offsets, taps));
  copy_run(dst, whole, n);
}

// The reduction of n neighbours.
AI float reduce_all(const int op, const float *src, ptrdiff_t n) {
  const vf start = vsplat(pool_start(op));
  vf sums[4] = {start, start, start, start};
  ptrdiff_t i = 0;
  for (; i + 4 * VL <= n; i += 4 * VL)
    UNROLL for (int j = 0; j < 4; j++) sums[j] = pool_step(op, sums[j], vload(src + i + j * VL));
  for (; i + VL <= n; i += VL) sums[0] = pool_step(op, sums[0], vload(src + i));
  float lanes[VL], sum = pool_start(op);
  vstore(lanes, pool_step(op, pool_step(op, sums[0], sums[1]), pool_step(op, sums[2], sums[3])));
  for (int l = 0; l < VL; l++) sum = pool_step1(op, sum, lanes[l]);
  for (; i < n; i++) sum = pool_step1(op, sum, src[i]);
  return sum;
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

static float pool_all(int op, const float *src, ptrdiff_t n) {
  switch (op) {
    case POOL_MAX: return reduce_all(POOL_MAX, src, n);
    case POOL_MAX_NAN: return reduce_all(POOL_MAX_NAN, src, n);
    default: return reduce_all(POOL_SUM, src, n);
  }
}

static void pool_divide(float *dst, ptrdiff_t n, float divisor, const float *by) {
  for (ptrdiff_t i = 0; i < n; i++) dst[i] /= divisor * by[i];
}
