#define _GNU_SOURCE
#include "hdf5shim.h"
#include "csupport.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

hid_t mc_h5t_c_s1(void) { return H5T_C_S1; }
hid_t mc_h5t_ieee_f32le(void) { return H5T_IEEE_F32LE; }
hid_t mc_h5t_ieee_f64le(void) { return H5T_IEEE_F64LE; }
hid_t mc_h5t_integer(size_t size, int is_signed) {
  switch (size) {
    case 1: return is_signed ? H5T_STD_I8LE : H5T_STD_U8LE;
    case 2: return is_signed ? H5T_STD_I16LE : H5T_STD_U16LE;
    case 4: return is_signed ? H5T_STD_I32LE : H5T_STD_U32LE;
    default: return is_signed ? H5T_STD_I64LE : H5T_STD_U64LE;
  }
}
hid_t mc_h5p_dataset_create(void) { return H5P_DATASET_CREATE; }
hid_t mc_h5p_dataset_xfer(void) { return H5P_DATASET_XFER; }
hid_t mc_h5p_group_create(void) { return H5P_GROUP_CREATE; }
hid_t mc_h5p_link_create(void) { return H5P_LINK_CREATE; }
hid_t mc_h5p_attribute_create(void) { return H5P_ATTRIBUTE_CREATE; }
hid_t mc_h5p_file_create(void) { return H5P_FILE_CREATE; }
hid_t mc_h5p_file_access(void) { return H5P_FILE_ACCESS; }
unsigned mc_h5f_acc_trunc(void) { return H5F_ACC_TRUNC; }

void mc_h5_initialise(void) {
  H5open();
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
  H5Lunregister(H5L_TYPE_EXTERNAL);
}

// Crash containment. All callers hold one lock, so one set of variables is enough.

enum { SIGNALS = 4 };
static const int signals[SIGNALS] = {SIGSEGV, SIGFPE, SIGABRT, SIGVTALRM};
/// Processor time after which a call is taken for endless: a damaged index can send the library in circles.
enum { SECONDS = 60 };
static struct sigaction former[SIGNALS];
static stack_t former_stack;
static char handler_stack[64 * 1024];
static const char *current_file;
static int crash_status;
static __thread volatile sig_atomic_t inside;

static void put(const char *text) {
  ssize_t n = write(2, text, strlen(text));
  (void)n;
}

static void on_crash(int sig) {
  // The timer's signal may reach any thread; a crash belongs to the thread that it happens on.
  if (!inside && sig != SIGVTALRM) {
    signal(sig, SIG_DFL);
    raise(sig);
    return;
  }
  if (current_file && *current_file) {
    put(current_file);
    put(": ");
  }
  put(sig == SIGVTALRM ? "error: the HDF5 library does not come to an end on this file: it is damaged [hdf5.library-hangs]\n"
                       : "error: the HDF5 library failed on this file: it is damaged [hdf5.library-crashed]\n");
  mc_delete_temporaries();
  _exit(crash_status);
}

static void set_timer(int seconds) {
  struct itimerval t;
  memset(&t, 0, sizeof t);
  t.it_value.tv_sec = seconds;
  setitimer(ITIMER_VIRTUAL, &t, NULL);
}

void mc_h5_enter(const char *file, int status) {
  current_file = file;
  crash_status = status;
  inside = 1;
  // A deep recursion leaves no room for a handler on the thread's own stack.
  stack_t s;
  memset(&s, 0, sizeof s);
  s.ss_sp = handler_stack;
  s.ss_size = sizeof handler_stack;
  sigaltstack(&s, &former_stack);
  struct sigaction a;
  memset(&a, 0, sizeof a);
  a.sa_handler = on_crash;
  a.sa_flags = SA_ONSTACK;
  for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], &a, &former[i]);
  set_timer(SECONDS);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void mc_h5_leave(void) {
  set_timer(0);
  for (int i = 0; i < SIGNALS; i++) sigaction(signals[i], &former[i], NULL);
  sigaltstack(&former_stack, NULL);
  inside = 0;
  current_file = NULL;
}

// A file in memory: every "allocation" of the driver is the caller's own read-only buffer.

static void *image_malloc(size_t size, H5FD_file_image_op_t op, void *udata) {
  (void)size, (void)op;
  return *(void **)udata;
}
static void *image_memcpy(void *dest, const void *src, size_t size, H5FD_file_image_op_t op, void *udata) {
  (void)size, (void)op, (void)udata;
  return dest == src ? dest : NULL;
}
static void *image_realloc(void *ptr, size_t size, H5FD_file_image_op_t op, void *udata) {
  (void)ptr, (void)size, (void)op, (void)udata;
  return NULL;
}
static herr_t image_free(void *ptr, H5FD_file_image_op_t op, void *udata) {
  (void)ptr, (void)op, (void)udata;
  return 0;
}
static void *udata_copy(void *udata) {
  void **copy = malloc(sizeof *copy);
  if (copy) *copy = *(void **)udata;
  return copy;
}
static herr_t udata_free(void *udata) {
  free(udata);
  return 0;
}

hid_t mc_h5_open_image(const void *bytes, size_t count) {
  // The driver takes two files of one name for the same file.
  static unsigned long serial;
  char name[64];
  snprintf(name, sizeof name, "modelconv-image-%lu", serial++);
  void *base = (void *)bytes;
  H5FD_file_image_callbacks_t callbacks = {image_malloc, image_memcpy, image_realloc, image_free,
                                           udata_copy,   udata_free,   &base};
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return -1;
  hid_t file = -1;
  if (H5Pset_fapl_core(access, 1 << 16, 0) >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
      H5Pset_file_image_callbacks(access, &callbacks) >= 0 && H5Pset_file_image(access, base, count) >= 0) {
    file = H5Fopen(name, H5F_ACC_RDONLY, access);
  }
  H5Pclose(access);
  return file;
}

struct error_text {
  char *out;
  size_t capacity;
};

static herr_t on_error(unsigned n, const H5E_error2_t *e, void *context) {
  (void)n;
  struct error_text *t = context;
  if (e->desc && *e->desc) snprintf(t->out, t->capacity, "%s", e->desc);
  return 0;
}

void mc_h5_error_text(char *out, size_t capacity) {
  struct error_text t = {out, capacity};
  if (capacity) *out = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, on_error, &t);
}

struct link_visit {
  mc_h5_link_visitor visit;
  void *context;
};

#if H5_VERSION_GE(1, 12, 0)
typedef H5L_info1_t link_info;
#define iterate_links H5Literate1
typedef H5O_info1_t object_info;
#else
typedef H5L_info_t link_info;
#define iterate_links H5Literate
typedef H5O_info_t object_info;
#endif

static herr_t on_link(hid_t group, const char *name, const link_info *info, void *context) {
  (void)group;
  struct link_visit *v = context;
  return v->visit(name, (int)info->type, v->context);
}

int mc_h5_links(hid_t group, mc_h5_link_visitor visit, void *context) {
  unsigned order = 0;
  hid_t creation = H5Gget_create_plist(group);
  if (creation >= 0) {
    if (H5Pget_link_creation_order(creation, &order) < 0) order = 0;
    H5Pclose(creation);
  }
  struct link_visit v = {visit, context};
  hsize_t at = 0;
  H5_index_t index = order & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  return iterate_links(group, index, H5_ITER_INC, &at, on_link, &v);
}

int mc_h5_object(hid_t file, const char *path, int *type, uint64_t *address) {
  object_info info;
  memset(&info, 0, sizeof info);
#if H5_VERSION_GE(1, 10, 3)
  if (H5Oget_info_by_name2(file, path, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0) return -1;
#else
  if (H5Oget_info_by_name(file, path, &info, H5P_DEFAULT) < 0) return -1;
#endif
  *type = (int)info.type;
  *address = info.addr;
  return 0;
}

static void *limited_malloc(size_t size, void *context) {
  size_t *budget = context;
  if (size > *budget) return NULL;
  *budget -= size;
  return malloc(size);
}
static void limited_free(void *p, void *context) {
  (void)context;
  free(p);
}

hid_t mc_h5_limited_transfer(size_t *budget) {
  hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
  if (transfer >= 0 && H5Pset_vlen_mem_manager(transfer, limited_malloc, budget, limited_free, NULL) < 0) {
    H5Pclose(transfer);
    return -1;
  }
  return transfer;
}
