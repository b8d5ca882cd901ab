import Diagnostics
import ModelGraph
import TensorCore

/// Keeps one of several nodes that apply the same operator to the same operands, and one of several equal constants.
package struct EliminateCommonSubexpressions: RewritePass {
  package static let name = "EliminateCommonSubexpressions"
  package static let summary = "compute equal subexpressions once"
  package init() {}

  private struct Key: Hashable {
    var op: AnyHashable
    var inputs: [ValueID?]
    var results: [Bool]
  }

  private struct Payload: Hashable {
    var storage: ObjectIdentifier
    var offset: Int
    var dtype: DType
    var shape: [Int]
    var strides: [Int]
  }

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    var constants: [Payload: ValueID] = [:]
    for value in editor.graph.values {
      guard let t = value.constant, !editor.graph.isOutput(value.id) else { continue }
      let key = Payload(
        storage: ObjectIdentifier(t.storage), offset: t.byteOffset, dtype: t.dtype, shape: t.shape, strides: t.strides)
      if let first = constants[key] {
        editor.replaceUses(of: value.id, with: first)
        try editor.eraseValue(value.id)
        changes += 1
      } else {
        constants[key] = value.id
      }
    }
    var seen: [Key: NodeID] = [:]
    for id in editor.graph.order {
      guard let node = editor.graph[id], !node.op.isNondeterministic, node.op.bodies.isEmpty,
        !(node.op is ForeignOperator)
      else { continue }
      let key = Key(op: AnyHashable(node.op), inputs: node.inputs, results: node.outputs.map { $0 != nil })
      guard let first = seen[key].flatMap({ editor.graph[$0] }) else {
        seen[key] = id
        continue
      }
      // Two outputs of the graph keep two names.
      if node.outputs.contains(where: { $0.map(editor.graph.isOutput) ?? false }) { continue }
      for (mine, theirs) in zip(node.outputs, first.outputs) {
        if let mine, let theirs { editor.replaceUses(of: mine, with: theirs) }
      }
      try editor.erase(id)
      changes += 1
    }
    return changes
  }
}
