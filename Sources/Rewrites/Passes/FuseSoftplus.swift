import Diagnostics
import ModelGraph
import TensorCore

/// log(1 + eˣ) becomes Softplus. For large x the formula overflows and Softplus does not, so it runs only by name.
package struct FuseSoftplus: RewritePass {
  package static let name = "FuseSoftplus"
  package static let summary = "recognise log(1 + exp(x)) as Softplus, which does not overflow"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    guard context.has(operatorSet: 9) else { return 0 }
    var changes = 0
    for id in editor.graph.order {
      guard let node = editor.graph[id], (node.op as? UnaryMap)?.function == .naturalLog, let s = node.operand(0),
        editor.graph.isPrivate(s), let sum = ScalarSum(s, in: editor.graph), sum.constant == 1,
        let e = editor.graph.privateProducer(of: sum.term), (e.op as? UnaryMap)?.function == .exponential,
        let x = e.operand(0), let y = node.result, editor.graph.shape(x)?.count == editor.graph.shape(y)?.count,
        editor.graph.shape(x) != nil
      else { continue }
      try editor.replaceReshape(id, UnaryMap(.softplus), [x], pass: Self.name)
      changes += 1
    }
    if changes > 0 { editor.eraseUnused() }
    return changes
  }
}
