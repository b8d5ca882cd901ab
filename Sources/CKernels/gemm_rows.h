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

// sums[r][o] = x[r] . w[o] for `rows` rows of x and two rows of weights.
AI void dot_pair(
  const int rows, ptrdiff_t n, const float *x, ptrdiff_t x_step, const char *w0, const char *w1, float (*sums)[2]) {
  enum { SETS = 2 };
  vf acc[SETS][8][2];
  const int sets = rows <= 2 ? 2 : 1;
  UNROLL for (int s = 0; s < sets; s++) UNROLL for (int r = 0; r < rows; r++) acc[s][r][0] = acc[s][r][1] = vzero();
  ptrdiff_t i = 0;
  for (; i + sets * VL <= n; i += sets * VL) {
    UNROLL for (int s = 0; s < sets; s++) {
      vf a = vload_byte(w0 + (i + s * VL) * 4), b = vload_byte(w1 + (i + s * VL) * 4);
      UNROLL for (int r = 0; r < rows; r++) {
        vf v = vload(x + r * x_step + i + s * VL);
        acc[s][r][0] += v * a;
        acc[s][r][1] += v * b;
      }
    }
  }
  UNROLL for (int r = 0; r < rows; r++) {
    float a = vsum(sets == 2 ? acc[0][r][0] + acc[1][r][0] : acc[0][r][0]);
    float b = vsum(sets == 2 ? acc[0][r][1] + acc[1][r][1] : acc[0][r][1]);
    for (ptrdiff_t j = i; j < n; j++) {
      a += x[r * x_step + j] * load_byte(w0 + j * 4);
      b += x[r * x_step + j] * load_byte(w1 + j * 4);
    }
    sums[r][0] = a;
    sums[r][1] = b;
  }
}

static void dot_rows(
  int rows, ptrdiff_t n, const float *x, ptrdiff_t x_step, const char *weights, ptrdiff_t first, ptrdiff_t end,
  const float *bias, const mc_activation *f, float *out, ptrdiff_t out_step) {
  for (ptrdiff_t o = first; o < end; o += 2) {
    const char *w0 = weights + o * n * 4, *w1 = o + 1 < end ? w0 + n * 4 : w0;
    float sums[8][2];
    switch (rows) {
      case 1: dot_pair(1, n, x, x_step, w0, w1, sums); break;
      case 2: dot_pair(2, n, x, x_step, w0, w1, sums); break;
      case 3: dot_pair(3, n, x, x_step, w0, w1, sums); break;
      case 4: dot_pair(4, n, x, x_step, w0, w1, sums); break;
      case 5: dot_pair(5, n, x, x_step, w0, w1, sums); break;
      case 6: dot_pair(6, n, x, x_step, w0, w1, sums); break;
      case 7: dot_pair(7, n, x, x_step, w0, w1, sums); break;
      default: dot_pair(8, n, x, x_step, w0, w1, sums); break;
    }
    for (int r = 0; r < rows; r++)
      for (ptrdiff_t j = 0; j < 2 && o + j < end; j++)
        out[r * out_step + o + j] = activate1(sums[r][j] + (bias ? bias[o + j] : 0), f);
  }
}

// The same with weights [inputs, outputs]: a strip of outputs at a time.
AI void strip(
  const int rows, const int vectors, ptrdiff_t n, const float *x, ptrdiff_t x_step, const char *w, ptrdiff_t w_step,
  const float *bias, const mc_activation *f, float *out, ptrdiff_t out_step) {
  vf acc[8];
  UNROLL for (int i = 0; i < rows * vectors; i++) acc[i] = vzero();
  for (ptrdiff_t i = 0; i < n; i++, w += w_step * 4) {
    vf b[8];
    UNROLL for (int v = 0; v < vectors; v++) b[v] = vload_byte(w + v * VL * 4);
    UNROLL for (int r = 0; r < rows; r++) {
      vf a = vsplat(x[r * x_step + i]);
      UNROLL for (int v = 0; v < vectors; v++) acc[r * vectors + v] += a * b[v];
    }
  }
  UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) {
    vf sum = acc[r * vectors + v];
    if (bias) sum += vload(bias + v * VL);
    vstore(out + r * out_step + v * VL, activate(sum, f));
  }
}

static void axpy_rows(
  int rows, ptrdiff_t n, const float *x, ptrdiff_t x_step, const char *weights, ptrdiff_t outputs, ptrdiff_t first,
  ptrdiff_t end, const float *bias, const mc_activation *f, float *out, ptrdiff_t out_step) {
  ptrdiff_t o = first;
#define STRIP(R, V) \
  strip(R, V, n, x + r * x_step, x_step, weights + o * 4, outputs, bias ? bias + o : 0, f, out + r * out_step + o, \
    out_step)
  for (; o + 4 * VL <= end; o += 4 * VL) {
    int r = 0;
    for (; r + 2 <= rows; r += 2) STRIP(2, 4);
    if (r < rows) STRIP(1, 4);
  }
  for (; o + VL <= end; o += VL) {
    int r = 0;
    for (; r + 4 <= rows; r += 4) STRIP(4, 1);
    for (; r < rows; r++) STRIP(1, 1);
  }
#undef STRIP
  for (; o < end; o++)
    for (int r = 0; r < rows; r++) {
      float sum = 0;
      for (ptrdiff_t i = 0; i < n; i++) sum += x[r * x_step + i] * load_byte(weights + (i * outputs + o) * 4);
      out[r * out_step + o] = activate1(sum + (bias ? bias[o] : 0), f);
    }
}
