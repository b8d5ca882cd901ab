/// Pooling of 1 to 3 spatial dimensions.
#ifndef CKERNELS_POOL_H
#define CKERNELS_POOL_H
#include <stddef.h>
#include <stdint.h>

typedef enum {
  MC_POOL_MAX = 0,
  MC_POOL_AVERAGE = 1,
} mc_pool_kind;

/// What an average divides by.
typedef enum {
  /// The kernel's elements.
  MC_DIVISOR_WINDOW = 0,
  /// The elements of the window that lie in the padded input, begin and end pads included (Caffe). For a window
  /// that starts past the padded end the product of the extents, which may be negative, as Caffe computes it.
  MC_DIVISOR_PADDED = 1,
  /// The elements of the window that lie in the input.
  MC_DIVISOR_VALID = 2,
} mc_pool_divisor;

/// What a maximum makes of NaN.
typedef enum {
  /// The maximum starts at -FLT_MAX and takes what is greater: NaN and minus infinity never win (Caffe).
  MC_POOL_NAN_IGNORED = 0,
  /// A NaN in the window is the result; minus infinity is a value.
  MC_POOL_NAN_PROPAGATED = 1,
} mc_pool_nan;

/// A pooling's geometry. Dimension 0 is the slowest; entries from `spatial` on are ignored. Output position o of a
/// dimension covers the coordinates o * stride - pad_begin + i * dilation, 0 <= i < kernel; those outside
/// 0 ..< input do not take part. `output` is the caller's: any rounding rule, windows wholly outside included.
typedef struct {
  /// batch * channels
  ptrdiff_t planes;
  int spatial;
  ptrdiff_t input[3], output[3], kernel[3], stride[3], pad_begin[3], pad_end[3], dilation[3];
  mc_pool_kind kind;
  mc_pool_divisor divisor;
  mc_pool_nan nan;
} mc_pool_desc;

/// Floats of scratch that `mc_pool` needs to use `threads` threads; 0 when the geometry is invalid.
size_t mc_pool_scratch_size(const mc_pool_desc *desc, int threads);

/// output[p, o...] = max or sum / divisor over the window. The maximum of an empty window is -FLT_MAX, an average
/// follows IEEE division (0 / 0 is NaN). Fewer threads are used when the scratch is smaller than for all; returns
/// 0, or -1 when it is too small for one or the geometry is invalid.
int mc_pool(const mc_pool_desc *desc, const float *input, float *output, float *scratch, size_t scratch_size);

/// The same for a maximum, with the index of the winner within its plane (the first of equals; -1 for none).
int mc_max_pool_indices(const mc_pool_desc *desc, const float *input, float *output, int64_t *indices);
#endif
