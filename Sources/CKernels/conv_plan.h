// Plans of convolutions, shared by the files that make and run them.
#ifndef MC_CONV_PLAN_H
#define MC_CONV_PLAN_H
#include "kernels.h"

// One spatial dimension of a staged plane: padded, and split by stride so that neighbouring outputs read
// neighbouring elements. Padded coordinate (phase, i) is i * stride + phase * dilation % stride.
typedef struct {
  ptrdiff_t phases, extent;  // how many of the stride's phases the kernel meets, elements of each
  ptrdiff_t step;            // distance of neighbouring elements in the staged plane
} mc_stage_dim;

struct mc_conv_plan {
  mc_conv_desc d;  // always with three spatial dimensions
  const mc_kernels *k;
  mc_conv_algorithm algorithm;
  int dims;                  // as the caller counts them
  ptrdiff_t out[3], out_plane, in_plane;
  ptrdiff_t group_channels, group_filters;
  ptrdiff_t taps, depth;     // kernel elements; depth of the matrix product
  int staged;
  mc_stage_dim stage[3];
  ptrdiff_t stage_plane;     // floats of one channel's staged plane
  ptrdiff_t *offsets;        // depth (depthwise: taps) distances from an output's origin in the staged image
  ptrdiff_t images;          // of a pass
  ptrdiff_t columns;         // of a group's matrix product in a full pass (Winograd: tiles)
  ptrdiff_t tiles[2];
  ptrdiff_t panels;          // row panels of a group
  ptrdiff_t blocks;          // depth blocks
};

// Start of part i when `total` is cut into `parts` parts that differ by at most one.
static inline ptrdiff_t mc_cut(ptrdiff_t total, ptrdiff_t parts, ptrdiff_t i) {
  if ((uint64_t)(total | parts) >> 31 == 0) return total * i / parts;
  return (ptrdiff_t)((__int128)total * i / parts);
}
static inline ptrdiff_t mc_ceil_div(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }
static inline ptrdiff_t mc_min(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static inline ptrdiff_t mc_max(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

// How a pass of the packed product is cut, for a number of threads.
typedef struct {
  int shared;                // every panel is packed once, before the product, for all threads
  ptrdiff_t chunk, chunks;   // column panels of a task; tasks along the columns
  ptrdiff_t rows, row_chunks;  // row panels of a task; tasks along the rows
  size_t stage_size, shared_size, local_size;
  ptrdiff_t super;           // Winograd: column panels transformed at a time
} mc_conv_cut;
mc_conv_cut mc_conv_cut_for(const mc_conv_plan *plan, int threads);

typedef struct {
  const mc_conv_plan *plan;
  const float *input, *packed, *bias, *residual;
  float *output, *stage, *shared, *local;
  mc_conv_cut cut;
  ptrdiff_t image, count;    // images of this pass
  ptrdiff_t group, first;    // Winograd: group and first column panel at work
} mc_conv_job;

// Writes the padded, phase-split planes of the pass's images.
void mc_conv_stage(const mc_conv_job *job, int threads);
void mc_conv_stage_channel(const mc_conv_plan *plan, const float *plane, float *staged);
void mc_conv_run_gemm(mc_conv_job *job, int threads);
void mc_conv_run_direct(mc_conv_job *job, int threads);
void mc_conv_run_depthwise(mc_conv_job *job, int threads);
void mc_conv_run_winograd(mc_conv_job *job, int threads);
void mc_conv_pack_winograd(const mc_conv_plan *plan, const char *weights, float *packed);
#endif
