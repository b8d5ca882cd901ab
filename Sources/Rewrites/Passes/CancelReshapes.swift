import Diagnostics
import ModelGraph
import TensorCore

/// Joins consecutive operators that only change the shape (Reshape, Flatten, Squeeze, Unsqueeze, and Transposes that move
/// axes of extent 1 alone), and removes them where the first shape comes back.
package struct CancelReshapes: RewritePass {
  package static let name = "CancelReshapes"
  package static let summary = "join and cancel Reshape, Flatten, Squeeze and Unsqueeze that follow each other"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      while editor.graph[id] != nil, try join(id, &editor) { changes += 1 }
    }
    return changes
  }

  private func join(_ id: NodeID, _ editor: inout GraphEditor) throws(Diagnostic) -> Bool {
    let graph = editor.graph
    guard let outer = graph[id], outer.hasOneResult, let middle = outer.operand(0), let y = outer.result,
      let inner = graph.producer(of: middle), inner.hasOneResult, let x = inner.operand(0),
      movesNothing(outer, graph), movesNothing(inner, graph), graph.type(x).dtype == graph.type(y).dtype
    else { return false }
    if graph.haveSameShape(x, y) || undoes(outer, inner, graph) {
      guard try editor.bypass(id, result: y, operand: x, pass: Self.name) else { return false }
      try drop(inner, middle, &editor)
      return true
    }
    guard graph.isPrivate(middle), !(outer.op is Transpose && inner.op is Transpose) else { return false }
    if let r = outer.op as? Reshape, let list = graph.ints(outer, 1), r.allowsZero || !list.contains(0),
      let shape = outer.operand(1)
    {
      // The target does not depend on the shape between.
      try editor.replaceReshape(id, r, [x, shape], pass: Self.name)
    } else {
      guard let from = graph.shape(x), let to = graph.shape(y),
        let list = ReshapeTarget.constant(from: from, to: to, allowsZero: true)
      else { return false }
      let shape = editor.addConstant("\(outer.name)_shape", try Tensor(list.map { Int64($0) }))
      try editor.replaceReshape(id, Reshape(), [x, shape], pass: Self.name)
    }
    try drop(inner, middle, &editor)
    return true
  }

  private func drop(_ inner: Node, _ middle: ValueID, _ editor: inout GraphEditor) throws(Diagnostic) {
    if let v = editor.graph[middle], v.consumers.isEmpty, !editor.graph.isOutput(middle) {
      try editor.erase(inner.id)
      for case let c? in inner.inputs.dropFirst() {
        if let v = editor.graph[c], v.constant != nil, v.consumers.isEmpty, !editor.graph.isOutput(c) {
          try editor.eraseValue(c)
        }
      }
    }
  }

  /// Whether the result has the operand's elements in the same row-major order.
  private func movesNothing(_ n: Node, _ graph: Graph) -> Bool {
    switch n.op {
    case is Reshape, is ReshapeAxes, is Flatten, is FlattenToMatrix, is Squeeze, is Unsqueeze: return true
    case let t as Transpose:
      guard let x = graph.shape(n.operand(0)) else { return false }
      let order = t.order.isEmpty ? Array(x.indices.reversed()) : t.order
      guard order.count == x.count else { return false }
      let moved = order.filter { $0 >= 0 && $0 < x.count && x[$0].value != 1 }
      return moved == moved.sorted()
    default: return false
    }
  }

  /// Unsqueeze and Squeeze of the same axes, whatever the shape.
  private func undoes(_ outer: Node, _ inner: Node, _ graph: Graph) -> Bool {
    guard (outer.op is Squeeze && inner.op is Unsqueeze) || (outer.op is Unsqueeze && inner.op is Squeeze),
      let a = graph.ints(outer, 1), let b = graph.ints(inner, 1)
    else { return false }
    return a.sorted() == b.sorted()
  }
}
