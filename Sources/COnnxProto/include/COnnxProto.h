#ifndef MODELCONV_CONNXPROTO_H
#define MODELCONV_CONNXPROTO_H
#include "onnx.pb-c.h"

// Descriptors of the messages that files start with; all others are reached from these.
const ProtobufCMessageDescriptor *_Nonnull mc_onnx_model_proto(void);
const ProtobufCMessageDescriptor *_Nonnull mc_onnx_tensor_proto(void);
const ProtobufCMessageDescriptor *_Nonnull mc_onnx_sequence_proto(void);
const ProtobufCMessageDescriptor *_Nonnull mc_onnx_optional_proto(void);
#endif
