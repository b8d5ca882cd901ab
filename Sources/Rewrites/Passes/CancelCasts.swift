import Diagnostics
import ModelGraph
import TensorCore

/// Skips a Cast before another one where it loses nothing: float16 → float32 → float16 is nothing, int32 → int64 → float32
/// is one Cast.
package struct CancelCasts: RewritePass {
  package static let name = "CancelCasts"
  package static let summary = "join and cancel consecutive Casts where the first one is lossless"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      guard let outer = editor.graph[id], let to = outer.op as? Cast, let middle = outer.operand(0),
        let y = outer.result,
        let inner = editor.graph.producer(of: middle), let via = inner.op as? Cast, let x = inner.operand(0),
        let from = editor.graph.type(x).dtype, Self.isLossless(from, via.to)
      else { continue }
      if from == to.to {
        guard try editor.bypass(id, result: y, operand: x, pass: Self.name) else { continue }
      } else {
        guard editor.graph.isPrivate(middle) else { continue }
        try editor.update(id, op: to, inputs: [x], pass: Self.name)
      }
      if let v = editor.graph[middle], v.consumers.isEmpty, !editor.graph.isOutput(middle) {
        try editor.erase(inner.id)
      }
      changes += 1
    }
    return changes
  }

  /// True where every value of `a` is a value of `b`.
  static func isLossless(_ a: DType, _ b: DType) -> Bool {
    if a == b { return true }
    if a == .bool { return b.isInteger || b == .float16 || b == .bfloat16 || b == .float32 || b == .float64 }
    if a.isInteger {
      // The bits that hold a magnitude.
      let magnitude = a.bitWidth - (a.isSigned ? 1 : 0)
      if b.isInteger {
        return a.isSigned ? b.isSigned && b.bitWidth >= a.bitWidth : b.bitWidth - (b.isSigned ? 1 : 0) >= magnitude
      }
      switch b {
      case .bfloat16: return magnitude <= 8
      case .float16: return magnitude <= 11
      case .float32: return magnitude <= 24
      case .float64: return magnitude <= 53
      default: return false
      }
    }
    switch (a, b) {
    case (.float16, .float32), (.float16, .float64), (.bfloat16, .float32), (.bfloat16, .float64), (.float32, .float64):
      return true
    default: return false
    }
  }
}
