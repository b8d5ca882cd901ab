import Diagnostics
import ModelGraph

/// Joins consecutive Transposes, removes those that cancel, and moves equal ones behind elementwise operators and Concat,
/// where the next one may cancel them.
package struct CancelTransposes: RewritePass {
  package static let name = "CancelTransposes"
  package static let summary = "join and cancel Transposes, also across elementwise operators and Concat"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var total = 0
    // Each round moves transposes towards the outputs or removes them, so the rounds end; the bound is a safety net.
    for _ in 0...editor.graph.nodeCount {
      var changes = 0
      for id in editor.graph.order {
        if try join(id, &editor) { changes += 1 } else if try sink(id, &editor) { changes += 1 }
      }
      total += changes
      if changes == 0 { break }
    }
    return total
  }

  /// Transpose of a Transpose: one with the combined order, or none.
  private func join(_ id: NodeID, _ editor: inout GraphEditor) throws(Diagnostic) -> Bool {
    guard let outer = editor.graph[id], let q = order(of: outer, editor.graph), let x = outer.inputs.first ?? nil,
      let y = outer.outputs.first ?? nil
    else { return false }
    if q == Array(q.indices) { return try editor.bypass(id, result: y, operand: x, pass: Self.name) }
    guard let inner = editor.graph.producer(of: x), let p = order(of: inner, editor.graph),
      let source = inner.inputs.first ?? nil, p.count == q.count
    else { return false }
    let combined = q.map { p[$0] }
    if combined == Array(combined.indices) {
      guard try editor.bypass(id, result: y, operand: source, pass: Self.name) else { return false }
    } else {
      try editor.update(id, op: Transpose(combined), inputs: [source], pass: Self.name)
    }
    if let middle = editor.graph[x], middle.consumers.isEmpty, !editor.graph.isOutput(x) { try editor.erase(inner.id) }
    return true
  }

  /// An operator whose operands all are Transposes of one order that nobody else uses: the operator first, then one
  /// Transpose.
  private func sink(_ id: NodeID, _ editor: inout GraphEditor) throws(Diagnostic) -> Bool {
    guard let node = editor.graph[id], !node.inputs.isEmpty, node.outputs.count == 1, let y = node.outputs[0],
      let name = editor.graph[y]?.name
    else { return false }
    var sources: [ValueID] = []
    var transposes: [Node] = []
    var shared: [Int]?
    for input in node.inputs {
      guard let input, let t = editor.graph.producer(of: input), let p = order(of: t, editor.graph),
        shared == nil || shared == p, let x = t.inputs.first ?? nil, !editor.graph.isOutput(input),
        editor.graph.consumers(of: input).allSatisfy({ $0.id == id })
      else { return false }
      shared = p
      sources.append(x)
      transposes.append(t)
    }
    guard let p = shared, let op = transposed(node.op, p) else { return false }
    let sameRank = sources.allSatisfy { editor.graph[$0]?.type.shape?.count == p.count }
    guard sameRank else { return false }
    var origin = node.origin
    origin.passes.append(Self.name)
    let inner = try editor.insert(op, sources, name: "\(node.name)_channel_first", origin: origin, before: id)
    guard let result = inner.first ?? nil else { return false }
    try editor.update(id, op: Transpose(p), inputs: [result], pass: Self.name)
    editor.renameNode(id, to: "\(name)_transpose")
    for t in transposes where editor.graph[t.id] != nil {
      if let v = t.outputs[0], editor.graph[v]?.consumers.isEmpty == true { try editor.erase(t.id) }
    }
    return true
  }

  /// The operator on operands that are not transposed yet, where it does not care or its axis can be mapped.
  private func transposed(_ op: any Operator, _ p: [Int]) -> (any Operator)? {
    switch op {
    case is UnaryMap, is BinaryMap, is VariadicMap, is Cast, is Identity: return op
    case let c as Concat:
      let a = c.axis < 0 ? c.axis + p.count : c.axis
      return a >= 0 && a < p.count ? Concat(axis: p[a]) : nil
    default: return nil
    }
  }

  /// The full order of a Transpose node; nil for other nodes and unknown ranks.
  private func order(of node: Node, _ graph: Graph) -> [Int]? {
    guard let t = node.op as? Transpose else { return nil }
    if !t.order.isEmpty { return t.order }
    guard let x = node.inputs.first ?? nil, let rank = graph[x]?.type.shape?.count else { return nil }
    return Array((0..<rank).reversed())
  }
}
