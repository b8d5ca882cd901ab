/// Functions of single elements and of pairs.
#ifndef CKERNELS_ELEMENTWISE_H
#define CKERNELS_ELEMENTWISE_H
#include <stddef.h>

#include "ckernels_conv.h"

/// Functions of one element, with two parameters p and q. NaN stays NaN. Errors are in units of the last place of
/// the result, against the exact function, with fused multiply-add (two more without); SWISH and MISH multiply a
/// factor that may be subnormal, whose own last place then counts.
typedef enum {
  MC_UNARY_RELU = 0,    ///< max(x, 0)
  MC_UNARY_LEAKY,       ///< x < 0 ? p x : x
  MC_UNARY_CLIP,        ///< min(max(x, p), q)
  MC_UNARY_SIGMOID,     ///< 1 / (1 + exp(-x)); 3 ulp
  MC_UNARY_TANH,        ///< 3 ulp
  MC_UNARY_EXP,         ///< 1 ulp, subnormal results included
  MC_UNARY_LOG,         ///< 1 ulp, subnormal arguments included
  MC_UNARY_ELU,         ///< x < 0 ? p (exp(x) - 1) : x; 3 ulp
  MC_UNARY_SWISH,       ///< x / (1 + exp(-p x)); 5 ulp for p = 1
  MC_UNARY_SOFTPLUS,    ///< log(1 + exp(x)) without overflow; 4 ulp
  MC_UNARY_ABS,         ///< |x|
  MC_UNARY_NEGATE,      ///< -x
  MC_UNARY_SQUARE,      ///< x x
  MC_UNARY_SQRT,        ///< correctly rounded
  MC_UNARY_RECIPROCAL,  ///< 1 / x
  MC_UNARY_AFFINE,      ///< p x + q, rounded once or twice
  MC_UNARY_HARD_SIGMOID,///< min(max(p x + q, 0), 1)
  MC_UNARY_HARD_SWISH,  ///< x min(max(p x + q, 0), 1)
  MC_UNARY_MISH,        ///< x tanh(log(1 + exp(x))); 8 ulp
  MC_UNARY_EXPM1,       ///< exp(x) - 1; 3 ulp
  MC_UNARY_THRESHOLD,   ///< x > p ? 1 : 0 (NaN gives 0)
  MC_UNARY_COUNT
} mc_unary_op;

/// y[i] = f(x[i]); `y` may be `x`.
void mc_unary(mc_unary_op op, ptrdiff_t count, const float *x, float p, float q, float *y);

/// y[o, c, i] = x < 0 ? slope[c] x : x for x[outer, channels, inner]; `y` may be `x`.
void mc_prelu(ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, const float *x, const float *slope, float *y);

/// y[o, c, i] = activation(x[o, c, i] scale[c] + shift[c]); `scale` and `shift` may be NULL, `y` may be `x`.
void mc_scale_shift(
  ptrdiff_t outer, ptrdiff_t channels, ptrdiff_t inner, const float *x, const float *scale, const float *shift,
  mc_activation activation, float *y);

/// Functions of two elements.
typedef enum {
  MC_BINARY_ADD = 0,
  MC_BINARY_SUBTRACT,
  MC_BINARY_MULTIPLY,
  MC_BINARY_DIVIDE,
  MC_BINARY_MAX,      ///< a > b ? a : b (b when either is NaN: Caffe)
  MC_BINARY_MIN,      ///< a < b ? a : b
  MC_BINARY_MAX_NAN,  ///< the greater; NaN when either is
  MC_BINARY_MIN_NAN,  ///< the smaller; NaN when either is
  MC_BINARY_COUNT
} mc_binary_op;

/// y[i, j, k] = op(a[i, j, k], b[i, j, k]) for three dimensions of extents `extents`, y dense.
///
/// Each operand has three steps in elements: 0 repeats it along a dimension. Neighbouring dimensions that an operand
/// steps through evenly should be merged by the caller. `y` may be an operand that is dense.
void mc_binary(
  mc_binary_op op, const ptrdiff_t extents[3], const float *a, const ptrdiff_t a_steps[3], const float *b,
  const ptrdiff_t b_steps[3], float *y);

/// y[i] = p a[i] + q b[i]; `y` may be `a` or `b`.
void mc_weighted_sum(ptrdiff_t count, float p, const float *a, float q, const float *b, float *y);
#endif
