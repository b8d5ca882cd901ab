#define _GNU_SOURCE
#include "csupport.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int sigbus_status = 74;

static void on_sigbus(int sig) {
  (void)sig;
  static const char text[] = "error: a mapped file shrank while it was being read [io.truncated-while-mapped]\n";
  ssize_t n = write(2, text, sizeof text - 1);
  (void)n;
  mc_delete_temporaries();
  _exit(sigbus_status);
}

void mc_install_sigbus_handler(int status) {
  sigbus_status = status;
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_handler = on_sigbus;
  sigaction(SIGBUS, &a, NULL);
}

enum { SLOTS = 64 };
static _Atomic(char *) slots[SLOTS];

int mc_remember_temporary(const char *path) {
  char *copy = strdup(path);
  if (!copy) return -1;
  for (int i = 0; i < SLOTS; i++) {
    char *empty = NULL;
    if (atomic_compare_exchange_strong(&slots[i], &empty, copy)) return i;
  }
  free(copy);
  return -1;
}

void mc_forget_temporary(int slot) {
  if (slot < 0 || slot >= SLOTS) return;
  // The string is leaked on purpose: a handler on another thread may be reading it.
  atomic_store(&slots[slot], NULL);
}

void mc_delete_temporaries(void) {
  for (int i = 0; i < SLOTS; i++) {
    char *p = atomic_load(&slots[i]);
    if (p) unlink(p);
  }
}

static void on_end(int sig) {
  mc_delete_temporaries();
  _exit(128 + sig);
}

void mc_install_cleanup_handlers(void) {
  int signals[] = {SIGINT, SIGTERM, SIGHUP};
  for (int i = 0; i < 3; i++) {
    struct sigaction a, old;
    memset(&a, 0, sizeof a);
    a.sa_handler = on_end;
    if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN) continue;
    sigaction(signals[i], &a, NULL);
  }
  // The failing write then says EPIPE or EFBIG, which becomes a message and an exit status.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}
