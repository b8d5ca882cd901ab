#ifndef MODELCONV_CCAFFEPROTO_H
#define MODELCONV_CCAFFEPROTO_H
#include "caffe.pb-c.h"

// Descriptors of the messages that files start with; all others are reached from these.
const ProtobufCMessageDescriptor *_Nonnull mc_caffe_net_parameter(void);
const ProtobufCMessageDescriptor *_Nonnull mc_caffe_solver_parameter(void);
const ProtobufCMessageDescriptor *_Nonnull mc_caffe_solver_state(void);
const ProtobufCMessageDescriptor *_Nonnull mc_caffe_blob_proto_vector(void);
const ProtobufCMessageDescriptor *_Nonnull mc_caffe_datum(void);
#endif
