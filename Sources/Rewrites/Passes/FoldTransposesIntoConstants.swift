import Diagnostics
import ModelGraph
import TensorCore

/// Replaces a Transpose of a constant (HWIO ↔ OIHW weights, transposed matrices) by a permuted view: no byte is copied.
package struct FoldTransposesIntoConstants: RewritePass {
  package static let name = "FoldTransposesIntoConstants"
  package static let summary = "turn transposed weights (HWIO, OIHW, matrices) into permuted views"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for node in editor.graph.nodes {
      guard let t = node.op as? Transpose, let x = node.inputs.first ?? nil, let y = node.outputs.first ?? nil,
        let constant = editor.graph[x]?.constant, !constant.dtype.isSubByte, !editor.graph.isOutput(y)
      else { continue }
      let order = t.order.isEmpty ? Array((0..<constant.rank).reversed()) : t.order
      editor.makeConstant(y, try constant.permuted(order))
      try editor.erase(node.id)
      changes += 1
    }
    if changes > 0 { editor.eraseUnused() }
    return changes
  }
}
