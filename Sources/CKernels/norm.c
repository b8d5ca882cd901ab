#include "ckernels_norm.h"

#include "conv_plan.h"

typedef struct {
  const mc_kernels *k;
  ptrdiff_t outer, count, inner, size, width, pieces;
  float alpha, beta, bias;
  int logarithm;
  const float *x;
  float *y;
} norm_work;

static void lrn_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const norm_work *w = context;
  ptrdiff_t first = chunk % w->pieces * w->width;
  ptrdiff_t at = chunk / w->pieces * w->count * w->inner + first;
  w->k->lrn(
    mc_min(w->width, w->inner - first), w->count, w->inner, w->size, w->alpha, w->beta, w->bias, w->x + at,
    w->y + at);
}

void mc_lrn_across(
  ptrdiff_t batch, ptrdiff_t channels, ptrdiff_t inner, ptrdiff_t size, float alpha, float beta, float k,
  const float *x, float *y) {
  if (inner == 0 || channels == 0 || size < 1) return;
  norm_work w = {mc_kernels_current(), batch, channels, inner, size, 0, 0, alpha / (float)size, beta, k, 0, x, y};
  w.width = mc_max(64, 16384 / channels / 64 * 64);
  w.pieces = mc_ceil_div(inner, w.width);
  mc_parallel_for(batch * w.pieces, lrn_chunk, &w);
}

static void softmax_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const norm_work *w = context;
  if (w->inner == 1) {
    ptrdiff_t end = mc_min(w->outer, (chunk + 1) * w->width);
    for (ptrdiff_t r = chunk * w->width; r < end; r++)
      w->k->softmax_row(w->count, w->logarithm, w->x + r * w->count, w->y + r * w->count);
    return;
  }
  ptrdiff_t first = chunk % w->pieces * w->width, at = chunk / w->pieces * w->count * w->inner + first;
  w->k->softmax_columns(
    w->count, w->inner, mc_min(w->width, w->inner - first), w->logarithm, w->x + at, w->y + at);
}

void mc_softmax(
  ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, int logarithm, const float *x, float *y) {
  if (outer == 0 || count == 0 || inner == 0) return;
  norm_work w = {mc_kernels_current(), outer, count, inner, 0, 0, 0, 0, 0, 0, logarithm, x, y};
  if (inner == 1) {
    w.width = mc_max(1, 8192 / count);
    mc_parallel_for(mc_ceil_div(outer, w.width), softmax_chunk, &w);
    return;
  }
  w.width = mc_max(64, 8192 / count / 64 * 64);
  w.pieces = mc_ceil_div(inner, w.width);
  mc_parallel_for(outer * w.pieces, softmax_chunk, &w);
}
