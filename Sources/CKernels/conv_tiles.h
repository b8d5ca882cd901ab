// Register tiles of the matrix product: MC_MR rows by two vectors of columns.
#include "kernels.h"
#include "simd.h"

AI vf activate(vf v, const mc_activation *f) {
  switch (f->kind) {
    case MC_ACTIVATION_RELU: return vselect(v < vzero(), vzero(), v);
    case MC_ACTIVATION_LEAKY: return vselect(v < vzero(), v * vsplat(f->alpha), v);
    case MC_ACTIVATION_CLIP: return vmin(vsplat(f->high), vmax(vsplat(f->low), v));
    default: return v;
  }
}

AI float activate1(float v, const mc_activation *f) {
  switch (f->kind) {
    case MC_ACTIVATION_RELU: return v < 0 ? 0 : v;
    case MC_ACTIVATION_LEAKY: return v < 0 ? v * f->alpha : v;
    case MC_ACTIVATION_CLIP: {
      float w = f->low > v ? f->low : v;
      return f->high < w ? f->high : w;
    }
    default: return v;
  }
}

AI void store_tile(
  const int mr, const int nv, vf *acc, float *c, ptrdiff_t ldc, const mc_epilogue *e) {
  if (!e) {
    UNROLL for (int i = 0; i < mr; i++) UNROLL for (int j = 0; j < nv; j++) vstore(c + i * ldc + j * VL, acc[i * nv + j]);
    return;
  }
  if (e->accumulate) {
    UNROLL for (int i = 0; i < mr; i++) UNROLL for (int j = 0; j < nv; j++) acc[i * nv + j] += vload(c + i * ldc + j * VL);
  }
  if (e->last) {
    if (e->bias) {
      UNROLL for (int i = 0; i < mr; i++) UNROLL for (int j = 0; j < nv; j++) acc[i * nv + j] += vsplat(e->bias[i]);
    }
    if (e->residual) {
      UNROLL for (int i = 0; i < mr; i++) UNROLL for (int j = 0; j < nv; j++)
        acc[i * nv + j] += vload(e->residual + i * ldc + j * VL);
    }
    if (e->activation.kind == MC_ACTIVATION_RELU) {
      UNROLL for (int i = 0; i < mr * nv; i++) acc[i] = vselect(acc[i] < vzero(), vzero(), acc[i]);
    } else if (e->activation.kind != MC_ACTIVATION_NONE) {
      UNROLL for (int i = 0; i < mr * nv; i++) acc[i] = activate(acc[i], &e->activation);
    }
  }
  UNROLL for (int i = 0; i < mr; i++) UNROLL for (int j = 0; j < nv; j++) vstore(c + i * ldc + j * VL, acc[i * nv + j]);
}

AI void run_tile(
  const int mr, ptrdiff_t kc, const float *a, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc,
  const mc_epilogue *e) {
  vf acc[MC_MR * 2];
  UNROLL for (int i = 0; i < mr * 2; i++) acc[i] = vzero();
  for (ptrdiff_t k = 0; k < kc; k++) {
    vf b0 = vload(b), b1 = vload(b + VL);
    UNROLL for (int i = 0; i < mr; i++) {
      vf w = vsplat(a[i]);
      acc[2 * i] += w * b0;
      acc[2 * i + 1] += w * b1;
    }
    a += mr;
    b += ldb;
  }
  store_tile(mr, 2, acc, c, ldc, e);
}

AI void run_half(
  const int mr, ptrdiff_t kc, const float *a, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc,
  const mc_epilogue *e) {
  // Two sets of sums: one vector per row alone would wait for the multiply-add's latency.
  vf acc[MC_MR], odd[MC_MR];
  UNROLL for (int i = 0; i < mr; i++) acc[i] = odd[i] = vzero();
  ptrdiff_t k = 0;
  for (; k + 2 <= kc; k += 2) {
    vf b0 = vload(b), b1 = vload(b + ldb);
    UNROLL for (int i = 0; i < mr; i++) acc[i] += vsplat(a[i]) * b0;
    UNROLL for (int i = 0; i < mr; i++) odd[i] += vsplat(a[mr + i]) * b1;
    a += 2 * mr;
    b += 2 * ldb;
  }
  if (k < kc) {
    vf b0 = vload(b);
    UNROLL for (int i = 0; i < mr; i++) acc[i] += vsplat(a[i]) * b0;
  }
  UNROLL for (int i = 0; i < mr; i++) acc[i] += odd[i];
  store_tile(mr, 1, acc, c, ldc, e);
}

AI void run_direct(
  const int mr, const int nv, ptrdiff_t kc, const float *a, const float *src, const ptrdiff_t *offsets, float *c,
  ptrdiff_t ldc, const mc_epilogue *e) {
  vf acc[MC_MR * 2];
  UNROLL for (int i = 0; i < mr * nv; i++) acc[i] = vzero();
  for (ptrdiff_t k = 0; k < kc; k++) {
    const float *p = src + offsets[k];
    vf b[2];
    UNROLL for (int j = 0; j < nv; j++) b[j] = vload(p + j * VL);
    UNROLL for (int i = 0; i < mr; i++) {
      vf w = vsplat(a[i]);
      UNROLL for (int j = 0; j < nv; j++) acc[i * nv + j] += w * b[j];
    }
    a += mr;
  }
  store_tile(mr, nv, acc, c, ldc, e);
}

#define TILE(H) \
  static void tile##H( \
    ptrdiff_t kc, const float *a, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc, const mc_epilogue *e) { \
    run_tile(H, kc, a, b, ldb, c, ldc, e); \
  } \
  static void half##H( \
    ptrdiff_t kc, const float *a, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc, const mc_epilogue *e) { \
    run_half(H, kc, a, b, ldb, c, ldc, e); \
  } \
  static void direct##H( \
    ptrdiff_t kc, const float *a, const float *src, const ptrdiff_t *offsets, float *c, ptrdiff_t ldc, \
    const mc_epilogue *e) { \
    run_direct(H, 2, kc, a, src, offsets, c, ldc, e); \
  } \
  static void direct_half##H( \
    ptrdiff_t kc, const float *a, const float *src, const ptrdiff_t *offsets, float *c, ptrdiff_t ldc, \
    const mc_epilogue *e) { \
    run_direct(H, 1, kc, a, src, offsets, c, ldc, e); \
  }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if MC_MR > 6
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
#define ALL_TILES(f) {0, f##1, f##2, f##3, f##4, f##5, f##6, f##7, f##8, f##9, f##10, f##11, f##12}
#else
#define ALL_TILES(f) {0, f##1, f##2, f##3, f##4, f##5, f##6}
#endif

// Rows of a panel as lanes. Reads up to ROWS * VL - h floats past the panel, which packed weights allow.
enum { ROWS = (MC_MR + VL - 1) / VL };
AI void run_columns(
  const int n, int h, ptrdiff_t kc, const float *a, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc) {
  vf acc[2][3 * ROWS];
  UNROLL for (int i = 0; i < n * ROWS; i++) acc[0][i] = acc[1][i] = vzero();
  ptrdiff_t k = 0;
  for (; k + 2 <= kc; k += 2) {
    UNROLL for (int u = 0; u < 2; u++) {
      UNROLL for (int r = 0; r < ROWS; r++) {
        vf w = vload(a + r * VL);
        UNROLL for (int j = 0; j < n; j++) acc[u][j * ROWS + r] += w * vsplat(b[j]);
      }
      a += h;
      b += ldb;
    }
  }
  if (k < kc) {
    UNROLL for (int r = 0; r < ROWS; r++) {
      vf w = vload(a + r * VL);
      UNROLL for (int j = 0; j < n; j++) acc[0][j * ROWS + r] += w * vsplat(b[j]);
    }
  }
  float sums[3][ROWS * VL];
  UNROLL for (int j = 0; j < n; j++) UNROLL for (int r = 0; r < ROWS; r++)
    vstore(sums[j] + r * VL, acc[0][j * ROWS + r] + acc[1][j * ROWS + r]);
  for (int i = 0; i < h; i++) for (int j = 0; j < n; j++) c[i * ldc + j] = sums[j][i];
}

static void columns(
  int h, int n, ptrdiff_t kc, const float *a, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc) {
  switch (n) {
    case 1: run_columns(1, h, kc, a, b, ldb, c, ldc); break;
    case 2: run_columns(2, h, kc, a, b, ldb, c, ldc); break;
    default: run_columns(3, h, kc, a, b, ldb, c, ldc); break;
  }
}

static void finish(
  const float *t, ptrdiff_t ldt, int rows, ptrdiff_t count, float *c, ptrdiff_t ldc, const mc_epilogue *e) {
  for (int i = 0; i < rows; i++, t += ldt, c += ldc) {
    const float *residual = e->last && e->residual ? e->residual + i * ldc : 0;
    float bias = e->last && e->bias ? e->bias[i] : 0;
    int add_bias = e->last && e->bias;
    ptrdiff_t j = 0;
    for (; j + VL <= count; j += VL) {
      vf v = vload(t + j);
      if (e->accumulate) v += vload(c + j);
      if (add_bias) v += vsplat(bias);
      if (residual) v += vload(residual + j);
      if (e->last) v = activate(v, &e->activation);
      vstore(c + j, v);
    }
    for (; j < count; j++) {
      float v = t[j];
      if (e->accumulate) v += c[j];
      if (add_bias) v += bias;
      if (residual) v += residual[j];
      c[j] = e->last ? activate1(v, &e->activation) : v;
    }
  }
}

static void pack_rows(ptrdiff_t kc, const float *src, ptrdiff_t ld, float *dst) {
  for (ptrdiff_t k = 0; k < kc; k++, src += ld, dst += 2 * VL) {
    vf x = vload(src), y = vload(src + VL);
    vstore(dst, x);
    vstore(dst + VL, y);
  }
}

static void pack_columns(ptrdiff_t kc, const float *src, ptrdiff_t ld, int n, float *dst) {
  for (ptrdiff_t k = 0; k < kc; k++, src += ld, dst += 2 * VL) {
    for (int j = 0; j < n; j++) dst[j] = src[j];
    for (int j = n; j < 2 * VL; j++) dst[j] = 0;
  }
}

static void pack_segments(
  ptrdiff_t kc, const float *src, const ptrdiff_t *offsets, const mc_segment *segments, int count, float *dst) {
  if (count == 1 && segments[0].count == 2 * VL) {
    src += segments[0].source;
    for (ptrdiff_t k = 0; k < kc; k++, dst += 2 * VL) {
      const float *p = src + offsets[k];
      vf x = vload(p), y = vload(p + VL);
      vstore(dst, x);
      vstore(dst + VL, y);
    }
    return;
  }
  // Whole vectors: what overruns a segment is overwritten by the next one, or by the next row; the last row is exact.
  for (ptrdiff_t k = 0; k + 1 < kc; k++, dst += 2 * VL) {
    const float *base = src + offsets[k];
    for (int s = 0; s < count; s++) {
      const float *p = base + segments[s].source;
      float *d = dst + segments[s].first;
      vstore(d, vload(p));
      if (segments[s].count > VL) vstore(d + VL, vload(p + VL));
    }
  }
  if (kc > 0) {
    const float *base = src + offsets[kc - 1];
    int filled = 0;
    for (int s = 0; s < count; s++) {
      memcpy(dst + segments[s].first, base + segments[s].source, (size_t)segments[s].count * sizeof(float));
      filled = segments[s].first + segments[s].count;
    }
    for (; filled < 2 * VL; filled++) dst[filled] = 0;
  }
}

static void depthwise_row(
  ptrdiff_t taps, const float *w, const float *src, const ptrdiff_t *offsets, float *out, ptrdiff_t count,
  const mc_epilogue *e) {
  ptrdiff_t x = 0;
  for (; x + 4 * VL <= count; x += 4 * VL) {
    vf acc[4];
    UNROLL for (int j = 0; j < 4; j++) acc[j] = vzero();
    for (ptrdiff_t t = 0; t < taps; t++) {
      const float *p = src + offsets[t] + x;
      vf v = vsplat(w[t]);
      UNROLL for (int j = 0; j < 4; j++) acc[j] += v * vload(p + j * VL);
    }
    mc_epilogue at = *e;
    if (at.residual) at.residual += x;
    store_tile(1, 4, acc, out + x, 0, &at);
  }
  // The rest of a row reads and computes up to a vector past its end, within the staged plane's slack.
  for (; x < count; x += VL) {
    vf acc = vzero();
    for (ptrdiff_t t = 0; t < taps; t++) acc += vsplat(w[t]) * vload(src + offsets[t] + x);
    mc_epilogue at = *e;
    if (at.residual) at.residual += x;
    if (x + VL <= count) {
      store_tile(1, 1, &acc, out + x, 0, &at);
    } else {
      float rest[VL];
      vstore(rest, acc);
      finish(rest, VL, 1, count - x, out + x, 0, &at);
    }
  }
}
