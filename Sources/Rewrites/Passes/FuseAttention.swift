import Diagnostics
import ModelGraph
import TensorCore

/// softmax(scale · Q Kᵀ + mask) V on four-dimensional operands becomes Attention, which operator set 23 has. It runs only by
/// name: few runtimes have a kernel for it yet.
package struct FuseAttention: RewritePass {
  package static let name = "FuseAttention"
  package static let summary = "recognise scaled dot-product attention (needs operator set 23)"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    guard context.has(operatorSet: 23) else { return 0 }
    var changes = 0
    for id in editor.graph.order {
      guard let node = editor.graph[id], node.op is MatMul, let found = Match(node, editor.graph) else { continue }
      var key = found.key
      if let order = found.keyOrder {
        var origin = node.origin
        origin.passes.append(Self.name)
        let made = try editor.insert(
          Transpose(order), [key], name: "\(node.name)_key", origin: origin, before: id)
        guard let k = made.first ?? nil else { continue }
        key = k
      }
      var inputs: [ValueID?] = [found.query, key, found.value]
      if let mask = found.mask { inputs.append(mask) }
      try editor.replaceReshape(id, Attention(scale: Float(found.scale)), inputs, pass: Self.name)
      changes += 1
      editor.eraseUnused()
    }
    return changes
  }

  private struct Match {
    var query: ValueID
    var key: ValueID
    /// How the key still has to be transposed; nil for not at all.
    var keyOrder: [Int]?
    var value: ValueID
    var mask: ValueID?
    var scale: Double

    init?(_ node: Node, _ graph: Graph) {
      guard let soft = graph.privateProducer(of: node.operand(0)), let s = soft.op as? Softmax, s.kind == .softmax,
        !s.coerced, s.axis == -1 || s.axis == 3, let v = node.operand(1), var scores = soft.operand(0),
        graph.shape(v)?.count == 4, graph.type(v).dtype == .float32, graph.shape(scores)?.count == 4
      else { return nil }
      value = v
      if let sum = graph.privateProducer(of: scores), (sum.op as? BinaryMap)?.function == .add {
        // The mask is the operand that no product makes.
        for i in 0...1 {
          guard let p = sum.operand(i), let m = sum.operand(1 - i), Self.product(p, graph) != nil,
            let rank = graph.shape(m)?.count, rank >= 2, rank <= 4
          else { continue }
          (scores, mask) = (p, m)
          break
        }
        guard mask != nil else { return nil }
      }
      guard let (product, factor) = Self.product(scores, graph), let q = product.operand(0), let k = product.operand(1)
      else { return nil }
      let (left, right) = (Self.scaled(q, graph), Self.scaled(k, graph))
      guard let t = graph.privateProducer(of: right.value), let order = (t.op as? Transpose)?.order, order.count == 4,
        order[0] == 0, let source = t.operand(0), graph.shape(left.value)?.count == 4
      else { return nil }
      // The operator wants [batch, heads, keys, features]; the product had the last two swapped.
      let wanted = [order[0], order[1], order[3], order[2]]
      keyOrder = wanted == [0, 1, 2, 3] ? nil : wanted
      let inner = Self.scaled(source, graph)
      (query, key) = (left.value, inner.value)
      scale = factor * left.factor * right.factor * inner.factor
      guard scale > 0, scale.isFinite, Self.sameHeads(query, v, graph) else { return nil }
    }

    /// A matrix product, and the factor behind it.
    private static func product(_ v: ValueID, _ graph: Graph) -> (Node, Double)? {
      let (inner, factor) = scaled(v, graph)
      guard let n = graph.privateProducer(of: inner), n.op is MatMul else { return nil }
      return (n, factor)
    }

    /// A value without a constant factor.
    private static func scaled(_ v: ValueID, _ graph: Graph) -> (value: ValueID, factor: Double) {
      let p = ScalarProduct(v, in: graph, isRoot: false)
      return p.factors.count == 1 && graph.shape(p.factors[0])?.count == graph.shape(v)?.count
        ? (p.factors[0], p.coefficient) : (v, 1)
    }

    private static func sameHeads(_ q: ValueID, _ v: ValueID, _ graph: Graph) -> Bool {
      guard let a = graph.shape(q), let b = graph.shape(v) else { return false }
      return a[0] == b[0] && a[1] == b[1] && a[1].value != nil
    }
  }
}
