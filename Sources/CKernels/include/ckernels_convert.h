/// Conversion of numbers in bulk. No pointer needs alignment.
#ifndef CKERNELS_CONVERT_H
#define CKERNELS_CONVERT_H
#include <stddef.h>

/// IEEE binary16 to binary32, exactly; NaN payloads move to the top bits and signalling NaNs become quiet.
void mc_half_to_float(ptrdiff_t count, const void *source, void *destination);
/// Rounds to nearest, ties to even; overflow gives infinity; NaN stays NaN with the top bits of its payload.
void mc_float_to_half(ptrdiff_t count, const void *source, void *destination);
/// bfloat16 to binary32, exactly.
void mc_bfloat16_to_float(ptrdiff_t count, const void *source, void *destination);
/// Rounds to nearest, ties to even; NaN stays (quiet) NaN.
void mc_float_to_bfloat16(ptrdiff_t count, const void *source, void *destination);
/// Reverses the bytes of each element of 2, 4 or 8 bytes (1: copies). The sides are the same or do not overlap.
/// Returns 0, or -1 for another size.
int mc_swap_bytes(ptrdiff_t count, size_t element_size, const void *source, void *destination);
#endif
