#include "hdf5shim.h"
hid_t mc_h5t_native_float(void) { return H5T_NATIVE_FLOAT; }
hid_t mc_h5t_native_double(void) { return H5T_NATIVE_DOUBLE; }
hid_t mc_h5t_c_s1(void) { return H5T_C_S1; }
hid_t mc_h5p_default(void) { return H5P_DEFAULT; }
unsigned mc_h5f_acc_rdonly(void) { return H5F_ACC_RDONLY; }
