import Diagnostics
import ModelGraph
import TensorCore

/// Recognises activations that exporters wrote as arithmetic: GELU (by the error function or by tanh), Swish, HardSwish and
/// Mish.
///
/// Each becomes one operator where the operator set has it. HardSwish becomes one anyway: the writer says it in two.
package struct FuseActivations: RewritePass {
  package static let name = "FuseActivations"
  package static let summary = "recognise GELU, Swish, HardSwish and Mish in arithmetic"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    guard context.has(operatorSet: 9) else { return 0 }
    var changes = 0
    // The last product of a chain comes first: it is the whole activation.
    for id in editor.graph.order.reversed() {
      guard let node = editor.graph[id], let b = node.op as? BinaryMap,
        b.function == .multiply || b.function == .divide,
        let y = node.result, let type = editor.graph.type(y).dtype, type == .float32 || type == .float64,
        let found = Activation.match(y, editor.graph), context.has(operatorSet: found.operatorSet),
        sameType(found.operand, y, editor.graph)
      else { continue }
      try editor.replaceReshape(id, UnaryMap(found.function), [found.operand], pass: Self.name)
      changes += 1
      editor.eraseUnused()
    }
    return changes
  }

  /// A constant of higher rank could have enlarged the result.
  private func sameType(_ x: ValueID, _ y: ValueID, _ graph: Graph) -> Bool {
    guard let s = graph.shape(x), let r = graph.shape(y), s.count == r.count else { return false }
    return graph.type(x).dtype == graph.type(y).dtype
  }
}

/// An activation that was found in a product.
private struct Activation {
  var function: UnaryFunction
  var operand: ValueID
  /// The first operator set with this operator, or 9 where the writer's form is no longer than what it replaces.
  var operatorSet: Int

  static func match(_ y: ValueID, _ graph: Graph) -> Activation? {
    let p = ScalarProduct(y, in: graph)
    guard p.factors.count == 2 else { return nil }
    for (x, g) in [(p.factors[0], p.factors[1]), (p.factors[1], p.factors[0])] {
      if let found = gelu(p, x, g, graph) ?? gated(p, x, g, graph) { return found }
    }
    return nil
  }

  /// x · ½ · (1 + erf(x/√2)), or with tanh(√(2/π) (x + 0.044715 x³)).
  private static func gelu(_ p: ScalarProduct, _ x: ValueID, _ g: ValueID, _ graph: Graph) -> Activation? {
    guard p.isNear(0.5), graph.isPrivate(g), let sum = ScalarSum(g, in: graph), sum.constant == 1,
      let f = graph.privateProducer(of: sum.term), let u = f.op as? UnaryMap, let z = f.operand(0)
    else { return nil }
    let inner = ScalarProduct(z, in: graph)
    switch u.function {
    case .errorFunction:
      guard inner.isProduct(0.5.squareRoot(), [x]) else { return nil }
      return Activation(function: .gelu(approximate: false), operand: x, operatorSet: 20)
    case .tanh:
      guard inner.isNear((2 / Double.pi).squareRoot()), isCubic(inner.factors, x, graph) else { return nil }
      return Activation(function: .gelu(approximate: true), operand: x, operatorSet: 20)
    default: return nil
    }
  }

  /// x + k x³, or x · (1 + k x²).
  private static func isCubic(_ factors: [ValueID], _ x: ValueID, _ graph: Graph) -> Bool {
    let k = 0.044715
    if factors.count == 1, let n = graph.privateProducer(of: factors[0]), (n.op as? BinaryMap)?.function == .add {
      for i in 0...1 where n.operand(i) == x {
        if let t = n.operand(1 - i), ScalarProduct(t, in: graph, isRoot: false).isProduct(k, [x, x, x]) { return true }
      }
    }
    let pair = ScalarProduct(factors: factors)
    if let s = pair.other(than: x), let sum = ScalarSum(s, in: graph), sum.constant == 1, graph.isPrivate(s) {
      return ScalarProduct(sum.term, in: graph, isRoot: false).isProduct(k, [x, x])
    }
    return false
  }

  /// x · gate(x).
  private static func gated(_ p: ScalarProduct, _ x: ValueID, _ g: ValueID, _ graph: Graph) -> Activation? {
    guard let gate = graph.privateProducer(of: g), let z = gate.operand(0) else { return nil }
    switch gate.op {
    case let u as UnaryMap:
      switch u.function {
      case .sigmoid where p.isNear(1):
        let inner = ScalarProduct(z, in: graph)
        guard inner.factors == [x], inner.coefficient.isFinite, inner.coefficient != 0 else { return nil }
        return Activation(function: .swish(beta: FloatBits(Float(inner.coefficient))), operand: x, operatorSet: 24)
      case .hardSigmoid(let alpha, let beta) where p.isNear(1) && beta == 0.5:
        guard z == x, abs(alpha.value - 1.0 / 6) < 1e-7 else { return nil }
        return Activation(function: .hardSwish, operand: x, operatorSet: 14)
      case .clamp(let low, let high) where low == 0 && high == 6: return shifted(p, x, z, graph)
      case .tanh where p.isNear(1):
        guard let s = graph.privateProducer(of: z), (s.op as? UnaryMap)?.function == .softplus, s.operand(0) == x else {
          return nil
        }
        return Activation(function: .mish, operand: x, operatorSet: 18)
      default: return nil
      }
    case is Clip:
      guard graph.scalar(gate.operand(1)) == 0, graph.scalar(gate.operand(2)) == 6 else { return nil }
      return shifted(p, x, z, graph)
    default: return nil
    }
  }

  /// x · clip(x + 3, 0, 6) / 6.
  private static func shifted(_ p: ScalarProduct, _ x: ValueID, _ z: ValueID, _ graph: Graph) -> Activation? {
    guard p.isNear(1.0 / 6), graph.isPrivate(z), let sum = ScalarSum(z, in: graph), sum.constant == 3, sum.term == x
    else { return nil }
    return Activation(function: .hardSwish, operand: x, operatorSet: 9)
  }
}

extension ScalarProduct {
  fileprivate init(factors: [ValueID]) { self.factors = factors }
}
