#include <string.h>

#include "ckernels_gemm.h"
#include "conv_plan.h"

// A slab is what is packed of b at a time: this many floats at most.
enum { SLAB = 1 << 20, ROWS_AT_ONCE = 8 };

typedef struct {
  const mc_kernels *k;
  const mc_gemm_desc *d;
  const char *a, *b;
  float *c, *packed_a, *packed_b;
  ptrdiff_t row_panels, blocks, first, columns;  // column panels of the slab: from `first`, `columns` of them
  ptrdiff_t rows, row_chunks;
} gemm_work;

static ptrdiff_t slab_panels(const mc_gemm_desc *d, ptrdiff_t nr) {
  ptrdiff_t panels = mc_ceil_div(d->n, nr);
  return mc_max(1, mc_min(panels, SLAB / mc_max(1, d->k * nr)));
}

size_t mc_gemm_scratch_size(const mc_gemm_desc *d) {
  const mc_kernels *k = mc_kernels_current();
  return (size_t)d->m * (size_t)d->k + (size_t)(slab_panels(d, k->nr) * k->nr) * (size_t)d->k + 2 * MC_SLACK;
}

static inline float element(const char *base, ptrdiff_t index) {
  float f;
  memcpy(&f, base + index * (ptrdiff_t)sizeof f, sizeof f);
  return f;
}

static void pack_a(void *context, ptrdiff_t panel, int worker) {
  (void)worker;
  const gemm_work *w = context;
  const mc_gemm_desc *d = w->d;
  ptrdiff_t r0 = mc_cut(d->m, w->row_panels, panel), r1 = mc_cut(d->m, w->row_panels, panel + 1), h = r1 - r0;
  for (ptrdiff_t block = 0; block < w->blocks; block++) {
    ptrdiff_t k0 = mc_cut(d->k, w->blocks, block), k1 = mc_cut(d->k, w->blocks, block + 1);
    float *to = w->packed_a + d->m * k0 + r0 * (k1 - k0);
    for (ptrdiff_t r = 0; r < h; r++)
      for (ptrdiff_t k = k0; k < k1; k++)
        to[(k - k0) * h + r] = d->alpha * element(w->a, (r0 + r) * d->a_row_step + k * d->a_column_step);
  }
}

static void pack_b(void *context, ptrdiff_t panel, int worker) {
  (void)worker;
  const gemm_work *w = context;
  const mc_gemm_desc *d = w->d;
  ptrdiff_t nr = w->k->nr, first = (w->first + panel) * nr, count = mc_min(nr, d->n - first);
  float *to = w->packed_b + panel * d->k * nr;
  for (ptrdiff_t j = count; j < nr; j++) for (ptrdiff_t k = 0; k < d->k; k++) to[k * nr + j] = 0;
  if (d->b_column_step == 1) {
    for (ptrdiff_t k = 0; k < d->k; k++)
      memcpy(to + k * nr, w->b + (k * d->b_row_step + first) * (ptrdiff_t)sizeof(float), (size_t)count * sizeof(float));
  } else {
    for (ptrdiff_t j = 0; j < count; j++)
      for (ptrdiff_t k = 0; k < d->k; k++)
        to[k * nr + j] = element(w->b, k * d->b_row_step + (first + j) * d->b_column_step);
  }
}

static void product(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const gemm_work *w = context;
  const mc_gemm_desc *d = w->d;
  const mc_kernels *k = w->k;
  ptrdiff_t nr = k->nr, m0 = chunk % w->row_chunks * w->rows, m1 = mc_min(w->row_panels, m0 + w->rows);
  ptrdiff_t c0 = chunk / w->row_chunks * 8, c1 = mc_min(w->columns, c0 + 8);
  for (ptrdiff_t block = 0; block < w->blocks; block++) {
    ptrdiff_t k0 = mc_cut(d->k, w->blocks, block), kc = mc_cut(d->k, w->blocks, block + 1) - k0;
    int last = block + 1 == w->blocks;
    for (ptrdiff_t c = c0; c < c1; c++) {
      const float *b = w->packed_b + (c * d->k + k0) * nr;
      ptrdiff_t first = (w->first + c) * nr;
      int count = (int)mc_min(nr, d->n - first);
      for (ptrdiff_t i = m0; i < m1; i++) {
        ptrdiff_t r0 = mc_cut(d->m, w->row_panels, i);
        int h = (int)(mc_cut(d->m, w->row_panels, i + 1) - r0);
        const float *a = w->packed_a + d->m * k0 + r0 * kc;
        float *out = w->c + r0 * d->c_row_step + first;
        // A bias per column delays the activation: it is applied to the finished tile below.
        int late = last && d->column_bias;
        mc_epilogue e = {d->row_bias ? d->row_bias + r0 : 0, 0, d->activation, block > 0 || d->beta != 0, last};
        if (late) e.activation.kind = MC_ACTIVATION_NONE;
        if (count == nr) {
          k->tile[h](kc, a, b, nr, out, d->c_row_step, &e);
        } else {
          float t[MC_MAX_MR * MC_MAX_NR];
          if (count > k->lanes) k->tile[h](kc, a, b, nr, t, nr, 0);
          else if (count > 3) k->half[h](kc, a, b, nr, t, nr, 0);
          else k->columns(h, count, kc, a, b, nr, t, nr);
          k->finish(t, nr, h, count, out, d->c_row_step, &e);
        }
        if (late) {
          mc_epilogue bare = {0, 0, d->activation, 0, 1};
          float t[MC_MAX_NR];
          for (int r = 0; r < h; r++) {
            float *row = out + r * d->c_row_step;
            for (int j = 0; j < count; j++) t[j] = row[j] + d->column_bias[first + j];
            k->finish(t, nr, 1, count, row, 0, &bare);
          }
        }
      }
    }
  }
}

static void scale_rows(const mc_gemm_desc *d, float *c) {
  if (d->beta == 0 || d->beta == 1) return;
  for (ptrdiff_t i = 0; i < d->m; i++)
    for (ptrdiff_t j = 0; j < d->n; j++) c[i * d->c_row_step + j] *= d->beta;
}

int mc_gemm(
  const mc_gemm_desc *d, const void *a, const void *b, float *c, float *scratch, size_t scratch_size) {
  if (scratch_size < mc_gemm_scratch_size(d)) return -1;
  if (d->m == 0 || d->n == 0) return 0;
  gemm_work w = {mc_kernels_current(), d, a, b, c, scratch, 0, 0, 0, 0, 0, 0, 0};
  w.packed_b = scratch + d->m * d->k + MC_SLACK;
  w.row_panels = mc_ceil_div(d->m, w.k->mr);
  w.blocks = mc_max(1, mc_ceil_div(d->k, w.k->kc));
  memset(scratch + d->m * d->k, 0, MC_SLACK * sizeof(float));
  scale_rows(d, c);
  mc_parallel_for(w.row_panels, pack_a, &w);
  ptrdiff_t panels = mc_ceil_div(d->n, w.k->nr), slab = slab_panels(d, w.k->nr);
  for (w.first = 0; w.first < panels; w.first += slab) {
    w.columns = mc_min(slab, panels - w.first);
    mc_parallel_for(w.columns, pack_b, &w);
    ptrdiff_t chunks = mc_ceil_div(w.columns, 8);
    // Weights of a task stay in the second-level cache.
    w.rows = mc_max(1, mc_min(16, mc_ceil_div(w.row_panels, mc_max(1, 16 / chunks))));
    w.row_chunks = mc_ceil_div(w.row_panels, w.rows);
    mc_parallel_for(chunks * w.row_chunks, product, &w);
  }
  return 0;
}

typedef struct {
  const mc_kernels *k;
  ptrdiff_t rows, inputs, outputs, per_chunk;
  const float *input;
  const char *weights;
  int transposed;
  const float *bias;
  mc_activation activation;
  float *output;
} rows_work;

static void rows_chunk(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const rows_work *w = context;
  ptrdiff_t first = chunk * w->per_chunk, end = mc_min(w->outputs, first + w->per_chunk);
  for (ptrdiff_t r = 0; r < w->rows; r += ROWS_AT_ONCE) {
    int rows = (int)mc_min(ROWS_AT_ONCE, w->rows - r);
    const float *x = w->input + r * w->inputs;
    float *out = w->output + r * w->outputs;
    if (w->transposed)
      w->k->axpy_rows(
        rows, w->inputs, x, w->inputs, w->weights, w->outputs, first, end, w->bias, &w->activation, out, w->outputs);
    else
      w->k->dot_rows(
        rows, w->inputs, x, w->inputs, w->weights, first, end, w->bias, &w->activation, out, w->outputs);
  }
}

void mc_fully_connected(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, const float *input, const void *weights, int transposed,
  const float *bias, mc_activation activation, float *output) {
  rows_work w = {
    mc_kernels_current(), rows, inputs, outputs, 0, input, weights, transposed, bias, activation, output};
  // About 64 K multiply-adds a task; transposed weights are read in runs of a page at least.
  w.per_chunk = transposed ? 1024 : mc_max(12, 65536 / mc_max(1, inputs) / 12 * 12);
  mc_parallel_for(mc_ceil_div(outputs, w.per_chunk), rows_chunk, &w);
}
