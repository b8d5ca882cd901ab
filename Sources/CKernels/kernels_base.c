#include "kernels.h"
#define MC_VL 4
#define MC_MR 6
#define MC_KC 384
#define MC_TABLE mc_kernels_base
#include "table.h"
