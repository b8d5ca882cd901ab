import Diagnostics
import ModelGraph
import TensorCore

/// (x + a) + b becomes x + (a + b), and (x · a) · b becomes x · (a · b), for constants.
///
/// Floating-point constants are joined only where nothing cancels, overflows or becomes too small.
package struct JoinConstantArithmetic: RewritePass {
  package static let name = "JoinConstantArithmetic"
  package static let summary = "join consecutive sums, or products, with constants"
  package init() {}

  /// x + sign · c, or x · c^sign.
  private struct Step {
    var isSum: Bool
    var sign: Double
    var data: ValueID
    var constant: Tensor
    var constantName: String

    init?(_ n: Node, _ graph: Graph) {
      guard let b = n.op as? BinaryMap, n.hasOneResult else { return nil }
      let i = n.constant(1, graph) != nil ? 1 : 0
      guard let x = n.operand(1 - i), graph[x]?.constant == nil, let c = n.operand(i), let t = graph[c]?.constant else {
        return nil
      }
      switch b.function {
      case .add: (isSum, sign) = (true, 1)
      case .subtract where i == 1: (isSum, sign) = (true, -1)
      case .multiply: (isSum, sign) = (false, 1)
      case .divide where i == 1: (isSum, sign) = (false, -1)
      default: return nil
      }
      data = x
      constant = t
      constantName = graph[c]?.name ?? n.name
    }
  }

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      guard let node = editor.graph[id], let outer = Step(node, editor.graph),
        let before = editor.graph.privateProducer(of: outer.data), let inner = Step(before, editor.graph),
        inner.isSum == outer.isSum, let joined = try Self.join(inner, outer)
      else { continue }
      let c = editor.addConstant("\(outer.constantName)_joined", joined)
      try editor.replaceReshape(
        id, BinaryMap(outer.isSum ? .add : .multiply), [inner.data, c], pass: Self.name)
      try editor.erase(before.id)
      changes += 1
    }
    if changes > 0 { editor.eraseUnused() }
    return changes
  }

  private static func join(_ a: Step, _ b: Step) throws(Diagnostic) -> Tensor? {
    let (s, t) = (a.constant, b.constant)
    guard s.dtype == t.dtype, s.dtype == .float32 || s.dtype == .float64 else { return nil }
    // Equal shapes, or one number beside a shape that has at least its axes.
    let shape: [Int]
    if s.shape == t.shape || (t.count == 1 && t.rank <= s.rank) {
      shape = s.shape
    } else if s.count == 1, s.rank <= t.rank {
      shape = t.shape
    } else {
      return nil
    }
    let (x, y) = (try s.doubles(), try t.doubles())
    guard !x.isEmpty, !y.isEmpty, max(x.count, y.count) <= 1 << 20 else { return nil }
    var out: [Double] = []
    for i in 0..<max(x.count, y.count) {
      let (p, q) = (x[x.count == 1 ? 0 : i], y[y.count == 1 ? 0 : i])
      let v: Double
      if a.isSum {
        v = a.sign * p + b.sign * q
        guard abs(v) >= 0.5 * max(abs(p), abs(q)) else { return nil }
      } else {
        v = (a.sign > 0 ? p : 1 / p) * (b.sign > 0 ? q : 1 / q)
        guard [abs(p), abs(q), abs(v)].allSatisfy({ $0 > 1e-15 && $0 < 1e15 }) else { return nil }
      }
      guard v.isFinite, abs(v) < 1e30 else { return nil }
      out.append(v)
    }
    return s.dtype == .float64 ? try Tensor(out, shape: shape) : try Tensor(out.map { Float($0) }, shape: shape)
  }
}
