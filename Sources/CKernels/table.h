// The table of one compiled copy; included last by its translation unit.
#include "conv_tiles.h"
#include "conv_winograd.h"
#include "convert_runs.h"
#include "elementwise.h"
#include "gemm_rows.h"
#include "norm_rows.h"
#include "pool_rows.h"
#include "stage_rows.h"

const mc_kernels *MC_TABLE(void) {
  static const mc_kernels table = {
    .lanes = VL,
    .mr = MC_MR,
    .nr = 2 * VL,
    .kc = MC_KC,
    .tile = ALL_TILES(tile),
    .half = ALL_TILES(half),
    .direct = ALL_TILES(direct),
    .direct_half = ALL_TILES(direct_half),
    .columns = columns,
    .finish = finish,
    .pack_rows = pack_rows,
    .pack_columns = pack_columns,
    .pack_segments = pack_segments,
    .stage_rows = stage_rows,
    .depthwise_row = depthwise_row,
    .winograd_input = winograd_input,
    .winograd_output = winograd_output,
    .dot_rows = dot_rows,
    .axpy_rows = axpy_rows,
    .pool_rows = pool_rows,
    .pool_taps = pool_taps,
    .pool_all = pool_all,
    .pool_divide = pool_divide,
    .unary = unary,
    .binary = binary,
    .weighted_sum = weighted_sum,
    .scale_shift = scale_shift,
    .lrn = lrn,
    .lrn_scale = lrn_scale,
    .softmax_row = softmax_row,
    .softmax_columns = softmax_columns,
    .half_to_float = half_to_float,
    .float_to_half = float_to_half,
    .bfloat16_to_float = bfloat16_to_float,
    .float_to_bfloat16 = float_to_bfloat16,
    .swap2 = swap16,
    .swap4 = swap32,
    .swap8 = swap64,
  };
  return &table;
}
