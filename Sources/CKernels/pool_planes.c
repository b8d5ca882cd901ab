#include <float.h>

#include "pool_work.h"

enum { ROWS_AT_ONCE = 16 };

// Divides, or puts right the maxima of empty windows, in one output row.
static void finish_row(const mc_pool_work *w, float *out, ptrdiff_t oz, ptrdiff_t oy) {
  const mc_pool_desc *d = &w->d;
  if (d->kind == MC_POOL_AVERAGE) {
    ptrdiff_t factor = mc_pool_divisor_factor(d, 0, oz) * mc_pool_divisor_factor(d, 1, oy);
    w->k->pool_divide(out, d->output[2], (float)factor, w->widths);
    return;
  }
  if (w->op == POOL_MAX) return;  // -FLT_MAX is where it started
  ptrdiff_t z0, z1, y0, y1;
  mc_pool_valid_taps(d, 0, oz, &z0, &z1);
  mc_pool_valid_taps(d, 1, oy, &y0, &y1);
  int empty = z0 == z1 || y0 == y1;
  if (empty || w->some_empty)
    for (ptrdiff_t x = 0; x < d->output[2]; x++) if (empty || w->widths[x] == 0) out[x] = -FLT_MAX;
}

void mc_pool_plane_global(const mc_pool_work *w, const float *in, float *out, float *local) {
  (void)local;
  *out = w->k->pool_all(w->op, in, w->in_plane);
  finish_row(w, out, 0, 0);
}

void mc_pool_plane_by_rows(const mc_pool_work *w, const float *in, float *out, float *local) {
  const mc_pool_desc *d = &w->d;
  const mc_stage_dim *s = &w->stage[2];
  float *sums = local, *taps = local + d->input[2];
  for (ptrdiff_t oz = 0; oz < d->output[0]; oz++) {
    ptrdiff_t z0, z1;
    mc_pool_valid_taps(d, 0, oz, &z0, &z1);
    for (ptrdiff_t oy = 0; oy < d->output[1]; oy++, out += d->output[2]) {
      ptrdiff_t y0, y1;
      mc_pool_valid_taps(d, 1, oy, &y0, &y1);
      const float *rows[ROWS_AT_ONCE], *row = sums;
      int pending = 0, first = 1;
      for (ptrdiff_t z = z0; z < z1; z++)
        for (ptrdiff_t y = y0; y < y1; y++) {
          ptrdiff_t at = (oz * d->stride[0] - d->pad_begin[0] + z * d->dilation[0]) * d->input[1]
            + oy * d->stride[1] - d->pad_begin[1] + y * d->dilation[1];
          rows[pending++] = in + at * d->input[2];
          if (pending == ROWS_AT_ONCE) {
            w->k->pool_rows(w->op, sums, rows, pending, d->input[2], first);
            pending = first = 0;
          }
        }
      if (first && pending == 1) row = rows[0];
      else if (pending) w->k->pool_rows(w->op, sums, rows, pending, d->input[2], first);
      int empty = first && pending == 0;
      for (ptrdiff_t f = 0; f < s->phases; f++)
        w->k->stage_rows(
          taps + f * s->extent, 1, s->extent, row, 0, 1, empty ? 0 : 1, d->input[2],
          f * d->dilation[2] % d->stride[2] - d->pad_begin[2], d->stride[2], w->start);
      w->k->pool_taps(w->op, out, taps, w->offsets, d->kernel[2], d->output[2]);
      finish_row(w, out, oz, oy);
    }
  }
}

void mc_pool_plane_whole(const mc_pool_work *w, const float *in, float *out, float *local) {
  const mc_pool_desc *d = &w->d;
  const mc_stage_dim *s = w->stage;
  float *lines = local + w->stage_size;
  float *to = local;
  for (ptrdiff_t fz = 0; fz < s[0].phases; fz++)
    for (ptrdiff_t iz = 0; iz < s[0].extent; iz++) {
      ptrdiff_t z = iz * d->stride[0] + fz * d->dilation[0] % d->stride[0] - d->pad_begin[0];
      int inside = z >= 0 && z < d->input[0];
      const float *from = inside ? in + z * d->input[1] * d->input[2] : in;
      for (ptrdiff_t fy = 0; fy < s[1].phases; fy++) {
        ptrdiff_t y = fy * d->dilation[1] % d->stride[1] - d->pad_begin[1];
        // A few rows at a time, so that their other phases find them in the first-level cache.
        for (ptrdiff_t r = 0; r < s[1].extent; r += ROWS_AT_ONCE) {
          ptrdiff_t rows = mc_min(ROWS_AT_ONCE, s[1].extent - r);
          for (ptrdiff_t fx = 0; fx < s[2].phases; fx++)
            w->k->stage_rows(
              to + fx * s[2].step, rows, s[2].extent, from, y + r * d->stride[1], d->stride[1],
              inside ? d->input[1] : 0, d->input[2], fx * d->dilation[2] % d->stride[2] - d->pad_begin[2],
              d->stride[2], w->start);
          to += rows * s[1].step;
        }
      }
    }
  for (ptrdiff_t oz = 0; oz < d->output[0]; oz++) {
    for (ptrdiff_t fx = 0; fx < s[2].phases; fx++)
      w->k->pool_taps(
        w->op, lines + fx * w->line_count, local + fx * s[2].step + oz * s[0].step, w->row_offsets,
        d->kernel[0] * d->kernel[1], w->line_count);
    for (ptrdiff_t oy = 0; oy < d->output[1]; oy++, out += d->output[2]) {
      w->k->pool_taps(w->op, out, lines + oy * s[1].step, w->offsets, d->kernel[2], d->output[2]);
      if (w->op != POOL_MAX) finish_row(w, out, oz, oy);
    }
  }
}
