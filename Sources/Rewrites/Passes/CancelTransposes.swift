import Diagnostics
import ModelGraph

/// Joins consecutive Transposes, removes those that cancel, and moves them behind operators that can do their work in the
/// other order of axes (elementwise ones, reductions, Concat, Pad, …), where the next one may cancel them.
///
/// Where a Transpose has several users it is moved behind each of them only if fewer are left in the end.
package struct CancelTransposes: RewritePass {
  package static let name = "CancelTransposes"
  package static let summary =
    "join and cancel Transposes, also across elementwise operators, reductions, Concat, Pad, …"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = try settle(&editor, splits: false) ?? 0
    let before = Self.count(editor.graph)
    guard before > 1 else { return changes }
    var trial = GraphEditor(editor.graph)
    if let more = try settle(&trial, splits: true), more > 0, Self.count(trial.graph) < before {
      editor = trial
      changes += more
    }
    return changes
  }

  private static func count(_ graph: Graph) -> Int { graph.nodes.count { $0.op is Transpose } }

  /// Joins and moves until nothing changes; nil where that takes suspiciously long.
  private func settle(_ editor: inout GraphEditor, splits: Bool) throws(Diagnostic) -> Int? {
    var total = 0
    let limit = 16 + 8 * editor.graph.nodeCount
    while true {
      var changes = 0
      for id in editor.graph.order {
        if try join(id, &editor) {
          changes += 1
        } else if try TransposeSinking.sink(id, &editor, splits: splits, pass: Self.name) {
          changes += 1
        }
      }
      if changes == 0 { return total }
      total += changes
      if total > limit { return nil }
    }
  }

  /// Transpose of a Transpose: one with the combined order, or none.
  private func join(_ id: NodeID, _ editor: inout GraphEditor) throws(Diagnostic) -> Bool {
    guard let outer = editor.graph[id], let q = TransposeSinking.order(of: outer, editor.graph),
      let x = outer.inputs.first ?? nil,
      let y = outer.outputs.first ?? nil
    else { return false }
    if q == Array(q.indices) { return try editor.bypass(id, result: y, operand: x, pass: Self.name) }
    guard let inner = editor.graph.producer(of: x), let p = TransposeSinking.order(of: inner, editor.graph),
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
}
