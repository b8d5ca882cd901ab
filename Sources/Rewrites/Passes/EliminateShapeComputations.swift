import Diagnostics
import ModelGraph
import TensorCore

/// A Reshape whose shape is computed from extents (Shape, Gather, arithmetic, Concat) gets a constant one: numbers where
/// extents are known, 0 where an open extent stays at its place, −1 for one other. What computed it goes.
package struct EliminateShapeComputations: RewritePass {
  package static let name = "EliminateShapeComputations"
  package static let summary = "replace computed shapes of Reshape by constants with 0 and -1, open extents included"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    editor.refineTypes()
    var changes = 0
    for id in editor.graph.order {
      guard let node = editor.graph[id], let op = node.op as? Reshape, let x = node.operand(0), let s = node.operand(1),
        let value = editor.graph[s], value.constant == nil, let wanted = value.contents, wanted.count <= 64,
        let list = ReshapeTarget.constant(
          from: editor.graph.shape(x), to: wanted, source: editor.graph.extentSource(s) == x ? .same : .other,
          allowsZero: op.allowsZero)
      else { continue }
      let shape = editor.addConstant("\(node.name)_shape", try Tensor(list.map { Int64($0) }))
      try editor.replaceReshape(id, Reshape(), [x, shape], pass: Self.name)
      changes += 1
    }
    if changes > 0 { editor.eraseUnused() }
    return changes
  }
}

/// Says a shape with the constants that Reshape understands.
enum ReshapeTarget {
  enum Source {
    /// The open extents were taken from the reshaped value itself.
    case same
    case other
  }

  /// The operand: numbers, 0 for an extent of `from` at its place, −1 once for what is left. nil where that is not enough.
  ///
  /// Anonymous extents of two values are not compared, as their names do not make them equal; one of them may be the −1. The
  /// same holds for a name that stands twice: some exporters call every open extent alike.
  static func constant(from: [Dim]?, to: [Dim], source: Source = .other, allowsZero: Bool = false) -> [Int]? {
    var out: [Int] = []
    var hasFree = false
    for (i, d) in to.enumerated() {
      if let v = d.value, v > 0 {
        out.append(v)
        continue
      }
      if d.value == 0, !allowsZero {
        // A literal 0 copies already.
        out.append(0)
        continue
      }
      let isComparable = source == .same || !d.symbols.contains { $0.hasPrefix("?") }
      if d.value == nil, isComparable, let from, i < from.count, from[i] == d, from.count(where: { $0 == d }) == 1 {
        out.append(0)
      } else if d.value == nil || d.value == -1, !hasFree {
        hasFree = true
        out.append(-1)
      } else {
        return nil
      }
    }
    // Nothing can be inferred beside an extent of 0.
    if hasFree, let from, to.contains(where: { $0.value == 0 }) || from.contains(where: { $0.value == 0 }) {
      return nil
    }
    return out
  }
}

extension Graph {
  /// The one value whose extents an integer vector is computed from; nil where there are several or none.
  func extentSource(_ v: ValueID) -> ValueID? {
    var found: ValueID?
    var todo = [v]
    var seen: Set<ValueID> = []
    while let next = todo.popLast() {
      guard seen.insert(next).inserted, self[next]?.constant == nil else { continue }
      guard seen.count <= 256, let n = producer(of: next) else { return nil }
      if n.op is ShapeOf || n.op is ElementCount {
        guard let x = n.operand(0), found == nil || found == x else { return nil }
        found = x
      } else {
        todo += n.inputs.compactMap { $0 }
      }
    }
    return found
  }
}

extension GraphEditor {
  /// Puts another operator of the reshape family in a node's place and keeps what was known of the result's shape.
  mutating func replaceReshape(
    _ id: NodeID, _ op: any Operator, _ inputs: [ValueID?], pass: String
  ) throws(Diagnostic) {
    let result = graph[id]?.result
    let known = graph.type(result)
    try update(id, op: op, inputs: inputs, pass: pass)
    if let result { setType(result, known.refined(by: graph.type(result))) }
  }
}
