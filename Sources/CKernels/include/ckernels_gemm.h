/// Matrix products.
#ifndef CKERNELS_GEMM_H
#define CKERNELS_GEMM_H
#include <stddef.h>

#include "ckernels_conv.h"

/// A product of dense matrices. Element (i, j) of a matrix lies at `row_step * i + column_step * j`, so that
/// transposed and strided operands need no copy; steps may be zero or negative, except those of `c`.
typedef struct {
  ptrdiff_t m, n, k;
  float alpha, beta;
  ptrdiff_t a_row_step, a_column_step, b_row_step, b_column_step;
  /// Rows of `c` are this far apart; its columns are neighbours.
  ptrdiff_t c_row_step;
  /// Added to each row or column when not NULL: m and n elements.
  const float *row_bias, *column_bias;
  mc_activation activation;
} mc_gemm_desc;

/// Floats of scratch that `mc_gemm` needs.
size_t mc_gemm_scratch_size(const mc_gemm_desc *desc);

/// c = activation(alpha a b + beta c + row_bias + column_bias), a: [m, k], b: [k, n], c: [m, n]
///
/// `c` is not read when beta is 0. `a` and `b` may be aligned to a byte; `c` overlaps neither.
/// Returns 0, or -1 when `scratch_size` (in floats) is below `mc_gemm_scratch_size`.
int mc_gemm(
  const mc_gemm_desc *desc, const void *a, const void *b, float *c, float *scratch, size_t scratch_size);

/// output[n, o] = activation(sum over i of input[n, i] weights[o, i] + bias[o])
///
/// For few rows of input (up to about 16), where reading the weights is what takes the time: they are read in place,
/// once per eight rows. `mc_gemm` is faster for more. `weights` is [outputs, inputs], or [inputs, outputs] when `transposed`, and may be aligned to a byte;
/// `bias` may be NULL.
void mc_fully_connected(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, const float *input, const void *weights, int transposed,
  const float *bias, mc_activation activation, float *output);
#endif
