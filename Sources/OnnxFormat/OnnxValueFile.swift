import ByteSource
import Containers
import Diagnostics
import ModelGraph
import TensorCore

/// A value as ONNX's test data and tensor files hold it.
package indirect enum OnnxStoredValue: Sendable {
  case tensor(Tensor)
  case sequence([OnnxStoredValue])
  case optional(OnnxStoredValue?)
}

/// Reads and writes files with one value: TensorProto, SequenceProto or OptionalProto. Such a file does not say which of
/// them it holds, so the reader is told.
package enum OnnxValueFile {
  /// The value of a file, by the type that is expected of it.
  ///
  /// - Returns: the name that the file gives the value ("" for none), and the value.
  /// - Throws: `protobuf.*`, `onnx.tensor-*`; `onnx.value-kind` for maps and sparse elements.
  package static func read(
    _ bytes: ByteSlice, as type: ValueType
  ) throws(Diagnostic) -> (name: String, value: OnnxStoredValue) {
    let schema =
      switch type {
      case .sequence: OnnxSchema.sequence
      case .optional: OnnxSchema.optional
      default: OnnxSchema.tensor
      }
    let message = try ProtobufReader().read(bytes, as: schema)
    let decoder = TensorDecoder(file: bytes.storage.path)
    let name = try message.string("name")
    switch type {
    case .sequence: return (name, .sequence(try sequence(message, decoder)))
    case .optional: return (name, .optional(try optional(message, decoder)))
    default: return (name, .tensor(try tensor(message, decoder)))
    }
  }

  /// Writes one tensor as TensorProto.
  package static func write(_ tensor: Tensor, name: String, path: String) throws(Diagnostic) {
    var m = TensorMessage()
    m.name = name
    m.dataType = OnnxDType.number(tensor.dtype)
    m.dims = tensor.shape.map { Int64($0) }
    m.payload = .tensor(tensor)
    let encoded = try m.encoded()
    let out = try FileWriter(path)
    try encoded.write(to: out)
    try out.commit()
  }

  private static func tensor(_ m: ProtoMessage, _ decoder: TensorDecoder) throws(Diagnostic) -> Tensor {
    try decoder.decode(try TensorMessage(m))
  }

  // The protobuf reader bounds how deep these messages are nested.
  private static func sequence(_ m: ProtoMessage, _ decoder: TensorDecoder) throws(Diagnostic) -> [OnnxStoredValue] {
    try refuse(m, ["sparse_tensor_values", "map_values"])
    var out: [OnnxStoredValue] = []
    for t in try m.messages("tensor_values") { out.append(.tensor(try tensor(t, decoder))) }
    for s in try m.messages("sequence_values") { out.append(.sequence(try sequence(s, decoder))) }
    for o in try m.messages("optional_values") { out.append(.optional(try optional(o, decoder))) }
    return out
  }

  private static func optional(_ m: ProtoMessage, _ decoder: TensorDecoder) throws(Diagnostic) -> OnnxStoredValue? {
    try refuse(m, ["sparse_tensor_value", "map_value"])
    if let t = try m.message("tensor_value") { return .tensor(try tensor(t, decoder)) }
    if let s = try m.message("sequence_value") { return .sequence(try sequence(s, decoder)) }
    if let o = try m.message("optional_value") { return .optional(try optional(o, decoder)) }
    return nil
  }

  private static func refuse(_ m: ProtoMessage, _ fields: [String]) throws(Diagnostic) {
    for f in fields where m.has(f) {
      throw .error("onnx.value-kind", "values of the kind \(f) are not read", at: m.location(f))
    }
  }
}
