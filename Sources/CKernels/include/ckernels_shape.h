/// Data movement: elements of 1, 2, 4 or 8 bytes (or any other size) keep their bits.
#ifndef CKERNELS_SHAPE_H
#define CKERNELS_SHAPE_H
#include <stddef.h>

/// Gathers a strided view of at most 16 dimensions into a dense tensor.
///
/// `extents` has `rank` entries; `steps` are distances in bytes (0 repeats, negative runs backwards) from `source`,
/// which points at the element with all indices 0. Transposes run in blocks. Neither side needs alignment; they do
/// not overlap. Returns 0, or -1 for a rank above 16 or an element size below 1.
int mc_gather(
  int rank, const ptrdiff_t *extents, const ptrdiff_t *steps, size_t element_size, const void *source,
  void *destination);

/// Copies `rows` rows of `bytes` bytes between tensors whose rows are `source_step` and `destination_step` bytes
/// apart: concatenation, slices and splits. The sides do not overlap.
void mc_copy_rows(
  ptrdiff_t rows, size_t bytes, const void *source, ptrdiff_t source_step, void *destination,
  ptrdiff_t destination_step);
#endif
