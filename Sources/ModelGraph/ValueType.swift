import TensorCore

/// A tensor's extents; nil where even the rank is unknown.
package typealias Shape = [Dim]?

/// What a value is: type and as much of the shape as is known.
package indirect enum ValueType: Hashable, Sendable {
  case tensor(DType, Shape)
  case sequence(ValueType)
  case optional(ValueType)
  case map(key: DType, value: ValueType)
  /// Nothing is known (outputs of foreign operators, poisoned values).
  case unknown

  /// A tensor of constant extents.
  package static func tensor(_ t: DType, sizes: [Int]) -> ValueType { .tensor(t, sizes.map { Dim($0) }) }

  package var dtype: DType? { if case .tensor(let t, _) = self { t } else { nil } }

  package var shape: Shape { if case .tensor(_, let s) = self { s } else { nil } }

  /// All extents as numbers, where all are known.
  package var sizes: [Int]? {
    guard let shape else { return nil }
    var out: [Int] = []
    for d in shape {
      guard let v = d.value else { return nil }
      out.append(v)
    }
    return out
  }

  package var symbols: Set<String> {
    switch self {
    case .tensor(_, let s): (s ?? []).reduce(into: []) { $0.formUnion($1.symbols) }
    case .sequence(let t), .optional(let t), .map(_, let t): t.symbols
    case .unknown: []
    }
  }

  /// The type with symbols replaced by what they are bound to.
  package func substituting(_ b: [String: Dim]) throws(InferenceError) -> ValueType {
    switch self {
    case .tensor(let t, .some(let shape)):
      var out: [Dim] = []
      for d in shape { out.append(try d.substituting(b)) }
      return .tensor(t, out)
    case .tensor(_, .none), .unknown: return self
    case .sequence(let t): return .sequence(try t.substituting(b))
    case .optional(let t): return .optional(try t.substituting(b))
    case .map(let k, let t): return .map(key: k, value: try t.substituting(b))
    }
  }
}

extension ValueType: CustomStringConvertible {
  /// `float32[N,3,224,224]`, `int64[]`, `float32[...]` for an unknown rank, `sequence(…)`.
  package var description: String {
    switch self {
    case .tensor(let t, .some(let s)): "\(t.rawValue)[\(s.map(\.description).joined(separator: ","))]"
    case .tensor(let t, .none): "\(t.rawValue)[...]"
    case .sequence(let t): "sequence(\(t))"
    case .optional(let t): "optional(\(t))"
    case .map(let k, let v): "map(\(k.rawValue),\(v))"
    case .unknown: "unknown"
    }
  }
}

/// Why types do not fit an operator.
package struct InferenceError: Error, Hashable, Sendable {
  package var message: String
  /// The operand it is about.
  package var input: Int?
  package init(_ message: String, input: Int? = nil) {
    self.message = message
    self.input = input
  }
}
