#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "ckernels_parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#define CPU_RELAX() _mm_pause()
#elif defined(__aarch64__)
#define CPU_RELAX() __asm__ __volatile__("yield")
#else
#define CPU_RELAX() ((void)0)
#endif

// A worker that finds no work spins, then gives its time slice away, then sleeps. Spinning covers the gap between
// two operators of a network; sleeping at once would cost tens of microseconds per loop.
enum { MAX_THREADS = 256, SPINS = 2000, YIELDS = 150 };

static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;  // held by the thread whose loop runs
static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static atomic_int wanted;   // 0: one per processor
static int started;         // workers alive; guarded by `owner`
static _Thread_local int inside;

// The running loop. Written by its owner while `closed` is 1 and `busy` is 0, read by workers that have announced
// themselves in `busy` and then seen `closed` at 0.
static struct {
  mc_parallel_body body;
  void *context;
  ptrdiff_t chunks;
  int workers;
} loop;
static atomic_ptrdiff_t next_chunk;
static atomic_int busy, sleepers, closed = 1;
static atomic_uint generation;

static int processors(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    int n = CPU_COUNT(&set);
    if (n > 0) return n;
  }
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
}

void mc_set_threads(int count) {
  if (count < 0) count = 0;
  atomic_store(&wanted, count > MAX_THREADS ? MAX_THREADS : count);
}

int mc_threads(void) {
  int n = atomic_load(&wanted);
  if (n == 0) {
    n = processors();
    if (n > MAX_THREADS) n = MAX_THREADS;
    int unset = 0;
    if (!atomic_compare_exchange_strong(&wanted, &unset, n)) n = unset;
  }
  return n;
}

static void take_chunks(int worker) {
  ptrdiff_t i;
  while ((i = atomic_fetch_add(&next_chunk, 1)) < loop.chunks) loop.body(loop.context, i, worker);
}

static void *worker_main(void *argument) {
  int number = (int)(ptrdiff_t)argument;
  unsigned seen = 0;
  inside = 1;
  for (;;) {
    int idle = 0;
    unsigned current;
    while ((current = atomic_load_explicit(&generation, memory_order_acquire)) == seen) {
      if (++idle < SPINS) {
        CPU_RELAX();
      } else if (idle < SPINS + YIELDS) {
        sched_yield();
      } else {
        pthread_mutex_lock(&sleep_lock);
        atomic_fetch_add(&sleepers, 1);
        while (atomic_load(&generation) == seen) pthread_cond_wait(&wake, &sleep_lock);
        atomic_fetch_sub(&sleepers, 1);
        pthread_mutex_unlock(&sleep_lock);
      }
    }
    seen = current;
    atomic_fetch_add(&busy, 1);
    if (!atomic_load(&closed) && number < loop.workers) take_chunks(number);
    atomic_fetch_sub(&busy, 1);
  }
  return 0;
}

static void forget_workers(void) {
  // Only the forking thread lives on in the child; the locks may have been held by threads that do not.
  static const pthread_mutex_t fresh_mutex = PTHREAD_MUTEX_INITIALIZER;
  static const pthread_cond_t fresh_cond = PTHREAD_COND_INITIALIZER;
  owner = fresh_mutex;
  sleep_lock = fresh_mutex;
  wake = fresh_cond;
  started = 0;
  atomic_store(&busy, 0);
  atomic_store(&sleepers, 0);
  atomic_store(&closed, 1);
}

static void watch_fork(void) { pthread_atfork(0, 0, forget_workers); }

static void start_workers(int workers) {
  if (started >= workers - 1) return;
  pthread_once(&fork_once, watch_fork);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  while (started < workers - 1) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, worker_main, (void *)(ptrdiff_t)(started + 1)) != 0) break;
    started++;
  }
  pthread_attr_destroy(&attributes);
}

void mc_parallel_for_limited(ptrdiff_t chunks, int max_workers, mc_parallel_body body, void *context) {
  int workers = mc_threads();
  if (max_workers > 0 && max_workers < workers) workers = max_workers;
  if (chunks < workers) workers = (int)(chunks < 1 ? 1 : chunks);
  if (workers == 1 || inside || pthread_mutex_trylock(&owner) != 0) {
    for (ptrdiff_t i = 0; i < chunks; i++) body(context, i, 0);
    return;
  }
  start_workers(workers);
  while (atomic_load(&busy)) sched_yield();  // a late joiner of the last loop is leaving
  loop.body = body;
  loop.context = context;
  loop.chunks = chunks;
  loop.workers = workers;
  atomic_store(&next_chunk, 0);
  atomic_store(&closed, 0);
  atomic_fetch_add(&generation, 1);
  if (atomic_load(&sleepers)) {
    pthread_mutex_lock(&sleep_lock);
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&sleep_lock);
  }
  inside = 1;
  take_chunks(0);
  inside = 0;
  atomic_store(&closed, 1);
  for (int idle = 0; atomic_load(&busy);) {
    if (++idle < SPINS) CPU_RELAX(); else sched_yield();
  }
  pthread_mutex_unlock(&owner);
}

void mc_parallel_for(ptrdiff_t chunks, mc_parallel_body body, void *context) {
  mc_parallel_for_limited(chunks, 0, body, context);
}
