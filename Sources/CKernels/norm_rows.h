// Normalisations on runs of elements.
#include "kernels.h"
#include "simd_math.h"

// `n` neighbouring positions of all channels.
AI void lrn_vector(
  ptrdiff_t channels, ptrdiff_t inner, ptrdiff_t size, float alpha, float beta, float k, const float *x, float *y) {
  ptrdiff_t before = (size - 1) / 2, after = size / 2;
  for (ptrdiff_t c = 0; c < channels; c++) {
    ptrdiff_t low = c > before ? c - before : 0, high = c + after < channels ? c + after : channels - 1;
    vf sum = vzero();
    for (ptrdiff_t j = low; j <= high; j++) {
      vf v = vload(x + j * inner);
      sum += v * v;
    }
    vstore(y + c * inner, vload(x + c * inner) * vpower_negative(vsplat(k) + vsplat(alpha) * sum, beta));
  }
}

static void lrn(
  ptrdiff_t n, ptrdiff_t channels, ptrdiff_t inner, ptrdiff_t size, float alpha, float beta, float k, const float *x,
  float *y) {
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL) lrn_vector(channels, inner, size, alpha, beta, k, x + i, y + i);
  ptrdiff_t before = (size - 1) / 2, after = size / 2;
  if (i < n) {
    for (ptrdiff_t c = 0; c < channels; c++) {
      ptrdiff_t low = c > before ? c - before : 0, high = c + after < channels ? c + after : channels - 1;
      float rest[VL] = {0};
      for (ptrdiff_t j = low; j <= high; j++)
        for (ptrdiff_t p = i; p < n; p++) rest[p - i] += x[j * inner + p] * x[j * inner + p];
      vstore(rest, vpower_negative(vsplat(k) + vsplat(alpha) * vload(rest), beta));
      for (ptrdiff_t p = i; p < n; p++) y[c * inner + p] = x[c * inner + p] * rest[p - i];
    }
  }
}

static void lrn_scale(ptrdiff_t n, float alpha, float beta, float k, const float *x, const float *s, float *y) {
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL)
    vstore(y + i, vload(x + i) * vpower_negative(vsplat(k) + vsplat(alpha) * vload(s + i), beta));
  if (i < n) {
    float rest[VL] = {0};
    memcpy(rest, s + i, (size_t)(n - i) * sizeof(float));
    vstore(rest, vpower_negative(vsplat(k) + vsplat(alpha) * vload(rest), beta));
    for (ptrdiff_t p = i; p < n; p++) y[p] = x[p] * rest[p - i];
  }
}

/// The greater, or NaN.
AI vf vmax_nan(vf a, vf b) { return vselect(a != a, a, vmax(a, b)); }

static void softmax_row(ptrdiff_t n, int logarithm, const float *x, float *y) {
  vf top = vsplat(-INFINITY);
  ptrdiff_t i = 0;
  for (; i + VL <= n; i += VL) top = vmax_nan(top, vload(x + i));
  float lanes[VL], highest = -INFINITY;
  vstore(lanes, top);
  for (int l = 0; l < VL; l++) highest = lanes[l] > highest || lanes[l] != lanes[l] ? lanes[l] : highest;
  for (; i < n; i++) highest = x[i] > highest || x[i] != x[i] ? x[i] : highest;
  vf shift = vsplat(highest), sums = vzero();
  float sum = 0, rest[VL];
  for (i = 0; i + VL <= n; i += VL) {
    vf e = vload(x + i) - shift, v = vexp(e);
    sums += v;
    vstore(y + i, logarithm ? e : v);
  }
  vstore(lanes, sums);
  for (int l = 0; l < VL; l++) sum += lanes[l];
  if (i < n) {
    for (int l = 0; l < VL; l++) rest[l] = i + l < n ? x[i + l] - highest : 0;
    vf v = vexp(vload(rest));
    vstore(lanes, v);
    for (ptrdiff_t l = 0; l < n - i; l++) {
      sum += lanes[l];
      y[i + l] = logarithm ? rest[l] : lanes[l];
    }
  }
  vstore(lanes, vlog(vsplat(sum)));
  float by = logarithm ? lanes[0] : sum;
  for (i = 0; i + VL <= n; i += VL) vstore(y + i, logarithm ? vload(y + i) - vsplat(by) : vload(y + i) / vsplat(by));
  for (; i < n; i++) y[i] = logarithm ? y[i] - by : y[i] / by;
}

// Neighbouring columns of x[count][inner], a strip at a time: a row of the strip is a few cache lines.
static void softmax_columns(
  ptrdiff_t count, ptrdiff_t inner, ptrdiff_t width, int logarithm, const float *x, float *y) {
  enum { VECTORS = 8, STRIP = VECTORS * VL };
  for (ptrdiff_t at = 0; at < width; at += STRIP) {
    ptrdiff_t here = width - at < STRIP ? width - at : STRIP;
    vf top[VECTORS], sum[VECTORS];
    float line[STRIP] = {0};
    for (int v = 0; v < VECTORS; v++) {
      top[v] = vsplat(-INFINITY);
      sum[v] = vzero();
    }
    for (int pass = 0; pass < 3; pass++) {
      for (ptrdiff_t c = 0; c < count; c++) {
        // A short strip goes through a line of its own.
        const float *from = (pass < 2 ? x : y) + c * inner + at;
        float *to = y + c * inner + at;
        if (here < STRIP) {
          memcpy(line, from, (size_t)here * sizeof(float));
          from = line;
        }
        float *put = here < STRIP ? line : to;
        for (int v = 0; v < VECTORS; v++) {
          vf e = vload(from + v * VL);
          if (pass == 0) {
            top[v] = vmax_nan(top[v], e);
          } else if (pass == 1) {
            e -= top[v];
            vf p = vexp(e);
            sum[v] += p;
            vstore(put + v * VL, logarithm ? e : p);
          } else {
            vstore(put + v * VL, logarithm ? e - sum[v] : e / sum[v]);
          }
        }
        if (pass > 0 && here < STRIP) memcpy(to, line, (size_t)here * sizeof(float));
      }
      if (pass == 1 && logarithm) for (int v = 0; v < VECTORS; v++) sum[v] = vlog(sum[v]);
    }
  }
}
