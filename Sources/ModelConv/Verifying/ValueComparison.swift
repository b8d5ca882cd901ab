import CPURuntime
import Diagnostics
import TensorCore

/// Compares values of any kind: containers element by element.
enum ValueComparison {
  static func compare(
    _ name: String, _ actual: RuntimeValue?, _ expected: RuntimeValue, _ tolerance: Tolerance
  ) throws(Diagnostic) -> [Comparison] {
    guard let actual else { return [Comparison(name: name, problem: "the model does not give it")] }
    switch (actual, expected) {
    case (.tensor(let a), .tensor(let b)):
      return [try Comparison(name: name, actual: a, expected: b, tolerance: tolerance)]
    case (.sequence(let a, _), .sequence(let b, _)):
      guard a.count == b.count else {
        return [Comparison(name: name, problem: "\(a.count) elements, expected \(b.count)")]
      }
      var out: [Comparison] = []
      for (i, pair) in zip(a, b).enumerated() { out += try compare("\(name)[\(i)]", pair.0, pair.1, tolerance) }
      return out.isEmpty ? [try empty(name)] : out
    case (.optional(let a, _), .optional(let b, _)):
      if let b { return try compare(name, a, b, tolerance) }
      return a == nil ? [try empty(name)] : [Comparison(name: name, problem: "a value, expected none")]
    case (_, .optional(.some(let b), _)): return try compare(name, actual, b, tolerance)
    case (.optional(.some(let a), _), _): return try compare(name, a, expected, tolerance)
    case (.map(let a, _, _), .map(let b, _, _)):
      let values = Dictionary(a.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
      guard values.count == b.count else {
        return [Comparison(name: name, problem: "\(a.count) keys, expected \(b.count)")]
      }
      var out: [Comparison] = []
      for e in b { out += try compare("\(name)[\(e.key)]", values[e.key], e.value, tolerance) }
      return out.isEmpty ? [try empty(name)] : out
    default:
      return [Comparison(name: name, problem: "\(actual.type), expected \(expected.type)")]
    }
  }

  /// Two empty values agree.
  private static func empty(_ name: String) throws(Diagnostic) -> Comparison {
    let t = try Tensor([Float](), shape: [0])
    return try Comparison(name: name, actual: t, expected: t, tolerance: Tolerance())
  }
}
