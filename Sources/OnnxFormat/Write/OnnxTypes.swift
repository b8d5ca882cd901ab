import ModelGraph
import TensorCore

/// Value types in ONNX's terms.
enum OnnxTypes {
  /// `tensor(float)`, `seq(tensor(int64))`, as operator facts write them; nil for an unknown type.
  static func text(_ t: ValueType) -> String? {
    switch t {
    case .tensor(let d, _): "tensor(\(OnnxDType.name(d)))"
    case .sequence(let e): text(e).map { "seq(\($0))" }
    case .optional(let e): text(e).map { "optional(\($0))" }
    case .map(let k, .tensor(let v, _)):
      // Operator facts name the element of a map of numbers alone.
      "map(\(OnnxDType.name(k)),\(OnnxDType.name(v)))"
    case .map(let k, let v): text(v).map { "map(\(OnnxDType.name(k)),\($0))" }
    case .unknown: nil
    }
  }

  /// The message of a value's type; an expression of symbols has no name in ONNX and is left unknown.
  static func message(_ t: ValueType) -> TypeMessage {
    switch t {
    case .tensor(let d, let shape):
      .tensor(
        OnnxDType.number(d),
        shape?.map { e in
          if let v = e.value { return .value(Int64(v)) }
          if let s = e.symbolName, !e.isAnonymous { return .symbol(s) }
          return .unknown
        })
    case .sequence(let e): .sequence(message(e))
    case .optional(let e): .optional(message(e))
    case .map(let k, let v): .map(key: OnnxDType.number(k), value: message(v))
    case .unknown: .none
    }
  }

  /// The type of a message; extents without a name get anonymous symbols made from `prefix`.
  static func type(_ m: TypeMessage?, prefix: String) -> ValueType {
    var k = 0
    func convert(_ m: TypeMessage?) -> ValueType {
      switch m {
      case .tensor(let t, let shape), .sparseTensor(let t, let shape):
        guard let d = OnnxDType.dtype(t) else { return .unknown }
        return .tensor(
          d,
          shape?.map { e in
            switch e {
            case .value(let v) where v >= 0: return Dim(Int(v))
            case .symbol(let s): return .symbol(s)
            default:
              k += 1
              return .symbol("?\(prefix).\(k)")
            }
          })
      case .sequence(let e): return .sequence(convert(e))
      case .optional(let e): return .optional(convert(e))
      case .map(let key, let value):
        return OnnxDType.dtype(key).map { .map(key: $0, value: convert(value)) } ?? .unknown
      case .opaque, .some(.none), nil: return .unknown
      }
    }
    return convert(m)
  }
}
