// What one compiled copy of the kernels offers to the code that is the same for all instruction sets.
#ifndef MC_KERNELS_H
#define MC_KERNELS_H
#include <stddef.h>
#include <stdint.h>

#include "ckernels_conv.h"
#include "ckernels_elementwise.h"
#include "ckernels_isa.h"
#include "ckernels_parallel.h"

enum { MC_MAX_MR = 12, MC_MAX_NR = 32, MC_SLACK = 64 };

// Bias, residual and activation of a tile; `bias` and `residual` point at the tile's first row and element, the
// residual has the rows' distance of the output.
typedef struct {
  const float *bias, *residual;
  mc_activation activation;
  int accumulate;  // add to what the output holds
  int last;        // apply bias, residual and activation
} mc_epilogue;

// c[h][nr] = a[kc][h]^T b[kc][ldb]; e == NULL stores the bare sums.
typedef void (*mc_tile_fn)(
  ptrdiff_t kc, const float *a, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc, const mc_epilogue *e);
// The same with row k of b at src + offsets[k].
typedef void (*mc_direct_fn)(
  ptrdiff_t kc, const float *a, const float *src, const ptrdiff_t *offsets, float *c, ptrdiff_t ldc,
  const mc_epilogue *e);

// A run of `count` neighbouring columns of a packed panel, read from `source` on.
typedef struct {
  ptrdiff_t source;
  int first, count;
} mc_segment;

// Where a 4x4 tile of Winograd's output goes, and how much of it lies inside.
typedef struct {
  ptrdiff_t offset;
  int rows, columns;
} mc_output_tile;

// Reductions of pooling: the greater, never NaN; the greater, or NaN; the sum.
enum { POOL_MAX, POOL_MAX_NAN, POOL_SUM };

typedef struct {
  int lanes, mr, nr;
  ptrdiff_t kc;  // depth of a block: one panel of b and one of a share the first-level cache
  mc_tile_fn tile[MC_MAX_MR + 1], half[MC_MAX_MR + 1];
  mc_direct_fn direct[MC_MAX_MR + 1], direct_half[MC_MAX_MR + 1];
  // Up to three columns: lanes run over the rows of a.
  void (*columns)(int h, int n, ptrdiff_t kc, const float *a, const float *b, ptrdiff_t ldb, float *c, ptrdiff_t ldc);
  // c = epilogue(t [+ c]) on a rectangle.
  void (*finish)(
    const float *t, ptrdiff_t ldt, int rows, ptrdiff_t columns, float *c, ptrdiff_t ldc, const mc_epilogue *e);
  // dst[kc][nr] from nr (or n < nr) columns of rows ld apart.
  void (*pack_rows)(ptrdiff_t kc, const float *src, ptrdiff_t ld, float *dst);
  void (*pack_columns)(ptrdiff_t kc, const float *src, ptrdiff_t ld, int n, float *dst);
  // dst[kc][nr] from segments; reads past a segment's end, within the staged image's slack.
  void (*pack_segments)(
    ptrdiff_t kc, const float *src, const ptrdiff_t *offsets, const mc_segment *segments, int count, float *dst);
  // `rows` rows of `count` floats: row r, element i is the source's row y + r y_step, element x + i x_step, where that
  // lies within height and width, else `fill`.
  void (*stage_rows)(
    float *dst, ptrdiff_t rows, ptrdiff_t count, const float *src, ptrdiff_t y, ptrdiff_t y_step, ptrdiff_t height,
    ptrdiff_t width, ptrdiff_t x, ptrdiff_t x_step, float fill);
  // One output row of one channel: out[x] = epilogue(sum over taps of w[t] src[offsets[t] + x]).
  void (*depthwise_row)(
    ptrdiff_t taps, const float *w, const float *src, const ptrdiff_t *offsets, float *out, ptrdiff_t count,
    const mc_epilogue *e);
  // Winograd, nr tiles of one channel: tile t's 6x6 patch at patch[t], rows `row` apart, into 36 rows of nr floats
  // that are `plane` apart.
  void (*winograd_input)(const float *const *patch, ptrdiff_t row, float *dst, ptrdiff_t plane);
  // And nr tiles of one filter back into its output plane (rows `ld` apart).
  void (*winograd_output)(
    const float *src, ptrdiff_t plane, int count, const mc_output_tile *tiles, float *out, ptrdiff_t ld,
    const mc_epilogue *e);
  // Products with at most eight rows; outputs first ..< end.
  void (*dot_rows)(
    int rows, ptrdiff_t n, const float *x, ptrdiff_t x_step, const char *weights, ptrdiff_t first, ptrdiff_t end,
    const float *bias, const mc_activation *f, float *out, ptrdiff_t out_step);
  void (*axpy_rows)(
    int rows, ptrdiff_t n, const float *x, ptrdiff_t x_step, const char *weights, ptrdiff_t outputs, ptrdiff_t first,
    ptrdiff_t end, const float *bias, const mc_activation *f, float *out, ptrdiff_t out_step);
  // Pooling: reduction of whole rows into dst (continued unless `first`), of shifted copies of one row
  // (reads a vector past the end), of neighbours; division.
  void (*pool_rows)(int op, float *dst, const float *const *rows, int count, ptrdiff_t n, int first);
  void (*pool_taps)(int op, float *dst, const float *src, const ptrdiff_t *offsets, ptrdiff_t taps, ptrdiff_t n);
  float (*pool_all)(int op, const float *src, ptrdiff_t n);
  void (*pool_divide)(float *dst, ptrdiff_t n, float divisor, const float *by);
  // Runs of elements.
  void (*unary)(int op, ptrdiff_t n, const float *x, float p, float q, float *y);
  void (*binary)(int op, ptrdiff_t n, const float *a, ptrdiff_t a_step, const float *b, ptrdiff_t b_step, float *y);
  void (*weighted_sum)(ptrdiff_t n, float p, const float *a, float q, const float *b, float *y);
  void (*scale_shift)(ptrdiff_t n, const float *x, float scale, float shift, const mc_activation *f, float *y);
  // Normalisations: n neighbouring positions of all channels; one row; some columns.
  void (*lrn)(
    ptrdiff_t n, ptrdiff_t channels, ptrdiff_t inner, ptrdiff_t size, float alpha, float beta, float k,
    const float *x, float *y);
  void (*lrn_scale)(ptrdiff_t n, float alpha, float beta, float k, const float *x, const float *s, float *y);
  void (*softmax_row)(ptrdiff_t n, int logarithm, const float *x, float *y);
  void (*softmax_columns)(
    ptrdiff_t count, ptrdiff_t inner, ptrdiff_t width, int logarithm, const float *x, float *y);
  // Number formats.
  void (*half_to_float)(ptrdiff_t n, const char *from, char *to);
  void (*float_to_half)(ptrdiff_t n, const char *from, char *to);
  void (*bfloat16_to_float)(ptrdiff_t n, const char *from, char *to);
  void (*float_to_bfloat16)(ptrdiff_t n, const char *from, char *to);
  void (*swap2)(ptrdiff_t n, const char *from, char *to);
  void (*swap4)(ptrdiff_t n, const char *from, char *to);
  void (*swap8)(ptrdiff_t n, const char *from, char *to);
} mc_kernels;

// Winograd F(4x4, 3x3) at the points 0, +-MC_WINO_A, +-MC_WINO_B and infinity.
#define MC_WINO_A 1.0
#define MC_WINO_B 2.0

// NULL where the build has no such copy.
const mc_kernels *mc_kernels_base(void);
const mc_kernels *mc_kernels_avx2(void);
const mc_kernels *mc_kernels_avx512(void);
// The copy for `mc_isa_current()`.
const mc_kernels *mc_kernels_current(void);
#endif
