/// Convolution of 1 to 3 spatial dimensions, with groups, any stride, padding and dilation.
#ifndef CKERNELS_CONV_H
#define CKERNELS_CONV_H
#include <stddef.h>

/// The function applied to each element after bias and residual were added. NaN stays NaN.
typedef enum {
  /// y = x
  MC_ACTIVATION_NONE = 0,
  /// y = max(x, 0)
  MC_ACTIVATION_RELU = 1,
  /// y = x < 0 ? alpha x : x
  MC_ACTIVATION_LEAKY = 2,
  /// y = min(max(x, low), high)
  MC_ACTIVATION_CLIP = 3,
} mc_activation_kind;

/// An activation with its parameters; all zero means none.
typedef struct {
  mc_activation_kind kind;
  float alpha, low, high;
} mc_activation;

/// How a plan computes.
typedef enum {
  /// The plan chooses by shape.
  MC_CONV_AUTO = 0,
  /// Packed matrix product over image patches that are gathered on the way.
  MC_CONV_GEMM = 1,
  /// Patches are read in place, row by row: few filters per group.
  MC_CONV_DIRECT = 2,
  /// One input channel per group, read in place.
  MC_CONV_DEPTHWISE = 3,
  /// Winograd's F(4x4, 3x3): 2-D, 3x3, stride 1, dilation 1. A quarter of the products; rounding errors are up to
  /// about ten times those of the plain sum.
  MC_CONV_WINOGRAD = 4,
} mc_conv_algorithm;

/// A convolution's geometry. Dimension 0 is the slowest; entries from `spatial` on are ignored.
typedef struct {
  ptrdiff_t batch;
  /// Input and output channels of all groups together; both are divisible by `groups`.
  ptrdiff_t channels, filters, groups;
  /// 1, 2 or 3.
  int spatial;
  ptrdiff_t input[3], kernel[3], stride[3], pad_begin[3], pad_end[3], dilation[3];
  mc_activation activation;
  /// AUTO, or one that must be used; creation fails if it cannot compute this shape.
  mc_conv_algorithm algorithm;
  /// Nonzero forbids AUTO to choose an algorithm with larger rounding errors than the plain sum (Winograd).
  int exact;
} mc_conv_desc;

typedef struct mc_conv_plan mc_conv_plan;

/// Makes a plan. NULL when the geometry is invalid (empty kernel, stride below 1, kernel larger than the padded
/// input, sizes beyond the address space), when the demanded algorithm does not fit, or when memory is short.
mc_conv_plan *mc_conv_plan_create(const mc_conv_desc *desc);
void mc_conv_plan_free(mc_conv_plan *plan);

mc_conv_algorithm mc_conv_plan_algorithm(const mc_conv_plan *plan);
/// Extent of output dimension `i`: floor((input + pad_begin + pad_end - dilation (kernel - 1) - 1) / stride) + 1.
ptrdiff_t mc_conv_plan_output(const mc_conv_plan *plan, int i);
/// Floats that `mc_conv_pack` writes.
size_t mc_conv_packed_size(const mc_conv_plan *plan);
/// Floats of scratch that `mc_conv_run` needs to use `threads` threads.
size_t mc_conv_scratch_size(const mc_conv_plan *plan, int threads);

/// Rearranges `weights` ([filters, channels / groups, kernel...], fp32, aligned to a byte) into `packed`, once.
void mc_conv_pack(const mc_conv_plan *plan, const void *weights, float *packed);

/// output = activation(convolution(input, weights) + bias + residual)
///
/// `bias` has one element per filter or is NULL; `residual` has the output's shape or is NULL. `output` overlaps no
/// other argument, `residual` included: it holds partial sums on the way. `scratch` holds `scratch_size` floats, what
/// `mc_conv_scratch_size` asks for with any number of threads: the work is cut for as many, and no more are used.
/// Returns 0, or -1 when it is too small for every number of threads.
int mc_conv_run(
  const mc_conv_plan *plan, const float *input, const float *packed, const float *bias, const float *residual,
  float *output, float *scratch, size_t scratch_size);
#endif
