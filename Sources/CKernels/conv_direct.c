#include "conv_plan.h"

// One output row of one group and image.
static void direct_row(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const mc_conv_job *job = context;
  const mc_conv_plan *p = job->plan;
  const mc_kernels *k = p->k;
  ptrdiff_t rows = p->out[0] * p->out[1], row = chunk % rows, group = chunk / rows % p->d.groups;
  ptrdiff_t image = chunk / rows / p->d.groups;
  const float *src = job->stage + (image * p->d.channels + group * p->group_channels) * p->stage_plane
    + row / p->out[1] * p->stage[0].step + row % p->out[1] * p->stage[1].step;
  const float *weights = job->packed + group * p->group_filters * p->depth;
  for (ptrdiff_t i = 0; i < p->panels; i++) {
    ptrdiff_t r0 = mc_cut(p->group_filters, p->panels, i), r1 = mc_cut(p->group_filters, p->panels, i + 1);
    int h = (int)(r1 - r0);
    const float *a = weights + r0 * p->depth;
    ptrdiff_t filter = group * p->group_filters + r0;
    for (ptrdiff_t x = 0; x < p->out[2]; x += k->nr) {
      ptrdiff_t count = mc_min(k->nr, p->out[2] - x);
      ptrdiff_t c = ((job->image + image) * p->d.filters + filter) * p->out_plane + row * p->out[2] + x;
      mc_epilogue e = {
        job->bias ? job->bias + filter : 0, job->residual ? job->residual + c : 0, p->d.activation, 0, 1};
      if (count == k->nr) {
        k->direct[h](p->depth, a, src + x, p->offsets, job->output + c, p->out_plane, &e);
      } else {
        float t[MC_MAX_MR * MC_MAX_NR];
        (count > k->lanes ? k->direct : k->direct_half)[h](p->depth, a, src + x, p->offsets, t, k->nr, 0);
        k->finish(t, k->nr, h, count, job->output + c, p->out_plane, &e);
      }
    }
  }
}

void mc_conv_run_direct(mc_conv_job *job, int threads) {
  const mc_conv_plan *p = job->plan;
  mc_conv_stage(job, threads);
  mc_parallel_for_limited(p->out[0] * p->out[1] * p->d.groups * job->count, threads, direct_row, job);
}

typedef struct {
  const mc_conv_job *job;
  ptrdiff_t planes, per_chunk;
} depthwise_work;

static void depthwise_chunk(void *context, ptrdiff_t chunk, int worker) {
  const depthwise_work *w = context;
  const mc_conv_job *job = w->job;
  const mc_conv_plan *p = job->plan;
  float *staged = job->local + (ptrdiff_t)job->cut.local_size * worker;
  ptrdiff_t end = mc_min(w->planes, (chunk + 1) * w->per_chunk);
  for (ptrdiff_t n = chunk * w->per_chunk; n < end; n++) {
    ptrdiff_t image = n / p->d.channels, channel = n % p->d.channels;
    mc_conv_stage_channel(p, job->input + ((job->image + image) * p->d.channels + channel) * p->in_plane, staged);
    for (ptrdiff_t f = 0; f < p->group_filters; f++) {
      ptrdiff_t filter = channel * p->group_filters + f;
      ptrdiff_t c = ((job->image + image) * p->d.filters + filter) * p->out_plane;
      for (ptrdiff_t row = 0; row < p->out[0] * p->out[1]; row++, c += p->out[2]) {
        const float *src = staged + row / p->out[1] * p->stage[0].step + row % p->out[1] * p->stage[1].step;
        mc_epilogue e = {
          job->bias ? job->bias + filter : 0, job->residual ? job->residual + c : 0, p->d.activation, 0, 1};
        p->k->depthwise_row(p->taps, job->packed + filter * p->taps, src, p->offsets, job->output + c, p->out[2], &e);
      }
    }
  }
}

void mc_conv_run_depthwise(mc_conv_job *job, int threads) {
  const mc_conv_plan *p = job->plan;
  depthwise_work w = {job, job->count * p->d.channels, 0};
  w.per_chunk = mc_max(1, 32768 / mc_max(1, p->out_plane * p->taps * p->group_filters));
  mc_parallel_for_limited(mc_ceil_div(w.planes, w.per_chunk), threads, depthwise_chunk, &w);
}
