#include "COnnxProto.h"

const ProtobufCMessageDescriptor *mc_onnx_model_proto(void) { return &onnx__model_proto__descriptor; }
const ProtobufCMessageDescriptor *mc_onnx_tensor_proto(void) { return &onnx__tensor_proto__descriptor; }
const ProtobufCMessageDescriptor *mc_onnx_sequence_proto(void) { return &onnx__sequence_proto__descriptor; }
const ProtobufCMessageDescriptor *mc_onnx_optional_proto(void) { return &onnx__optional_proto__descriptor; }
