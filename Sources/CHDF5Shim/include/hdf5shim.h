#ifndef MODELCONV_HDF5SHIM_H
#define MODELCONV_HDF5SHIM_H
#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

// Constants that are macros which expand to (H5OPEN ...): Swift cannot import them.
hid_t mc_h5t_c_s1(void);
hid_t mc_h5t_ieee_f32le(void);
hid_t mc_h5t_ieee_f64le(void);
/// A standard little-endian integer type of 1, 2, 4 or 8 bytes.
hid_t mc_h5t_integer(size_t size, int is_signed);
hid_t mc_h5p_dataset_create(void);
hid_t mc_h5p_dataset_xfer(void);
hid_t mc_h5p_group_create(void);
hid_t mc_h5p_link_create(void);
hid_t mc_h5p_attribute_create(void);
hid_t mc_h5p_file_create(void);
hid_t mc_h5p_file_access(void);
unsigned mc_h5f_acc_trunc(void);

/// Before the first use: no error printing, no plug-ins from outside, no external links.
void mc_h5_initialise(void);

/// Brackets calls of the library on untrusted bytes: a crash inside it on this thread, or a minute of the process's
/// processor time, ends the process with `status` and a message that names `file`, instead of a signal; remembered
/// temporary files are deleted. `file` must live until mc_h5_leave.
void mc_h5_enter(const char *file, int status);
void mc_h5_leave(void);

/// Opens bytes in memory read-only, without a copy: they must outlive the file. Negative on error.
hid_t mc_h5_open_image(const void *bytes, size_t count);

/// The innermost text of the library's last error, or an empty string.
void mc_h5_error_text(char *out, size_t capacity);

/// One link of a group. Returns nonzero to stop.
typedef int (*mc_h5_link_visitor)(const char *name, int type, void *context);
/// Calls `visit` for each link of `group`: in order of creation where the group tracks it, otherwise by name.
/// Types: 0 hard, 1 soft, 64 external. Negative on error, positive when stopped.
int mc_h5_links(hid_t group, mc_h5_link_visitor visit, void *context);

/// Type (0 group, 1 dataset, 2 named type) and address of the object at a path, links followed. Negative on error.
int mc_h5_object(hid_t file, const char *path, int *type, uint64_t *address);

/// A transfer list whose variable-length allocations may not pass `budget` bytes together.
hid_t mc_h5_limited_transfer(size_t *budget);
#endif
