// What the files of pooling share.
#ifndef MC_POOL_WORK_H
#define MC_POOL_WORK_H
#include "ckernels_pool.h"
#include "conv_plan.h"

typedef struct {
  mc_pool_desc d;  // always with three spatial dimensions
  const mc_kernels *k;
  int op;
  float start;               // what a reduction starts with
  ptrdiff_t in_plane, out_plane, per_chunk;
  mc_stage_dim stage[3];     // phases of the strides, and elements of each
  int global;                // one window, which holds the plane
  int whole;                 // the plane is staged as a whole; otherwise row by row
  ptrdiff_t stage_size, line_count;
  const float *input;
  float *output, *widths, *local;
  // Distances of a row's taps (both), and of a window's rows in the staged plane.
  ptrdiff_t *offsets, *row_offsets;
  size_t local_size;
  int some_empty;            // a window has no element along the row
} mc_pool_work;

// Fills a description of three spatial dimensions; returns whether it is sound.
int mc_pool_normalise(const mc_pool_desc *from, mc_pool_desc *d);
// First and past-the-last tap of output position o of dimension i that lie in the input.
void mc_pool_valid_taps(const mc_pool_desc *d, int i, ptrdiff_t o, ptrdiff_t *low, ptrdiff_t *high);
// A dimension's factor of the divisor.
ptrdiff_t mc_pool_divisor_factor(const mc_pool_desc *d, int i, ptrdiff_t o);
void mc_pool_plane_global(const mc_pool_work *w, const float *in, float *out, float *local);
void mc_pool_plane_by_rows(const mc_pool_work *w, const float *in, float *out, float *local);
void mc_pool_plane_whole(const mc_pool_work *w, const float *in, float *out, float *local);
#endif
