import ModelGraph
import TensorCore

/// An attribute as exporters give it; nil leaves it out.
enum OnnxAttribute: Sendable {
  case int(Int)
  case float(Float)
  case string(String)
  case ints([Int])
  case floats([Float])
  case strings([String])
  case bool(Bool)
  case tensor(Tensor)
  case optional(Int?)
  case byteStrings([ByteString])
  case type(ValueType)
  case graph(GraphMessage)
  case omit

  var value: AttributeValue? {
    switch self {
    case .int(let v): .int(Int64(v))
    case .float(let v): .float(v)
    case .string(let v): .string(Array(v.utf8))
    case .ints(let v): .ints(v.map { Int64($0) })
    case .floats(let v): .floats(v)
    case .strings(let v): .strings(v.map { Array($0.utf8) })
    case .bool(let v): .int(v ? 1 : 0)
    case .tensor(let t): .tensor(TensorMessage(tensor: t, name: ""))
    case .optional(let v): v.map { .int(Int64($0)) }
    case .byteStrings(let v): .strings(v.map(\.bytes))
    case .type(let t): .type(OnnxTypes.message(t))
    case .graph(let g): .graph(g)
    case .omit: nil
    }
  }
}

extension AttributeValue {
  /// Whether this is the default of the attribute's facts.
  func isDefault(_ fact: OnnxAttributeFact) -> Bool {
    guard let text = fact.defaultText else { return false }
    switch self {
    case .int(let v): return text == String(v)
    case .float(let v): return Double(text).map { Float($0).bitPattern == v.bitPattern } ?? false
    case .string(let v): return text == String(decoding: v, as: UTF8.self)
    default: return false
    }
  }
}

extension TensorMessage {
  init(tensor: Tensor, name: String) {
    self.name = name
    dataType = OnnxDType.number(tensor.dtype)
    dims = tensor.shape.map { Int64($0) }
    payload = .tensor(tensor)
  }
}
