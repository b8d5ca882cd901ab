import Diagnostics
import ModelGraph
import TensorCore

/// A batch that a file fixes and that changes while it is read: constants of Reshape that repeat the old number follow,
/// where that provably is the batch.
struct BatchChange {
  /// Stands for the new batch.
  var symbol: Dim
  /// The numbers it replaces.
  var old: Set<Int>

  /// The target of a Reshape with the batch open; nil where it stays as it is.
  ///
  /// Elements are in row-major order and the batch is the outermost axis, so it is a factor of the first extent.
  func opened(_ target: [Int], input: [Dim], allowsZero: Bool) -> [Int]? {
    guard let name = symbol.symbolName, let first = input.first, first.symbols.contains(name), let head = target.first,
      head > 0, !input.dropFirst().contains(where: { $0.symbols.contains(name) }),
      let total = try? ShapeRule.product(input), let sample = try? total.exactQuotient(symbol),
      let elements = sample.value, elements > 0
    else { return nil }
    let rest = target.dropFirst()
    // What 0 copies is known.
    var known = 1
    for (k, d) in rest.enumerated() where d != -1 {
      var extent = d
      if d == 0, !allowsZero {
        guard k + 1 < input.count, let v = input[k + 1].value else { return nil }
        extent = v
      }
      let (p, o) = known.multipliedReportingOverflow(by: extent)
      guard !o, p > 0 else { return nil }
      known = p
    }
    guard elements % known == 0 else { return nil }
    var out = target
    if rest.contains(-1) {
      // The free extent takes what one sample has; the batch itself must be the first.
      guard old.contains(head), first == symbol, !allowsZero else { return nil }
      out[0] = 0
      return out
    }
    guard
      old.contains(where: { b in
        let (p, o) = elements.multipliedReportingOverflow(by: b)
        let (q, o2) = known.multipliedReportingOverflow(by: head)
        return !o && !o2 && p == q
      })
    else { return nil }
    out[0] = known == elements && first == symbol && !allowsZero ? 0 : -1
    return out
  }

  /// The graph with further targets opened that only computing constants tells.
  func opening(_ graph: Graph, _ folded: (Graph) -> Graph?) throws(Diagnostic) -> Graph {
    var current = graph
    // Each round opens at least one, and what follows it may be known then.
    for _ in 0..<100 {
      guard let known = folded(current) else { return current }
      var editor = GraphEditor(current)
      var changes = 0
      for id in current.order {
        guard let node = known[id], let op = node.op as? Reshape, node.inputs.count > 1, let x = node.inputs[0],
          let s = node.inputs[1], let input = known[x]?.type.shape, let target = known[s]?.constant, target.count <= 64,
          let list = try? target.ints().map({ Int($0) }),
          let open = opened(list, input: input, allowsZero: op.allowsZero), open != list
        else { continue }
        let name = current[id]?.name ?? "reshape"
        editor.setInput(id, 1, editor.addConstant("\(name)/open_batch", try Tensor(open.map { Int64($0) })))
        changes += 1
      }
      guard changes > 0 else { return current }
      // What was inferred from the old number does not hold.
      for id in editor.graph.order where !(editor.graph[id]?.op is ForeignOperator) {
        do throws(Diagnostic) { try editor.inferTypes(of: id) } catch { continue }
      }
      current = editor.finish()
    }
    return current
  }

  /// Layers whose result does not follow the batch though their operand does.
  func pins(in graph: Graph) -> [Diagnostic] {
    guard let name = symbol.symbolName else { return [] }
    func follows(_ v: ValueID?) -> Bool {
      v.flatMap { graph[$0]?.type.shape }?.contains { $0.symbols.contains(name) } ?? false
    }
    func isFixed(_ v: ValueID?) -> Bool {
      v.flatMap { graph[$0]?.type.shape?.first?.value }.map(old.contains) ?? false
    }
    var out: [Diagnostic] = []
    for n in graph.nodes {
      if n.op is Recurrent, follows(n.inputs.first ?? nil) {
        // The states [directions, batch, size] that a file holds as constants.
        for case let v? in n.inputs.dropFirst(5).prefix(2) {
          guard let t = graph[v]?.constant, t.rank == 3, old.contains(t.shape[1]) else { continue }
          out.append(
            Diagnostic(
              .warning, "onnx.batch-pinned",
              "layer '\(n.name)' (\(n.origin.layerType ?? n.op.operatorName)) fixes the batch: its state "
                + "'\(graph[v]?.name ?? "")' is \(t.shape)", at: n.origin.location,
              help: "the model may run with its own batch alone"))
        }
        continue
      }
      guard n.op is Reshape || n.op is Expand || n.op is Concat else { continue }
      let result = n.outputs.first.flatMap { $0 }
      let isPinned =
        n.op is Concat
        ? n.inputs.contains(where: follows) && n.inputs.contains(where: isFixed) && !joinsBatches(n, graph)
        : follows(n.inputs.first ?? nil) && !follows(result)
      guard isPinned, let type = result.flatMap({ graph[$0]?.type }) else { continue }
      out.append(
        Diagnostic(
          .warning, "onnx.batch-pinned",
          "layer '\(n.name)' (\(n.origin.layerType ?? n.op.operatorName)) fixes the batch: its result is \(type)",
          at: n.origin.location, help: "the model may run with its own batch alone"))
    }
    return out
  }

  /// A Concat along the batch axis may join anything.
  private func joinsBatches(_ n: Node, _ graph: Graph) -> Bool {
    guard let c = n.op as? Concat, let rank = n.inputs.first.flatMap({ $0.flatMap { graph[$0]?.type.shape?.count } })
    else { return true }
    return (c.axis < 0 ? c.axis + rank : c.axis) == 0
  }
}
