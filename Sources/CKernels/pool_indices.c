#include <float.h>

#include "pool_work.h"

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
          mc_pool_valid_taps(d, i, o[i], &low[i], &high[i]);
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
  if (!mc_pool_normalise(desc, &w.d)) return -1;
  w.in_plane = w.d.input[0] * w.d.input[1] * w.d.input[2];
  w.out_plane = w.d.output[0] * w.d.output[1] * w.d.output[2];
  mc_parallel_for(w.d.planes, index_plane, &w);
  return 0;
}
