import Diagnostics
import ModelGraph
import TensorCore

/// A Slice of a Slice along other axes, or along the same axis with steps of 1 from the front, becomes one.
package struct MergeSlices: RewritePass {
  package static let name = "MergeSlices"
  package static let summary = "join consecutive Slices with constant bounds"
  package init() {}

  private struct Cut {
    var start: Int
    var end: Int
    var step: Int
  }

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      guard let outer = editor.graph[id], outer.op is Slice, let middle = outer.operand(0), outer.result != nil,
        let inner = editor.graph.privateProducer(of: middle), inner.op is Slice, let x = inner.operand(0),
        let rank = editor.graph.shape(x)?.count, let first = cuts(inner, rank, editor.graph),
        let second = cuts(outer, rank, editor.graph), let joined = join(first, second)
      else { continue }
      let axes = joined.keys.sorted()
      var operands: [ValueID?] = [x]
      for (suffix, list) in [
        ("starts", axes.map { joined[$0]?.start ?? 0 }), ("ends", axes.map { joined[$0]?.end ?? 0 }), ("axes", axes),
        ("steps", axes.map { joined[$0]?.step ?? 1 }),
      ] {
        operands.append(editor.addConstant("\(outer.name)_\(suffix)", try Tensor(list.map { Int64($0) })))
      }
      if joined.values.allSatisfy({ $0.step == 1 }), let steps = operands.removeLast() { try editor.eraseValue(steps) }
      try editor.replaceReshape(id, Slice(), operands, pass: Self.name)
      try editor.erase(inner.id)
      changes += 1
    }
    if changes > 0 { editor.eraseUnused() }
    return changes
  }

  /// Bounds by axis; nil where they are computed.
  private func cuts(_ n: Node, _ rank: Int, _ graph: Graph) -> [Int: Cut]? {
    guard let starts = graph.ints(n, 1), let ends = graph.ints(n, 2), starts.count == ends.count else { return nil }
    let axes: [Int]? = n.has(3) ? graph.ints(n, 3) : Array(starts.indices)
    let steps: [Int]? = n.has(4) ? graph.ints(n, 4) : Array(repeating: 1, count: starts.count)
    guard let axes, let steps, axes.count == starts.count, steps.count == starts.count else { return nil }
    var out: [Int: Cut] = [:]
    for (k, given) in axes.enumerated() {
      let a = given < 0 ? given + rank : given
      guard a >= 0, a < rank, out[a] == nil else { return nil }
      out[a] = Cut(start: starts[k], end: ends[k], step: steps[k])
    }
    return out
  }

  private func join(_ first: [Int: Cut], _ second: [Int: Cut]) -> [Int: Cut]? {
    var out = first
    for (axis, b) in second {
      guard let a = first[axis] else {
        out[axis] = b
        continue
      }
      // From the front alone: ends behind the last element clamp in either form.
      guard a.step == 1, b.step == 1, a.start >= 0, a.end >= 0, b.start >= 0, b.end >= 0 else { return nil }
      let (start, o1) = a.start.addingReportingOverflow(b.start)
      let (end, o2) = a.start.addingReportingOverflow(b.end)
      guard !o1 else { return nil }
      out[axis] = Cut(start: start, end: min(a.end, o2 ? Int.max : end), step: 1)
    }
    return out
  }
}
