import ByteSource
import Containers
import Diagnostics
import ModelGraph
import TensorCore

/// A value in an ONNX data file.
package indirect enum OnnxValue: Sendable {
  case tensor(Tensor)
  case sequence([OnnxValue])
  case optional(OnnxValue?)
  /// Keys (1-d integers or strings) and as many values.
  case map(keys: Tensor, values: [OnnxValue])
}

/// Raw values in files of their own: ONNX's test data (`input_0.pb`), which hold a TensorProto, SequenceProto or
/// OptionalProto without saying which.
package enum OnnxDataFile {
  /// The value in `bytes` with the name the file gives it.
  ///
  /// - Parameter type: what the value must be; where it is unknown the file is taken for a tensor.
  /// - Throws: `protobuf.*`, `onnx.tensor-*`, `onnx.data-kind`.
  package static func read(
    _ bytes: ByteSlice, as type: ValueType = .unknown
  ) throws(Diagnostic) -> (name: String, value: OnnxValue) {
    let decoder = TensorDecoder(file: bytes.storage.path)
    let reader = ProtobufReader()
    switch type {
    case .sequence:
      let m = try reader.read(bytes, as: OnnxSchema.sequence)
      return (try m.string("name"), try sequence(m, decoder))
    case .optional:
      let m = try reader.read(bytes, as: OnnxSchema.optional)
      return (try m.string("name"), try optional(m, decoder))
    case .map:
      throw .error("onnx.data-kind", "a map has no file of its own", at: bytes.location())
    case .tensor, .unknown:
      let m = try TensorMessage(reader.read(bytes, as: OnnxSchema.tensor))
      return (m.name, .tensor(try decoder.decode(m)))
    }
  }

  /// A TensorProto's bytes.
  package static func encode(_ t: Tensor, name: String) throws(Diagnostic) -> ProtobufBuilder {
    try TensorMessage(tensor: t, name: name).encoded()
  }

  private static func kind(_ m: ProtoMessage, _ n: Int) -> Diagnostic {
    .error("onnx.data-kind", "values of kind \(n) are not known", at: m.location())
  }

  // Kinds are numbered alike in SequenceProto and OptionalProto: 1 tensor, 2 sparse, 3 sequence, 4 map, 5 optional.
  private static func sequence(_ m: ProtoMessage, _ d: TensorDecoder) throws(Diagnostic) -> OnnxValue {
    var out: [OnnxValue] = []
    switch try m.int("elem_type") {
    case 0: break
    case 1: for t in try m.messages("tensor_values") { out.append(.tensor(try d.decode(TensorMessage(t)))) }
    case 3: for s in try m.messages("sequence_values") { out.append(try sequence(s, d)) }
    case 4: for s in try m.messages("map_values") { out.append(try map(s, d)) }
    case 5: for s in try m.messages("optional_values") { out.append(try optional(s, d)) }
    case let n: throw kind(m, n)
    }
    return .sequence(out)
  }

  private static func optional(_ m: ProtoMessage, _ d: TensorDecoder) throws(Diagnostic) -> OnnxValue {
    switch try m.int("elem_type") {
    case 0: return .optional(nil)
    case 1:
      guard let t = try m.message("tensor_value") else { return .optional(nil) }
      return .optional(.tensor(try d.decode(TensorMessage(t))))
    case 3:
      guard let s = try m.message("sequence_value") else { return .optional(nil) }
      return .optional(try sequence(s, d))
    case 4:
      guard let s = try m.message("map_value") else { return .optional(nil) }
      return .optional(try map(s, d))
    case 5:
      guard let s = try m.message("optional_value") else { return .optional(nil) }
      return .optional(try optional(s, d))
    case let n: throw kind(m, n)
    }
  }

  private static func map(_ m: ProtoMessage, _ d: TensorDecoder) throws(Diagnostic) -> OnnxValue {
    var values: [OnnxValue] = []
    if let s = try m.message("values"), case .sequence(let list) = try sequence(s, d) { values = list }
    let type = OnnxDType.dtype(try m.int("key_type")) ?? .int64
    let keys: Tensor
    if type == .string {
      let names = m.elements("string_keys").compactMap { e -> ByteString? in
        if case .bytes(let b) = e.value { ByteString(b.bytes) } else { nil }
      }
      keys = try Tensor(strings: names, shape: [names.count])
    } else {
      keys = try Tensor(try m.ints("keys").map { Int64($0) })
    }
    guard keys.count == values.count else {
      throw .error("onnx.data-map", "\(keys.count) keys for \(values.count) values", at: m.location())
    }
    return .map(keys: keys, values: values)
  }
}
