/// Fast fp32 kernels for the CPU executor: thread pool, matrix products, convolution, pooling, normalisation,
/// elementwise functions, data movement and number conversion.
///
/// Conventions of every function:
/// - tensors are dense, channel-first, row-major; extents and strides count elements, not bytes;
/// - pointers of type `const void *` (weights) may be aligned to a single byte, all others to 4 bytes;
/// - extents may be zero; a negative extent is the caller's mistake;
/// - work is cut by shape alone, so results do not depend on the number of threads; they may differ in the last
///   bits between instruction sets, because fused multiply-add rounds once;
/// - nothing here allocates except plans and the thread pool, and nothing ends the process.
#ifndef CKERNELS_H
#define CKERNELS_H
#include "ckernels_conv.h"
#include "ckernels_convert.h"
#include "ckernels_elementwise.h"
#include "ckernels_gemm.h"
#include "ckernels_isa.h"
#include "ckernels_norm.h"
#include "ckernels_parallel.h"
#include "ckernels_pool.h"
#include "ckernels_shape.h"
#endif
