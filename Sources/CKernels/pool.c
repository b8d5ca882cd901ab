#include <float.h>
#include <math.h>

#include "pool_work.h"

#define LIMIT ((ptrdiff_t)1 << 48)
// Planes beyond this, and kernels with more taps along a dimension, are pooled row by row.
enum { WHOLE_PLANE = 1 << 19, WHOLE_KERNEL = 6 };

static ptrdiff_t gcd(ptrdiff_t a, ptrdiff_t b) {
  while (b) {
    ptrdiff_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

int mc_pool_normalise(const mc_pool_desc *from, mc_pool_desc *d) {
  if (from->spatial < 1 || from->spatial > 3 || from->planes < 0 || from->planes > LIMIT) return 0;
  *d = *from;
  int lead = 3 - from->spatial;
  double in = 1, out = 1;
  for (int i = 0; i < 3; i++) {
    int j = i - lead;
    d->input[i] = j < 0 ? 1 : from->input[j];
    d->output[i] = j < 0 ? 1 : from->output[j];
    d->kernel[i] = j < 0 ? 1 : from->kernel[j];
    d->stride[i] = j < 0 ? 1 : from->stride[j];
    d->dilation[i] = j < 0 ? 1 : from->dilation[j];
    d->pad_begin[i] = j < 0 ? 0 : from->pad_begin[j];
    d->pad_end[i] = j < 0 ? 0 : from->pad_end[j];
    if (d->input[i] < 0 || d->output[i] < 0 || d->kernel[i] < 1 || d->stride[i] < 1 || d->dilation[i] < 1) return 0;
    ptrdiff_t all[7] = {
      d->input[i], d->output[i], d->kernel[i], d->stride[i], d->dilation[i], d->pad_begin[i], d->pad_end[i]};
    for (int k = 0; k < 7; k++) if (all[k] > LIMIT || all[k] < -LIMIT) return 0;
    if ((double)d->kernel[i] * (double)d->dilation[i] > (double)LIMIT) return 0;
    if ((double)d->output[i] * (double)d->stride[i] > (double)LIMIT) return 0;
    in *= (double)d->input[i];
    out *= (double)d->output[i];
  }
  return in * (double)d->planes <= (double)LIMIT && out * (double)d->planes <= (double)LIMIT;
}

void mc_pool_valid_taps(const mc_pool_desc *d, int i, ptrdiff_t o, ptrdiff_t *low, ptrdiff_t *high) {
  ptrdiff_t start = o * d->stride[i] - d->pad_begin[i], step = d->dilation[i];
  *low = start >= 0 ? 0 : mc_min(d->kernel[i], (-start + step - 1) / step);
  *high = start >= d->input[i] ? 0 : mc_min(d->kernel[i], (d->input[i] - 1 - start) / step + 1);
  if (*high < *low) *high = *low;
}

ptrdiff_t mc_pool_divisor_factor(const mc_pool_desc *d, int i, ptrdiff_t o) {
  if (d->divisor == MC_DIVISOR_WINDOW) return d->kernel[i];
  if (d->divisor == MC_DIVISOR_VALID) {
    ptrdiff_t low, high;
    mc_pool_valid_taps(d, i, o, &low, &high);
    return high - low;
  }
  ptrdiff_t room = d->input[i] + d->pad_end[i] - (o * d->stride[i] - d->pad_begin[i]), step = d->dilation[i];
  return mc_min(d->kernel[i], room > 0 ? (room + step - 1) / step : -(-room / step));
}

// Decides how planes are pooled, and sizes the scratch of a worker.
static void cut(mc_pool_work *w) {
  const mc_pool_desc *d = &w->d;
  double all = 1;
  w->whole = w->global = 1;
  for (int i = 0; i < 3; i++) {
    mc_stage_dim *s = &w->stage[i];
    s->phases = mc_min(d->kernel[i], d->stride[i] / gcd(d->dilation[i], d->stride[i]));
    s->extent = (d->kernel[i] - 1) * d->dilation[i] / d->stride[i] + d->output[i];
    all *= (double)s->phases * (double)s->extent;
    if (d->kernel[i] > WHOLE_KERNEL) w->whole = 0;
    ptrdiff_t low = 1, high = 0;
    if (d->output[i] == 1 && d->dilation[i] == 1) mc_pool_valid_taps(d, i, 0, &low, &high);
    if (high - low != d->input[i]) w->global = 0;
  }
  if (all > WHOLE_PLANE) w->whole = 0;
  ptrdiff_t row = w->stage[2].extent;
  if (!w->whole) {
    w->local_size = (size_t)(d->input[2] + w->stage[2].phases * row + 31) / 16 * 16;
    return;
  }
  // Phases along the row lie outermost, so that a window's rows are reduced in runs of many output rows.
  w->stage[1].step = row;
  w->stage[0].step = w->stage[1].phases * w->stage[1].extent * row;
  w->stage[2].step = w->stage[0].phases * w->stage[0].extent * w->stage[0].step;
  w->stage_size = w->stage[2].phases * w->stage[2].step;
  w->line_count = d->output[1] * row;
  w->local_size = (size_t)(w->stage_size + w->stage[2].phases * w->line_count + 63) / 16 * 16;
}

static size_t shared_floats(const mc_pool_work *w) {
  const mc_pool_desc *d = &w->d;
  ptrdiff_t offsets = d->kernel[2] + (w->whole ? d->kernel[0] * d->kernel[1] : 0);
  return (size_t)d->output[2] + (size_t)offsets * (sizeof(ptrdiff_t) / sizeof(float)) + 16;
}

size_t mc_pool_scratch_size(const mc_pool_desc *desc, int threads) {
  mc_pool_work w;
  if (!mc_pool_normalise(desc, &w.d)) return 0;
  cut(&w);
  return shared_floats(&w) + w.local_size * (size_t)(threads < 1 ? 1 : threads);
}

static void pool_chunk(void *context, ptrdiff_t chunk, int worker) {
  const mc_pool_work *w = context;
  ptrdiff_t end = mc_min(w->d.planes, (chunk + 1) * w->per_chunk);
  float *local = w->local + (ptrdiff_t)w->local_size * worker;
  for (ptrdiff_t p = chunk * w->per_chunk; p < end; p++)
    (w->global ? mc_pool_plane_global : w->whole ? mc_pool_plane_whole : mc_pool_plane_by_rows)(
      w, w->input + p * w->in_plane, w->output + p * w->out_plane, local);
}

int mc_pool(const mc_pool_desc *desc, const float *input, float *output, float *scratch, size_t scratch_size) {
  mc_pool_work w = {.k = mc_kernels_current(), .input = input, .output = output};
  if (!mc_pool_normalise(desc, &w.d)) return -1;
  const mc_pool_desc *d = &w.d;
  cut(&w);
  size_t shared = shared_floats(&w);
  if (scratch_size < shared + w.local_size) return -1;
  size_t threads = (scratch_size - shared) / w.local_size;
  w.op = d->kind == MC_POOL_AVERAGE ? POOL_SUM : d->nan == MC_POOL_NAN_PROPAGATED ? POOL_MAX_NAN : POOL_MAX;
  w.start = w.op == POOL_MAX ? -FLT_MAX : w.op == POOL_MAX_NAN ? -INFINITY : 0;
  w.in_plane = d->input[0] * d->input[1] * d->input[2];
  w.out_plane = d->output[0] * d->output[1] * d->output[2];
  if (w.out_plane == 0) return 0;
  // Offsets come first and aligned; the scratch itself may be aligned to a float only.
  w.offsets = (ptrdiff_t *)(((uintptr_t)scratch + sizeof(ptrdiff_t) - 1) / sizeof(ptrdiff_t) * sizeof(ptrdiff_t));
  w.row_offsets = w.offsets + d->kernel[2];
  w.widths = (float *)(w.row_offsets + (w.whole ? d->kernel[0] * d->kernel[1] : 0));
  w.local = scratch + shared;
  const mc_stage_dim *s = w.stage;
  for (ptrdiff_t k = 0; k < d->kernel[2]; k++)
    w.offsets[k] = k % s[2].phases * (w.whole ? w.line_count : s[2].extent) + k * d->dilation[2] / d->stride[2];
  if (w.whole)
    for (ptrdiff_t z = 0; z < d->kernel[0]; z++)
      for (ptrdiff_t y = 0; y < d->kernel[1]; y++)
        w.row_offsets[z * d->kernel[1] + y] =
          (z % s[0].phases * s[0].extent + z * d->dilation[0] / d->stride[0]) * s[0].step
          + (y % s[1].phases * s[1].extent + y * d->dilation[1] / d->stride[1]) * s[1].step;
  for (ptrdiff_t x = 0; x < d->output[2]; x++) {
    ptrdiff_t low, high;
    mc_pool_valid_taps(d, 2, x, &low, &high);
    w.widths[x] = (float)(d->kind == MC_POOL_AVERAGE ? mc_pool_divisor_factor(d, 2, x) : high - low);
    if (high == low) w.some_empty = 1;
  }
  w.per_chunk = mc_max(1, 16384 / mc_max(1, mc_max(w.in_plane, w.out_plane)));
  mc_parallel_for_limited(
    mc_ceil_div(d->planes, w.per_chunk), threads > 256 ? 256 : (int)threads, pool_chunk, &w);
  return 0;
}
