// The table of one compiled copy; included last by its translation unit.
#include "conv_tiles.h"
#include "conv_winograd.h"

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
    .stage_row = stage_row,
    .depthwise_row = depthwise_row,
    .winograd_input = winograd_input,
    .winograd_output = winograd_output,
  };
  return &table;
}
