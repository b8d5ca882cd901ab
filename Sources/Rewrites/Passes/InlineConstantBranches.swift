import Diagnostics
import ModelGraph
import TensorCore

/// An If whose condition is a constant becomes the nodes of the branch that it takes.
package struct InlineConstantBranches: RewritePass {
  package static let name = "InlineConstantBranches"
  package static let summary = "replace If with a constant condition by the branch that it takes"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      guard let node = editor.graph[id], let op = node.op as? If, let c = node.constant(0, editor.graph), c.count == 1,
        let flag = (try? c.ints())?.first, node.inputs.count == 1 + op.thenBody.inputs.count + op.elseBody.inputs.count
      else { continue }
      let n = op.thenBody.inputs.count
      let operands = flag != 0 ? Array(node.inputs[1..<(1 + n)]) : Array(node.inputs[(1 + n)...])
      let results = try editor.inline(
        flag != 0 ? op.thenBody : op.elseBody, operands, before: id, pass: Self.name)
      guard results.count >= node.outputs.count, results.allSatisfy({ $0 != nil }) else { continue }
      for (old, new) in zip(node.outputs, results) {
        guard let old, let new, let name = editor.graph[old]?.name else { continue }
        // A copy keeps values apart that have names of their own.
        var value = new
        if editor.graph.isOutput(old) {
          let made = try editor.insert(Identity(), [new], name: "\(node.name)_result", origin: node.origin, before: id)
          guard let v = made.first ?? nil else { continue }
          value = v
        }
        let isOutput = editor.graph.isOutput(old)
        editor.replaceUses(of: old, with: value)
        if isOutput {
          editor.rename(old, to: "\(name)_branch")
          editor.rename(value, to: name)
        }
      }
      try editor.erase(id)
      changes += 1
    }
    if changes > 0 {
      editor.refineTypes()
      editor.eraseUnused()
    }
    return changes
  }
}
