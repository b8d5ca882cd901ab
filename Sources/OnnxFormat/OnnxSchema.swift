import COnnxProto
import Containers

/// ONNX's message types, from Schemas/onnx.proto.
package enum OnnxSchema {
  package static let all = ProtoSchema([
    mc_onnx_model_proto(), mc_onnx_tensor_proto(), mc_onnx_sequence_proto(), mc_onnx_optional_proto(),
  ])
  /// A .onnx file.
  package static let model = all.type("onnx.ModelProto")
  package static let graph = all.type("onnx.GraphProto")
  package static let node = all.type("onnx.NodeProto")
  package static let attribute = all.type("onnx.AttributeProto")
  package static let tensor = all.type("onnx.TensorProto")
  package static let sequence = all.type("onnx.SequenceProto")
  package static let optional = all.type("onnx.OptionalProto")
}
