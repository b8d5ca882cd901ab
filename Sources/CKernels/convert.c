#include "ckernels_convert.h"

#include <string.h>

#include "conv_plan.h"

enum { RUN = 65536 };

typedef struct {
  void (*run)(ptrdiff_t count, const char *from, char *to);
  ptrdiff_t count;
  size_t from_size, to_size;
  const char *from;
  char *to;
} convert_work;

static void convert_task(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const convert_work *w = context;
  ptrdiff_t at = chunk * RUN;
  w->run(mc_min(RUN, w->count - at), w->from + at * (ptrdiff_t)w->from_size, w->to + at * (ptrdiff_t)w->to_size);
}

static void convert(
  void (*run)(ptrdiff_t, const char *, char *), ptrdiff_t count, size_t from_size, size_t to_size, const void *from,
  void *to) {
  convert_work w = {run, count, from_size, to_size, from, to};
  mc_parallel_for(mc_ceil_div(count, RUN), convert_task, &w);
}

void mc_half_to_float(ptrdiff_t count, const void *source, void *destination) {
  convert(mc_kernels_current()->half_to_float, count, 2, 4, source, destination);
}

void mc_float_to_half(ptrdiff_t count, const void *source, void *destination) {
  convert(mc_kernels_current()->float_to_half, count, 4, 2, source, destination);
}

void mc_bfloat16_to_float(ptrdiff_t count, const void *source, void *destination) {
  convert(mc_kernels_current()->bfloat16_to_float, count, 2, 4, source, destination);
}

void mc_float_to_bfloat16(ptrdiff_t count, const void *source, void *destination) {
  convert(mc_kernels_current()->float_to_bfloat16, count, 4, 2, source, destination);
}

int mc_swap_bytes(ptrdiff_t count, size_t element_size, const void *source, void *destination) {
  const mc_kernels *k = mc_kernels_current();
  switch (element_size) {
    case 1: if (source != destination && count > 0) memcpy(destination, source, (size_t)count); return 0;
    case 2: convert(k->swap2, count, 2, 2, source, destination); return 0;
    case 4: convert(k->swap4, count, 4, 4, source, destination); return 0;
    case 8: convert(k->swap8, count, 8, 8, source, destination); return 0;
    default: return -1;
  }
}
