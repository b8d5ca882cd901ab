import TensorCore

/// An attribute of a foreign operator, kept as the source had it.
package enum ForeignAttribute: Hashable, Sendable {
  case int(Int64)
  case float(FloatBits)
  case string(ByteString)
  case ints([Int64])
  case floats([FloatBits])
  case strings([ByteString])
  case bool(Bool)
  case graph(Graph)
  case graphs([Graph])
  /// A tensor's type, shape and bytes.
  case tensor(ForeignTensor)
  /// A nested message of the source format, field by field in order.
  case message([ForeignField])
  /// Encoded bytes of the source format, kept as they were.
  case encoded([UInt8])
}

/// A named field of a nested foreign message.
package struct ForeignField: Hashable, Sendable {
  package var name: String
  package var value: ForeignAttribute
  package init(_ name: String, _ value: ForeignAttribute) {
    self.name = name
    self.value = value
  }
}

/// A tensor attribute; equal only to itself (payloads are never hashed or compared).
package struct ForeignTensor: Hashable, Sendable {
  package var tensor: Tensor
  package init(_ tensor: Tensor) { self.tensor = tensor }
  package static func == (a: ForeignTensor, b: ForeignTensor) -> Bool {
    a.tensor.storage === b.tensor.storage && a.tensor.byteOffset == b.tensor.byteOffset
      && a.tensor.shape == b.tensor.shape && a.tensor.dtype == b.tensor.dtype
  }
  package func hash(into h: inout Hasher) { h.combine(tensor.shape) }
}

/// An operator that modelconv does not know: kept for inspection and for writing back to its own format; every other
/// exporter and the executor refuse it by name.
package struct ForeignOperator: Operator {
  package static var operatorName: String { "Foreign" }
  /// `caffe`, `ai.onnx`, `com.microsoft`, …
  package var domain: String
  package var type: String
  package var version: Int
  package var attributes: [ForeignField]
  package var outputCount: Int

  package init(domain: String, type: String, version: Int = 1, attributes: [ForeignField] = [], outputCount: Int) {
    self.domain = domain
    self.type = type
    self.version = version
    self.attributes = attributes
    self.outputCount = outputCount
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    Array(repeating: .unknown, count: outputCount)
  }

  package var bodies: [Graph] {
    attributes.flatMap { field -> [Graph] in
      switch field.value {
      case .graph(let g): [g]
      case .graphs(let gs): gs
      default: []
      }
    }
  }

  package var attributeText: [(name: String, value: String)] {
    [("type", "\(domain).\(type)")] + attributes.map { ($0.name, "…") }
  }
}
