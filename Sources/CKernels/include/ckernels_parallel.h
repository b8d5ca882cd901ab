/// The process's one pool of threads.
#ifndef CKERNELS_PARALLEL_H
#define CKERNELS_PARALLEL_H
#include <stddef.h>

/// Body of a parallel loop. `worker` is below the number of workers of this loop (see `mc_parallel_for`) and no
/// two chunks run at the same time with the same number: it indexes scratch memory.
typedef void (*mc_parallel_body)(void *context, ptrdiff_t chunk, int worker);

/// Sets how many threads (the caller's own included) later loops may use; 0 means one per processor that this
/// process may run on. Threads are started when first needed. Values above 256 count as 256.
void mc_set_threads(int count);
/// How many threads a loop may use, at least 1.
int mc_threads(void);

/// Runs `body(context, i, worker)` for every `i` in `0 ..< chunks` and returns when all have returned.
///
/// Chunks are handed out one by one in ascending order. At most `max_workers` threads take part (0: as many as
/// `mc_threads()`); worker numbers are below that. A loop started from inside a body, or while another thread's
/// loop holds the pool, runs inline in the calling thread as worker 0. Everything a body wrote is visible to the
/// caller afterwards.
void mc_parallel_for_limited(ptrdiff_t chunks, int max_workers, mc_parallel_body body, void *context);
/// `mc_parallel_for_limited` with as many workers as `mc_threads()`.
void mc_parallel_for(ptrdiff_t chunks, mc_parallel_body body, void *context);
#endif
