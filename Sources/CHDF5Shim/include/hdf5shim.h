#ifndef MODELCONV_HDF5SHIM_H
#define MODELCONV_HDF5SHIM_H
#include <hdf5.h>
// These are macros that expand to (H5OPEN ...), which Swift cannot import: one function each.
hid_t mc_h5t_native_float(void);
hid_t mc_h5t_native_double(void);
hid_t mc_h5t_c_s1(void);
hid_t mc_h5p_default(void);
unsigned mc_h5f_acc_rdonly(void);
#endif
