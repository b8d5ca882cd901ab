#include <string.h>

#include "conv_plan.h"

enum { CHANNELS = 8 };  // channels of a transform task

void mc_conv_pack_winograd(const mc_conv_plan *p, const char *weights, float *packed) {
  const double a = MC_WINO_A, b = MC_WINO_B, q = a * a, r = b * b;
  const double na = 2 * q * (q - r), nb = 2 * r * (r - q);
  const double g[6][3] = {
    {1 / (q * r), 0, 0}, {1 / na, a / na, q / na}, {1 / na, -a / na, q / na},
    {1 / nb, b / nb, r / nb}, {1 / nb, -b / nb, r / nb}, {0, 0, 1}};
  ptrdiff_t channels = p->group_channels, filters = p->group_filters, step = filters * channels;
  for (ptrdiff_t group = 0; group < p->d.groups; group++, packed += 36 * step)
    for (ptrdiff_t block = 0; block < p->blocks; block++) {
      ptrdiff_t k0 = mc_cut(channels, p->blocks, block), k1 = mc_cut(channels, p->blocks, block + 1);
      for (ptrdiff_t i = 0; i < p->panels; i++) {
        ptrdiff_t r0 = mc_cut(filters, p->panels, i), r1 = mc_cut(filters, p->panels, i + 1);
        for (ptrdiff_t row = r0; row < r1; row++)
          for (ptrdiff_t c = k0; c < k1; c++) {
            float w[9];
            memcpy(w, weights + (size_t)(((group * filters + row) * channels + c) * 9) * sizeof(float), sizeof w);
            double half[6][3];
            for (int s = 0; s < 6; s++)
              for (int x = 0; x < 3; x++) half[s][x] = g[s][0] * w[x] + g[s][1] * w[3 + x] + g[s][2] * w[6 + x];
            float *to = packed + filters * k0 + r0 * (k1 - k0) + (c - k0) * (r1 - r0) + (row - r0);
            for (int s = 0; s < 36; s++) {
              const double *h = half[s / 6], *v = g[s % 6];
              to[s * step] = (float)(h[0] * v[0] + h[1] * v[1] + h[2] * v[2]);
            }
          }
      }
    }
}

static void transform_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const mc_conv_job *job = context;
  const mc_conv_plan *p = job->plan;
  ptrdiff_t nr = p->k->nr, channels = p->group_channels, parts = mc_ceil_div(channels, CHANNELS);
  ptrdiff_t panel = chunk / parts, c0 = chunk % parts * CHANNELS, c1 = mc_min(channels, c0 + CHANNELS);
  ptrdiff_t per_image = p->tiles[0] * p->tiles[1], total = job->count * per_image;
  const float *patch[MC_MAX_NR];
  for (ptrdiff_t t = 0; t < nr; t++) {
    // Columns past the last tile repeat it: they are computed or not, and never stored.
    ptrdiff_t tile = mc_min(total - 1, (job->first + panel) * nr + t);
    ptrdiff_t image = tile / per_image, y = tile % per_image / p->tiles[1], x = tile % p->tiles[1];
    patch[t] = job->stage + (image * p->d.channels + job->group * channels + c0) * p->stage_plane
      + 4 * y * p->stage[1].step + 4 * x;
  }
  ptrdiff_t plane = job->cut.super * channels * nr;
  for (ptrdiff_t c = c0; c < c1; c++) {
    p->k->winograd_input(patch, p->stage[1].step, job->shared + (panel * channels + c) * nr, plane);
    for (ptrdiff_t t = 0; t < nr; t++) patch[t] += p->stage_plane;
  }
}

static void product_chunk(void *context, ptrdiff_t chunk, int worker) {
  const mc_conv_job *job = context;
  const mc_conv_plan *p = job->plan;
  const mc_kernels *k = p->k;
  const mc_conv_cut *cut = &job->cut;
  ptrdiff_t nr = k->nr, channels = p->group_channels, filters = p->group_filters;
  ptrdiff_t per_image = p->tiles[0] * p->tiles[1], total = job->count * per_image;
  ptrdiff_t m0 = chunk % cut->row_chunks * cut->rows, m1 = mc_min(p->panels, m0 + cut->rows);
  ptrdiff_t c0 = chunk / cut->row_chunks * cut->chunk;
  ptrdiff_t here = mc_min(mc_min(cut->super, mc_ceil_div(total, nr) - job->first) - c0, cut->chunk);
  ptrdiff_t row0 = mc_cut(filters, p->panels, m0), rows = mc_cut(filters, p->panels, m1) - row0;
  ptrdiff_t ld = here * nr, plane = rows * ld;
  float *local = job->local + (ptrdiff_t)cut->local_size * worker;
  const float *weights = job->packed + job->group * 36 * filters * channels;
  for (int s = 0; s < 36; s++, weights += filters * channels) {
    const float *tiles = job->shared + (s * cut->super + c0) * channels * nr;
    for (ptrdiff_t block = 0; block < p->blocks; block++) {
      ptrdiff_t k0 = mc_cut(channels, p->blocks, block), kc = mc_cut(channels, p->blocks, block + 1) - k0;
      mc_epilogue add = {0, 0, {MC_ACTIVATION_NONE, 0, 0, 0}, block > 0, 0};
      for (ptrdiff_t c = 0; c < here; c++) {
        const float *b = tiles + (c * channels + k0) * nr;
        int count = (int)mc_min(nr, total - (job->first + c0 + c) * nr);
        for (ptrdiff_t i = m0; i < m1; i++) {
          ptrdiff_t r0 = mc_cut(filters, p->panels, i), r1 = mc_cut(filters, p->panels, i + 1);
          int h = (int)(r1 - r0);
          const float *a = weights + filters * k0 + r0 * kc;
          float *out = local + s * plane + (r0 - row0) * ld + c * nr;
          if (count > k->lanes) {
            k->tile[h](kc, a, b, nr, out, ld, &add);
          } else if (count > 3) {
            k->half[h](kc, a, b, nr, out, ld, &add);
          } else {
            float t[MC_MAX_MR * 4];
            k->columns(h, count, kc, a, b, nr, t, 4);
            k->finish(t, 4, h, count, out, ld, &add);
          }
        }
      }
    }
  }
  for (ptrdiff_t c = 0; c < here; c++) {
    mc_output_tile tiles[MC_MAX_NR];
    int count = (int)mc_min(nr, total - (job->first + c0 + c) * nr);
    for (int t = 0; t < count; t++) {
      ptrdiff_t tile = (job->first + c0 + c) * nr + t, image = tile / per_image;
      ptrdiff_t y = tile % per_image / p->tiles[1] * 4, x = tile % p->tiles[1] * 4;
      tiles[t].offset = (job->image + image) * p->d.filters * p->out_plane + y * p->out[2] + x;
      tiles[t].rows = (int)mc_min(4, p->out[1] - y);
      tiles[t].columns = (int)mc_min(4, p->out[2] - x);
    }
    for (ptrdiff_t row = 0; row < rows; row++) {
      ptrdiff_t filter = job->group * filters + row0 + row, at = filter * p->out_plane;
      mc_epilogue e = {
        job->bias ? job->bias + filter : 0, job->residual ? job->residual + at : 0, p->d.activation, 0, 1};
      k->winograd_output(local + row * ld + c * nr, plane, count, tiles, job->output + at, p->out[2], &e);
    }
  }
}

void mc_conv_run_winograd(mc_conv_job *job, int threads) {
  const mc_conv_plan *p = job->plan;
  ptrdiff_t panels = mc_ceil_div(job->count * p->tiles[0] * p->tiles[1], p->k->nr);
  mc_conv_stage(job, threads);
  for (job->group = 0; job->group < p->d.groups; job->group++)
    for (job->first = 0; job->first < panels; job->first += job->cut.super) {
      ptrdiff_t here = mc_min(job->cut.super, panels - job->first);
      mc_parallel_for_limited(here * mc_ceil_div(p->group_channels, CHANNELS), threads, transform_chunk, job);
      mc_parallel_for_limited(
        mc_ceil_div(here, job->cut.chunk) * job->cut.row_chunks, threads, product_chunk, job);
    }
}
