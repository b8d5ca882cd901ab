#include "conv_plan.h"

void mc_conv_stage_channel(const mc_conv_plan *p, const float *plane, float *staged) {
  const mc_conv_desc *d = &p->d;
  const mc_stage_dim *s = p->stage;
  for (ptrdiff_t fz = 0; fz < s[0].phases; fz++)
    for (ptrdiff_t iz = 0; iz < s[0].extent; iz++) {
      ptrdiff_t z = iz * d->stride[0] + fz * d->dilation[0] % d->stride[0] - d->pad_begin[0];
      int inside_z = z >= 0 && z < d->input[0];
      for (ptrdiff_t fy = 0; fy < s[1].phases; fy++) {
        ptrdiff_t y = fy * d->dilation[1] % d->stride[1] - d->pad_begin[1];
        if (s[2].phases == 1) {
          p->k->stage_rows(
            staged, s[1].extent, s[2].extent, plane + z * d->input[1] * d->input[2], y, d->stride[1],
            inside_z ? d->input[1] : 0, d->input[2], -d->pad_begin[2], d->stride[2], 0);
          staged += s[1].extent * s[2].extent;
          continue;
        }
        for (ptrdiff_t iy = 0; iy < s[1].extent; iy++, y += d->stride[1])
          for (ptrdiff_t fx = 0; fx < s[2].phases; fx++, staged += s[2].extent)
            p->k->stage_rows(
              staged, 1, s[2].extent, plane + z * d->input[1] * d->input[2], y, 1, inside_z ? d->input[1] : 0,
              d->input[2], fx * d->dilation[2] % d->stride[2] - d->pad_begin[2], d->stride[2], 0);
      }
    }
}

typedef struct {
  const mc_conv_job *job;
  ptrdiff_t channels, per_chunk;
} stage_work;

static void stage_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const stage_work *w = context;
  const mc_conv_plan *p = w->job->plan;
  ptrdiff_t end = mc_min(w->channels, (chunk + 1) * w->per_chunk);
  for (ptrdiff_t c = chunk * w->per_chunk; c < end; c++)
    mc_conv_stage_channel(
      p, w->job->input + (w->job->image * p->d.channels + c) * p->in_plane, w->job->stage + c * p->stage_plane);
}

void mc_conv_stage(const mc_conv_job *job, int threads) {
  stage_work w = {job, job->count * job->plan->d.channels, 0};
  w.per_chunk = mc_max(1, 16384 / mc_max(1, job->plan->stage_plane));
  mc_parallel_for_limited(mc_ceil_div(w.channels, w.per_chunk), threads, stage_chunk, &w);
}
