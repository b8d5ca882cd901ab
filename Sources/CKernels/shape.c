#include "ckernels_shape.h"

#include <stdint.h>
#include <string.h>

#include "conv_plan.h"

enum { MAX_RANK = 16, BLOCK = 16 };

typedef struct {
  int rank;
  ptrdiff_t extents[MAX_RANK], steps[MAX_RANK], dense[MAX_RANK];
  size_t size;
  const char *source;
  char *destination;
  int fast;              // the dimension other than the last whose step is the smallest: transposed against it
  ptrdiff_t tasks, rows; // rows of the last dimension in all, and per task
} gather_work;

// Drops extents of 1 and joins dimensions that the source steps through evenly.
static void merge(gather_work *w) {
  int n = 0;
  for (int i = 0; i < w->rank; i++) {
    if (w->extents[i] == 1) continue;
    if (n > 0 && w->steps[n - 1] == w->steps[i] * w->extents[i]) {
      w->extents[n - 1] *= w->extents[i];
      w->steps[n - 1] = w->steps[i];
    } else {
      w->extents[n] = w->extents[i];
      w->steps[n++] = w->steps[i];
    }
  }
  if (n == 0) {
    w->extents[0] = 1;
    w->steps[n++] = (ptrdiff_t)w->size;
  }
  w->rank = n;
  ptrdiff_t step = (ptrdiff_t)w->size;
  for (int i = n - 1; i >= 0; i--) {
    w->dense[i] = step;
    step *= w->extents[i];
  }
}

static void copy_elements(
  ptrdiff_t count, size_t size, const char *from, ptrdiff_t from_step, char *to, ptrdiff_t to_step) {
  if (from_step == (ptrdiff_t)size && to_step == (ptrdiff_t)size) {
    memcpy(to, from, (size_t)count * size);
    return;
  }
#define EACH(N) for (ptrdiff_t i = 0; i < count; i++, from += from_step, to += to_step) memcpy(to, from, N)
  switch (size) {
    case 1: EACH(1); break;
    case 2: EACH(2); break;
    case 4: EACH(4); break;
    case 8: EACH(8); break;
    default: EACH(size); break;
  }
#undef EACH
}

static ptrdiff_t magnitude(ptrdiff_t x) { return x < 0 ? -x : x; }

// Source and destination offsets of index `n` over the dimensions other than the last and `skip`.
static void locate(const gather_work *w, ptrdiff_t n, int skip, ptrdiff_t *from, ptrdiff_t *to) {
  *from = *to = 0;
  for (int i = w->rank - 2; i >= 0; i--) {
    if (i == skip) continue;
    ptrdiff_t at = n % w->extents[i];
    n /= w->extents[i];
    *from += at * w->steps[i];
    *to += at * w->dense[i];
  }
}

static void rows_task(void *context, ptrdiff_t task, int worker) {
  (void)worker;
  const gather_work *w = context;
  int last = w->rank - 1;
  ptrdiff_t end = mc_min(w->tasks, (task + 1) * w->rows);
  for (ptrdiff_t n = task * w->rows; n < end; n++) {
    ptrdiff_t from, to;
    locate(w, n, -1, &from, &to);
    copy_elements(
      w->extents[last], w->size, w->source + from, w->steps[last], w->destination + to, (ptrdiff_t)w->size);
  }
}

// One plane of the last dimension against the fast one, in blocks that fit the first-level cache.
static void transpose_task(void *context, ptrdiff_t task, int worker) {
  (void)worker;
  const gather_work *w = context;
  int last = w->rank - 1;
  ptrdiff_t rows = w->extents[w->fast], columns = w->extents[last], bands = mc_ceil_div(rows, w->rows), from, to;
  locate(w, task / bands, w->fast, &from, &to);
  ptrdiff_t r0 = task % bands * w->rows, r1 = mc_min(rows, r0 + w->rows);
  for (ptrdiff_t r = r0; r < r1; r += BLOCK)
    for (ptrdiff_t c = 0; c < columns; c += BLOCK)
      for (ptrdiff_t i = r; i < mc_min(r1, r + BLOCK); i++)
        copy_elements(
          mc_min(BLOCK, columns - c), w->size, w->source + from + i * w->steps[w->fast] + c * w->steps[last],
          w->steps[last], w->destination + to + i * w->dense[w->fast] + c * w->dense[last], w->dense[last]);
}

int mc_gather(
  int rank, const ptrdiff_t *extents, const ptrdiff_t *steps, size_t element_size, const void *source,
  void *destination) {
  if (rank < 0 || rank > MAX_RANK || element_size == 0 || element_size > PTRDIFF_MAX) return -1;
  gather_work w = {.rank = rank, .size = element_size, .source = source, .destination = destination, .fast = -1};
  for (int i = 0; i < rank; i++) {
    if (extents[i] <= 0) return 0;
    w.extents[i] = extents[i];
    w.steps[i] = steps[i];
  }
  merge(&w);
  int last = w.rank - 1;
  ptrdiff_t total = 1;
  for (int i = 0; i < last; i++) {
    total *= w.extents[i];
    if (w.steps[i] != 0 && w.extents[i] > 1
        && (w.fast < 0 || magnitude(w.steps[i]) < magnitude(w.steps[w.fast]))) w.fast = i;
  }
  if (w.fast >= 0 && w.steps[last] != 0 && magnitude(w.steps[w.fast]) < magnitude(w.steps[last])) {
    w.rows = mc_max(BLOCK, 16384 / w.extents[last] / BLOCK * BLOCK);
    mc_parallel_for(total / w.extents[w.fast] * mc_ceil_div(w.extents[w.fast], w.rows), transpose_task, &w);
    return 0;
  }
  w.tasks = total;
  w.rows = mc_max(1, 65536 / (ptrdiff_t)mc_min((ptrdiff_t)element_size, 65536) / w.extents[last]);
  mc_parallel_for(mc_ceil_div(total, w.rows), rows_task, &w);
  return 0;
}

typedef struct {
  ptrdiff_t rows, per_chunk;
  size_t bytes;
  const char *source;
  ptrdiff_t source_step;
  char *destination;
  ptrdiff_t destination_step;
} copy_work;

static void copy_task(void *context, ptrdiff_t chunk, int worker) {
  (void)worker;
  const copy_work *w = context;
  ptrdiff_t end = mc_min(w->rows, (chunk + 1) * w->per_chunk);
  for (ptrdiff_t r = chunk * w->per_chunk; r < end; r++)
    memcpy(w->destination + r * w->destination_step, w->source + r * w->source_step, w->bytes);
}

void mc_copy_rows(
  ptrdiff_t rows, size_t bytes, const void *source, ptrdiff_t source_step, void *destination,
  ptrdiff_t destination_step) {
  if (bytes == 0) return;
  copy_work w = {rows, 0, bytes, source, source_step, destination, destination_step};
  w.per_chunk = mc_max(1, bytes < 262144 ? (ptrdiff_t)(262144 / bytes) : 1);
  mc_parallel_for(mc_ceil_div(rows, w.per_chunk), copy_task, &w);
}
