#include "ckernels_elementwise.h"

#include "ckernels_norm.h"
#include "conv_plan.h"

// Elements of a task: long enough to repay handing it out, short enough to share.
enum { RUN = 16384 };

typedef struct {
  const mc_kernels *k;
  int op;
  ptrdiff_t count;
  const float *x, *z;
  float p, q, r;
  float *y;
} run_work;

static void unary_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const run_work *w = context;
  ptrdiff_t at = chunk * RUN;
  w->k->unary(w->op, mc_min(RUN, w->count - at), w->x + at, w->p, w->q, w->y + at);
}

void mc_unary(mc_unary_op op, ptrdiff_t count, const float *x, float p, float q, float *y) {
  run_work w = {mc_kernels_current(), (int)op, count, x, 0, p, q, 0, y};
  mc_parallel_for(mc_ceil_div(count, RUN), unary_chunk, &w);
}

static void weighted_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const run_work *w = context;
  ptrdiff_t at = chunk * RUN;
  w->k->weighted_sum(mc_min(RUN, w->count - at), w->p, w->x + at, w->q, w->z + at, w->y + at);
}

void mc_weighted_sum(ptrdiff_t count, float p, const float *a, float q, const float *b, float *y) {
  run_work w = {mc_kernels_current(), 0, count, a, b, p, q, 0, y};
  mc_parallel_for(mc_ceil_div(count, RUN), weighted_chunk, &w);
}

static void lrn_scale_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const run_work *w = context;
  ptrdiff_t at = chunk * RUN;
  w->k->lrn_scale(mc_min(RUN, w->count - at), w->p, w->q, w->r, w->x + at, w->z + at, w->y + at);
}

void mc_lrn_scale(ptrdiff_t count, float alpha, float beta, float k, const float *x, const float *s, float *y) {
  run_work w = {mc_kernels_current(), 0, count, x, s, alpha, beta, k, y};
  mc_parallel_for(mc_ceil_div(count, RUN), lrn_scale_chunk, &w);
}

// x[outer][channels][inner], some rows of `inner` elements a task.
typedef struct {
  const mc_kernels *k;
  ptrdiff_t rows, channels, inner, per_chunk;
  const float *x, *scale, *shift;
  mc_activation activation;
  float *y;
} channel_work;

static channel_work channel_rows(
  ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, const float *x, const float *scale, float *y) {
  channel_work w = {mc_kernels_current(), outer * channels, channels, inner, 0, x, scale, 0, {0}, y};
  w.per_chunk = mc_max(1, RUN / mc_max(1, inner));
  return w;
}

static void scale_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const channel_work *w = context;
  ptrdiff_t end = mc_min(w->rows, (chunk + 1) * w->per_chunk);
  for (ptrdiff_t r = chunk * w->per_chunk; r < end; r++) {
    ptrdiff_t c = r % w->channels, at = r * w->inner;
    w->k->scale_shift(
      w->inner, w->x + at, w->scale ? w->scale[c] : 1, w->shift ? w->shift[c] : -0.0f, &w->activation, w->y + at);
  }
}

void mc_scale_shift(
  ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, const float *x, const float *scale, const float *shift,
  mc_activation activation, float *y) {
  channel_work w = channel_rows(outer, channels, inner, x, scale, y);
  w.shift = shift;
  w.activation = activation;
  mc_parallel_for(mc_ceil_div(w.rows, w.per_chunk), scale_chunk, &w);
}

static void prelu_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const channel_work *w = context;
  ptrdiff_t end = mc_min(w->rows, (chunk + 1) * w->per_chunk);
  for (ptrdiff_t r = chunk * w->per_chunk; r < end; r++)
    w->k->unary(
      MC_UNARY_LEAKY, w->inner, w->x + r * w->inner, w->scale[r % w->channels], 0, w->y + r * w->inner);
}

void mc_prelu(ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, const float *x, const float *slope, float *y) {
  channel_work w = channel_rows(outer, channels, inner, x, slope, y);
  mc_parallel_for(mc_ceil_div(w.rows, w.per_chunk), prelu_chunk, &w);
}

typedef struct {
  const mc_kernels *k;
  int op;
  const ptrdiff_t *extents, *a_steps, *b_steps;
  const float *a, *b;
  float *y;
  ptrdiff_t pieces, rows_per_chunk, rows;
} binary_work;

static void binary_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const binary_work *w = context;
  ptrdiff_t row = chunk / w->pieces * w->rows_per_chunk, end = mc_min(w->rows, row + w->rows_per_chunk);
  ptrdiff_t first = chunk % w->pieces * RUN, n = mc_min(RUN, w->extents[2] - first);
  if (w->pieces == 1) n = w->extents[2];
  for (; row < end; row++) {
    ptrdiff_t i = row / w->extents[1], j = row % w->extents[1];
    w->k->binary(
      w->op, n, w->a + i * w->a_steps[0] + j * w->a_steps[1] + first * w->a_steps[2], w->a_steps[2],
      w->b + i * w->b_steps[0] + j * w->b_steps[1] + first * w->b_steps[2], w->b_steps[2],
      w->y + row * w->extents[2] + first);
  }
}

void mc_binary(
  mc_binary_op op, const ptrdiff_t extents[3], const float *a, const ptrdiff_t a_steps[3], const float *b,
  const ptrdiff_t b_steps[3], float *y) {
  if (extents[0] == 0 || extents[1] == 0 || extents[2] == 0) return;
  binary_work w = {mc_kernels_current(), (int)op, extents, a_steps, b_steps, a, b, y, 0, 0, 0};
  w.rows = extents[0] * extents[1];
  w.pieces = mc_ceil_div(extents[2], RUN);
  w.rows_per_chunk = mc_max(1, RUN / extents[2]);
  mc_parallel_for(mc_ceil_div(w.rows, w.rows_per_chunk) * w.pieces, binary_chunk, &w);
}
