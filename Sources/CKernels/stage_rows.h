// Padded copies of rows, split by stride.
#ifndef MC_STAGE_ROWS_H
#define MC_STAGE_ROWS_H
#include "kernels.h"
#include "simd.h"

// n floats, without reading or writing past either end.
AI void copy_run(float *dst, const float *src, ptrdiff_t n) {
  if (n >= VL) {
    ptrdiff_t i = 0;
    for (; i + VL <= n; i += VL) vstore(dst + i, vload(src + i));
    if (i < n) vstore(dst + n - VL, vload(src + n - VL));
  } else if (n >= 4) {
    for (ptrdiff_t i = 0; i + 4 <= n; i += 4) *(v4_any *)(dst + i) = *(const v4_any *)(src + i);
    *(v4_any *)(dst + n - 4) = *(const v4_any *)(src + n - 4);
  } else {
    for (ptrdiff_t i = 0; i < n; i++) dst[i] = src[i];
  }
}

#if MC_VL == 4
#define EVENS(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#elif MC_VL == 8
#define EVENS(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#else
#define EVENS(a, b) \
  __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#endif

// Every other float of src, n of them; reads 2 n - 1 floats.
AI void copy_evens(float *dst, const float *src, ptrdiff_t n) {
  ptrdiff_t i = 0;
  for (; i + VL < n; i += VL) {
    vf a = vload(src + 2 * i), b = vload(src + 2 * i + VL);
    vstore(dst + i, EVENS(a, b));
  }
  for (; i < n; i++) dst[i] = src[2 * i];
}

// `rows` rows of `count` floats: row r, element i is the source's row y + r y_step, element x + i x_step, where that
// lies within height and width, else `fill`.
static void stage_rows(
  float *dst, ptrdiff_t rows, ptrdiff_t count, const float *src, ptrdiff_t y, ptrdiff_t y_step, ptrdiff_t height,
  ptrdiff_t width, ptrdiff_t x, ptrdiff_t x_step, float fill) {
  ptrdiff_t low = x >= 0 ? 0 : (-x + x_step - 1) / x_step, high = x >= width ? 0 : (width - 1 - x) / x_step + 1;
  if (low > count) low = count;
  if (high > count) high = count;
  if (high < low) high = low;
  for (ptrdiff_t r = 0; r < rows; r++, y += y_step, dst += count) {
    if (y < 0 || y >= height || high == low) {
      for (ptrdiff_t i = 0; i < count; i++) dst[i] = fill;
      continue;
    }
    const float *from = src + y * width + x + low * x_step;
    for (ptrdiff_t i = 0; i < low; i++) dst[i] = fill;
    if (x_step == 1) copy_run(dst + low, from, high - low);
    else if (x_step == 2) copy_evens(dst + low, from, high - low);
    else for (ptrdiff_t i = low; i < high; i++) dst[i] = from[(i - low) * x_step];
    for (ptrdiff_t i = high; i < count; i++) dst[i] = fill;
  }
}
#endif
