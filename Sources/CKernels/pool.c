#include "ckernels_pool.h"

#include <float.h>
#include <math.h>

#include "conv_plan.h"

enum { ROWS_AT_ONCE = 16 };
#define LIMIT ((ptrdiff_t)1 << 48)

typedef struct {
  mc_pool_desc d;  // always with three spatial dimensions
  const mc_kernels *k;
  int op;
  ptrdiff_t in_plane, out_plane, per_chunk;
  ptrdiff_t period, extent;  // phases of the stride along a row, and elements of each
  const float *input;
  float *output, *widths, *local;
  ptrdiff_t *offsets;
  size_t local_size;
  int some_empty;            // a window has no element along the row
} pool_work;

static ptrdiff_t gcd(ptrdiff_t a, ptrdiff_t b) {
  while (b) {
    ptrdiff_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

static int normalise(const mc_pool_desc *from, mc_pool_desc *d) {
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

static void cut(pool_work *w) {
  const mc_pool_desc *d = &w->d;
  w->period = mc_min(d->kernel[2], d->stride[2] / gcd(d->dilation[2], d->stride[2]));
  w->extent = (d->kernel[2] - 1) * d->dilation[2] / d->stride[2] + d->output[2];
  w->local_size = (size_t)(d->input[2] + w->period * w->extent + 31) / 16 * 16;
}

static size_t shared_floats(const mc_pool_desc *d) {
  return (size_t)d->output[2] + (size_t)d->kernel[2] * (sizeof(ptrdiff_t) / sizeof(float)) + 16;
}

size_t mc_pool_scratch_size(const mc_pool_desc *desc, int threads) {
  pool_work w;
  if (!normalise(desc, &w.d)) return 0;
  cut(&w);
  return shared_floats(&w.d) + w.local_size * (size_t)(threads < 1 ? 1 : threads);
}

// First and past-the-last tap of output position o that lie in the input.
static void valid_taps(const mc_pool_desc *d, int i, ptrdiff_t o, ptrdiff_t *low, ptrdiff_t *high) {
  ptrdiff_t start = o * d->stride[i] - d->pad_begin[i], step = d->dilation[i];
  *low = start >= 0 ? 0 : mc_min(d->kernel[i], (-start + step - 1) / step);
  *high = start >= d->input[i] ? 0 : mc_min(d->kernel[i], (d->input[i] - 1 - start) / step + 1);
  if (*high < *low) *high = *low;
}

// A dimension's factor of the divisor.
static ptrdiff_t divisor(const mc_pool_desc *d, int i, ptrdiff_t o) {
  if (d->divisor == MC_DIVISOR_WINDOW) return d->kernel[i];
  if (d->divisor == MC_DIVISOR_VALID) {
    ptrdiff_t low, high;
    valid_taps(d, i, o, &low, &high);
    return high - low;
  }
  ptrdiff_t room = d->input[i] + d->pad_end[i] - (o * d->stride[i] - d->pad_begin[i]), step = d->dilation[i];
  return mc_min(d->kernel[i], room > 0 ? (room + step - 1) / step : -(-room / step));
}

static void pool_plane(const pool_work *w, const float *in, float *out, float *local) {
  const mc_pool_desc *d = &w->d;
  float *sums = local, *taps = local + d->input[2];
  int average = d->kind == MC_POOL_AVERAGE;
  float start = w->op == POOL_MAX ? -FLT_MAX : w->op == POOL_MAX_NAN ? -INFINITY : 0;
  for (ptrdiff_t oz = 0; oz < d->output[0]; oz++) {
    ptrdiff_t z0, z1;
    valid_taps(d, 0, oz, &z0, &z1);
    for (ptrdiff_t oy = 0; oy < d->output[1]; oy++, out += d->output[2]) {
      ptrdiff_t y0, y1;
      valid_taps(d, 1, oy, &y0, &y1);
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
      if (empty) {
        for (ptrdiff_t x = 0; x < d->output[2]; x++) out[x] = average ? 0 : -FLT_MAX;
      } else {
        for (ptrdiff_t f = 0; f < w->period; f++)
          w->k->stage_row(
            taps + f * w->extent, w->extent, row, f * d->dilation[2] % d->stride[2] - d->pad_begin[2], d->stride[2],
            d->input[2], start);
        w->k->pool_taps(w->op, out, taps, w->offsets, d->kernel[2], d->output[2]);
        if (w->some_empty && !average)
          for (ptrdiff_t x = 0; x < d->output[2]; x++) if (w->widths[x] == 0) out[x] = -FLT_MAX;
      }
      if (average) w->k->pool_divide(out, d->output[2], (float)(divisor(d, 0, oz) * divisor(d, 1, oy)), w->widths);
    }
  }
}

static void pool_chunk(void *context, ptrdiff_t chunk, int worker) {
  const pool_work *w = context;
  ptrdiff_t end = mc_min(w->d.planes, (chunk + 1) * w->per_chunk);
  float *local = w->local + (ptrdiff_t)w->local_size * worker;
  for (ptrdiff_t p = chunk * w->per_chunk; p < end; p++)
    pool_plane(w, w->input + p * w->in_plane, w->output + p * w->out_plane, local);
}

int mc_pool(const mc_pool_desc *desc, const float *input, float *output, float *scratch, size_t scratch_size) {
  pool_work w = {.k = mc_kernels_current(), .input = input, .output = output};
  if (!normalise(desc, &w.d)) return -1;
  const mc_pool_desc *d = &w.d;
  cut(&w);
  size_t shared = shared_floats(d);
  if (scratch_size < shared + w.local_size) return -1;
  size_t threads = (scratch_size - shared) / w.local_size;
  w.op = d->kind == MC_POOL_AVERAGE ? POOL_SUM : d->nan == MC_POOL_NAN_PROPAGATED ? POOL_MAX_NAN : POOL_MAX;
  w.in_plane = d->input[0] * d->input[1] * d->input[2];
  w.out_plane = d->output[0] * d->output[1] * d->output[2];
  if (w.out_plane == 0) return 0;
  // Offsets come first and aligned; the scratch itself may be aligned to a float only.
  w.offsets = (ptrdiff_t *)(((uintptr_t)scratch + sizeof(ptrdiff_t) - 1) / sizeof(ptrdiff_t) * sizeof(ptrdiff_t));
  w.widths = (float *)(w.offsets + d->kernel[2]);
  w.local = scratch + shared;
  for (ptrdiff_t k = 0; k < d->kernel[2]; k++)
    w.offsets[k] = k % w.period * w.extent + k * d->dilation[2] / d->stride[2];
  for (ptrdiff_t x = 0; x < d->output[2]; x++) {
    ptrdiff_t low, high;
    valid_taps(d, 2, x, &low, &high);
    w.widths[x] = (float)(d->kind == MC_POOL_AVERAGE ? divisor(d, 2, x) : high - low);
    if (high == low) w.some_empty = 1;
  }
  w.per_chunk = mc_max(1, 16384 / mc_max(1, mc_max(w.in_plane, w.out_plane)));
  mc_parallel_for_limited(
    mc_ceil_div(d->planes, w.per_chunk), threads > 256 ? 256 : (int)threads, pool_chunk, &w);
  return 0;
}

typedef struct {
  mc_pool_desc d;
  const float *input;
  float *output;
  int64_t *indices;
  ptrdiff_t in_plane, out_plane;
} index_work;

static void index_plane(void *context, ptrdiff_t plane, int worker) {
  (void)worker;
  const index_work *w = context;
  const mc_pool_desc *d = &w->d;
  const float *in = w->input + plane * w->in_plane;
  float *out = w->output + plane * w->out_plane;
  int64_t *index = w->indices + plane * w->out_plane;
  int propagate = d->nan == MC_POOL_NAN_PROPAGATED;
  for (ptrdiff_t oz = 0; oz < d->output[0]; oz++)
    for (ptrdiff_t oy = 0; oy < d->output[1]; oy++)
      for (ptrdiff_t ox = 0; ox < d->output[2]; ox++, out++, index++) {
        ptrdiff_t o[3] = {oz, oy, ox}, low[3], high[3], start[3], winner = -1;
        for (int i = 0; i < 3; i++) {
          valid_taps(d, i, o[i], &low[i], &high[i]);
          start[i] = o[i] * d->stride[i] - d->pad_begin[i];
        }
        float best = -FLT_MAX;
        for (ptrdiff_t z = low[0]; z < high[0]; z++)
          for (ptrdiff_t y = low[1]; y < high[1]; y++)
            for (ptrdiff_t x = low[2]; x < high[2]; x++) {
              ptrdiff_t at = ((start[0] + z * d->dilation[0]) * d->input[1] + start[1] + y * d->dilation[1])
                * d->input[2] + start[2] + x * d->dilation[2];
              float v = in[at];
              if (propagate ? winner < 0 || v > best || (v != v && best == best) : v > best) {
                best = v;
                winner = at;
              }
            }
        *out = best;
        *index = winner;
      }
}

int mc_max_pool_indices(const mc_pool_desc *desc, const float *input, float *output, int64_t *indices) {
  index_work w = {.input = input, .output = output, .indices = indices};
  if (!normalise(desc, &w.d)) return -1;
  w.in_plane = w.d.input[0] * w.d.input[1] * w.d.input[2];
  w.out_plane = w.d.output[0] * w.d.output[1] * w.d.output[2];
  mc_parallel_for(w.d.planes, index_plane, &w);
  return 0;
}
