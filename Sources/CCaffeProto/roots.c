#include "CCaffeProto.h"

const ProtobufCMessageDescriptor *mc_caffe_net_parameter(void) { return &caffe__net_parameter__descriptor; }
const ProtobufCMessageDescriptor *mc_caffe_solver_parameter(void) { return &caffe__solver_parameter__descriptor; }
const ProtobufCMessageDescriptor *mc_caffe_solver_state(void) { return &caffe__solver_state__descriptor; }
const ProtobufCMessageDescriptor *mc_caffe_blob_proto_vector(void) { return &caffe__blob_proto_vector__descriptor; }
const ProtobufCMessageDescriptor *mc_caffe_datum(void) { return &caffe__datum__descriptor; }
