// Products with few rows: the weights are streamed once, in place.
#include "kernels.h"
#include "simd.h"

typedef float vf_byte __attribute__((vector_size(VL * 4), aligned(1), may_alias));
AI vf vload_byte(const char *p) { return *(const vf_byte *)p; }
AI float load_byte(const char *p) {
  float f;
  memcpy(&f, p, sizeof f);
  return f;
}
AI float vsum(vf v) {
  float lanes[VL];
  vstore(lanes, v);
  for (int width = VL / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
  return lanes[0];
}

// Inputs of a pass: what the pass reads of up to four rows stays in the first-level cache.
enum { DEPTH = 1024 };

// Adds x[r] . w[o] over n inputs to out[r][o] for `rows` rows and `outputs` rows of weights.
AI void dot_block(
  const int rows, const int outputs, ptrdiff_t n, const float *x, ptrdiff_t x_step, const char *const *w, float *out,
  ptrdiff_t out_step, int count) {
  vf acc[4][4];
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int o = 0; o < outputs; o++) acc[r][o] = vzero();
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL) {
    vf b[4];
    UNROLL for (int o = 0; o < outputs; o++) b[o] = vload_byte(w[o] + i * 4);
    UNROLL for (int r = 0; r < rows; r++) {
      vf v = vload(x + r * x_step + i);
      UNROLL for (int o = 0; o < outputs; o++) acc[r][o] += v * b[o];
    }
  }
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int o = 0; o < outputs; o++) {
    if (o >= count) continue;
    float sum = vsum(acc[r][o]);
    for (ptrdiff_t j = i; j < n; j++) sum += x[r * x_step + j] * load_byte(w[o] + j * 4);
    out[r * out_step + o] += sum;
  }
}

static void dot_rows(
  int rows, ptrdiff_t n, const float *x, ptrdiff_t x_step, const char *weights, ptrdiff_t first, ptrdiff_t end,
  const float *bias, const mc_activation *f, float *out, ptrdiff_t out_step) {
  for (int r = 0; r < rows; r++)
    for (ptrdiff_t o = first; o < end; o++) out[r * out_step + o] = bias ? bias[o] : 0;
  for (ptrdiff_t k = 0; k < n; k += DEPTH) {
    ptrdiff_t depth = n - k < DEPTH ? n - k : DEPTH;
    for (ptrdiff_t o = first; o < end;) {
      int wide = rows <= 2 ? 4 : 3, count = (int)(end - o < wide ? end - o : wide);
      const char *w[4];
      for (int j = 0; j < wide; j++) w[j] = weights + ((o + (j < count ? j : 0)) * n + k) * 4;
      for (int r = 0; r < rows;) {
        const float *xr = x + r * x_step + k;
        float *to = out + r * out_step + o;
        int left = rows - r;
        if (rows <= 2) {
          if (left == 2) dot_block(2, 4, depth, xr, x_step, w, to, out_step, count);
          else dot_block(1, 4, depth, xr, x_step, w, to, out_step, count);
          r += 2;
        } else if (left >= 4) {
          dot_block(4, 3, depth, xr, x_step, w, to, out_step, count);
          r += 4;
        } else {
          if (left == 3) dot_block(3, 3, depth, xr, x_step, w, to, out_step, count);
          else if (left == 2) dot_block(2, 3, depth, xr, x_step, w, to, out_step, count);
          else dot_block(1, 3, depth, xr, x_step, w, to, out_step, count);
          r += 4;
        }
      }
      o += count;
    }
  }
  for (int r = 0; r < rows; r++)
    for (ptrdiff_t o = first; o < end; o++) out[r * out_step + o] = activate1(out[r * out_step + o], f);
}

// out[r][0 ..< width] += sum over `depth` inputs of x[r][i] w[i], for `rows` rows.
AI void axpy_block(
  const int rows, const int depth, ptrdiff_t width, const float *x, ptrdiff_t x_step, const char *w, ptrdiff_t w_step,
  float *out, ptrdiff_t out_step) {
  vf a[2][4];
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int i = 0; i < depth; i++) a[r][i] = vsplat(x[r * x_step + i]);
  ptrdiff_t j = 0;
  for (; j + VL <= width; j += VL) {
    vf b[4];
    UNROLL for (int i = 0; i < depth; i++) b[i] = vload_byte(w + (i * w_step + j) * 4);
    UNROLL for (int r = 0; r < rows; r++) {
      vf sum = vload(out + r * out_step + j);
      UNROLL for (int i = 0; i < depth; i++) sum += a[r][i] * b[i];
      vstore(out + r * out_step + j, sum);
    }
  }
  for (; j < width; j++)
    for (int r = 0; r < rows; r++)
      for (int i = 0; i < depth; i++) out[r * out_step + j] += x[r * x_step + i] * load_byte(w + (i * w_step + j) * 4);
}

// The same with weights [inputs, outputs]: outputs first ..< end gather in place.
static void axpy_rows(
  int rows, ptrdiff_t n, const float *x, ptrdiff_t x_step, const char *weights, ptrdiff_t outputs, ptrdiff_t first,
  ptrdiff_t end, const float *bias, const mc_activation *f, float *out, ptrdiff_t out_step) {
  for (int r = 0; r < rows; r++)
    for (ptrdiff_t o = first; o < end; o++) out[r * out_step + o] = bias ? bias[o] : 0;
  for (ptrdiff_t i = 0; i < n; i += 4) {
    const char *w = weights + (i * outputs + first) * 4;
    for (int r = 0; r < rows; r += 2) {
      const float *xr = x + r * x_step + i;
      float *to = out + r * out_step + first;
      if (n - i >= 4) {
        if (rows - r >= 2) axpy_block(2, 4, end - first, xr, x_step, w, outputs, to, out_step);
        else axpy_block(1, 4, end - first, xr, x_step, w, outputs, to, out_step);
      } else {
        int pair = rows - r >= 2 ? 2 : 1;
        for (ptrdiff_t j = 0; j < n - i; j++)
          for (int p = 0; p < pair; p++)
            axpy_block(
              1, 1, end - first, xr + p * x_step + j, x_step, w + j * outputs * 4, outputs, to + p * out_step, out_step);
      }
    }
  }
  for (int r = 0; r < rows; r++)
    for (ptrdiff_t o = first; o < end; o++) out[r * out_step + o] = activate1(out[r * out_step + o], f);
}
