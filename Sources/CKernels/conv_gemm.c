#include <string.h>

#include "conv_plan.h"

// Cuts a panel's columns into runs that are neighbours in the source: rows of the staged image, or planes of the
// input when it is read as it is.
static int panel_segments(const mc_conv_plan *p, ptrdiff_t group, ptrdiff_t first, int count, mc_segment *out) {
  int n = 0;
  ptrdiff_t run = p->staged ? p->out[2] : p->out_plane;
  ptrdiff_t image_step = p->d.channels * (p->staged ? p->stage_plane : p->in_plane);
  ptrdiff_t base = group * p->group_channels * (p->staged ? p->stage_plane : p->in_plane);
  for (int done = 0; done < count;) {
    ptrdiff_t column = first + done, image = column / p->out_plane, at = column % p->out_plane;
    ptrdiff_t x = at % run, source = base + image * image_step;
    if (p->staged) {
      ptrdiff_t row = at / run;
      source += row / p->out[1] * p->stage[0].step + row % p->out[1] * p->stage[1].step + x;
    } else {
      source += x;
    }
    int length = (int)mc_min(run - x, count - done);
    out[n++] = (mc_segment){source, done, length};
    done += length;
  }
  return n;
}

static void pack_panel(
  const mc_conv_job *job, ptrdiff_t group, ptrdiff_t panel, ptrdiff_t k0, ptrdiff_t k1, float *dst) {
  const mc_conv_plan *p = job->plan;
  int nr = p->k->nr;
  mc_segment segments[MC_MAX_NR];
  ptrdiff_t first = panel * nr;
  int count = (int)mc_min(nr, job->count * p->out_plane - first);
  int runs = panel_segments(p, group, first, count, segments);
  if (p->staged) {
    p->k->pack_segments(k1 - k0, job->stage, p->offsets + k0, segments, runs, dst);
    return;
  }
  const float *src = job->input + job->image * p->d.channels * p->in_plane + k0 * p->in_plane;
  if (runs == 1 && count == nr) {
    p->k->pack_rows(k1 - k0, src + segments[0].source, p->in_plane, dst);
  } else if (runs == 1) {
    p->k->pack_columns(k1 - k0, src + segments[0].source, p->in_plane, count, dst);
  } else {
    for (ptrdiff_t k = k0; k < k1; k++, src += p->in_plane, dst += nr)
      for (int s = 0; s < runs; s++)
        memcpy(dst + segments[s].first, src + segments[s].source, (size_t)segments[s].count * sizeof(float));
  }
}

// One tile: rows r0 on, `h` of them; the columns of `panel`.
static void run_tile(
  const mc_conv_job *job, ptrdiff_t group, ptrdiff_t panel, ptrdiff_t r0, int h, ptrdiff_t kc, const float *a,
  const float *b, int accumulate, int last) {
  const mc_conv_plan *p = job->plan;
  const mc_kernels *k = p->k;
  int nr = k->nr;
  ptrdiff_t first = panel * nr, plane = p->out_plane, filter = group * p->group_filters + r0;
  ptrdiff_t image = first / plane, at = first % plane;
  int count = (int)mc_min(nr, job->count * plane - first);
  ptrdiff_t c = ((job->image + image) * p->d.filters + filter) * plane + at;
  mc_epilogue e = {
    job->bias ? job->bias + filter : 0, job->residual ? job->residual + c : 0, p->d.activation, accumulate, last};
  if (count == nr && at + nr <= plane) {
    k->tile[h](kc, a, b, nr, job->output + c, plane, &e);
    return;
  }
  float t[MC_MAX_MR * MC_MAX_NR];
  if (count > k->lanes) k->tile[h](kc, a, b, nr, t, nr, 0);
  else if (count > 3) k->half[h](kc, a, b, nr, t, nr, 0);
  else k->columns(h, count, kc, a, b, nr, t, nr);
  for (int done = 0; done < count;) {
    ptrdiff_t length = mc_min(plane - at, count - done);
    k->finish(t + done, nr, h, length, job->output + c, plane, &e);
    done += (int)length;
    image++;
    at = 0;
    c = ((job->image + image) * p->d.filters + filter) * plane;
    e.residual = job->residual ? job->residual + c : 0;
  }
}

static void gemm_chunk(void *context, ptrdiff_t chunk, int worker) {
  const mc_conv_job *job = context;
  const mc_conv_plan *p = job->plan;
  const mc_conv_cut *cut = &job->cut;
  ptrdiff_t nr = p->k->nr, columns = mc_ceil_div(job->count * p->out_plane, nr);
  ptrdiff_t chunks = mc_ceil_div(columns, cut->chunk);
  // Neighbouring tasks share the columns.
  ptrdiff_t rows_at = chunk % cut->row_chunks, group = chunk / cut->row_chunks / chunks;
  ptrdiff_t c0 = chunk / cut->row_chunks % chunks * cut->chunk, c1 = mc_min(columns, c0 + cut->chunk);
  ptrdiff_t m0 = rows_at * cut->rows, m1 = mc_min(p->panels, m0 + cut->rows);
  float *local = job->local + (ptrdiff_t)cut->local_size * worker;
  const float *weights = job->packed + group * p->group_filters * p->depth;
  for (ptrdiff_t block = 0; block < p->blocks; block++) {
    ptrdiff_t k0 = mc_cut(p->depth, p->blocks, block), k1 = mc_cut(p->depth, p->blocks, block + 1), kc = k1 - k0;
    if (!cut->shared)
      for (ptrdiff_t c = c0; c < c1; c++) pack_panel(job, group, c, k0, k1, local + (c - c0) * kc * nr);
    // Rows whose weights stay in the second-level cache while the columns pass.
    ptrdiff_t rows = mc_max(1, 40960 / mc_max(1, kc * p->k->mr));
    for (ptrdiff_t m = m0; m < m1; m += rows) {
      ptrdiff_t end = mc_min(m1, m + rows);
      for (ptrdiff_t c = c0; c < c1; c++) {
        const float *b = cut->shared ? job->shared + ((group * columns + c) * p->depth + k0) * nr
                                     : local + (c - c0) * kc * nr;
        for (ptrdiff_t i = m; i < end; i++) {
          ptrdiff_t r0 = mc_cut(p->group_filters, p->panels, i), r1 = mc_cut(p->group_filters, p->panels, i + 1);
          run_tile(
            job, group, c, r0, (int)(r1 - r0), kc, weights + p->group_filters * k0 + r0 * kc, b, block > 0,
            block + 1 == p->blocks);
        }
      }
    }
  }
}

static void pack_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const mc_conv_job *job = context;
  const mc_conv_plan *p = job->plan;
  ptrdiff_t nr = p->k->nr, columns = mc_ceil_div(job->count * p->out_plane, nr);
  ptrdiff_t block = chunk % p->blocks, panel = chunk / p->blocks;
  ptrdiff_t k0 = mc_cut(p->depth, p->blocks, block), k1 = mc_cut(p->depth, p->blocks, block + 1);
  pack_panel(job, panel / columns, panel % columns, k0, k1, job->shared + (panel * p->depth + k0) * nr);
}

void mc_conv_run_gemm(mc_conv_job *job, int threads) {
  const mc_conv_plan *p = job->plan;
  ptrdiff_t columns = mc_ceil_div(job->count * p->out_plane, p->k->nr);
  if (p->staged) mc_conv_stage(job, threads);
  if (job->cut.shared) mc_parallel_for_limited(columns * p->d.groups * p->blocks, threads, pack_chunk, job);
  ptrdiff_t tasks = mc_ceil_div(columns, job->cut.chunk) * job->cut.row_chunks * p->d.groups;
  mc_parallel_for_limited(tasks, threads, gemm_chunk, job);
}
