/// Normalisations: local response, softmax, sums of rows.
#ifndef CKERNELS_NORM_H
#define CKERNELS_NORM_H
#include <stddef.h>

/// y[n, c, i] = x[n, c, i] (k + alpha / size * sum of x[n, j, i]^2)^-beta over c - (size - 1) / 2 <= j <= c + size / 2
///
/// x[batch, channels, inner]. The sum is taken afresh for each element. beta of 0.5, 0.75 and 1 need only roots.
/// `y` is not `x`.
void mc_lrn_across(
  ptrdiff_t batch, ptrdiff_t channels, ptrdiff_t inner, ptrdiff_t size, float alpha, float beta, float k,
  const float *x, float *y);

/// y[i] = x[i] (k + alpha s[i])^-beta: the last step of an LRN within channels, s being the average of squares.
/// `y` may be `x` or `s`.
void mc_lrn_scale(ptrdiff_t count, float alpha, float beta, float k, const float *x, const float *s, float *y);

/// Softmax (or its logarithm) along the middle dimension of x[outer, count, inner]; the maximum is subtracted first.
/// A NaN in a row makes the row NaN. `y` may be `x`.
void mc_softmax(
  ptrdiff_t outer, ptrdiff_t count, ptrdiff_t inner, int logarithm, const float *x, float *y);
#endif
