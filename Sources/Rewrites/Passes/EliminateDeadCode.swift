import Diagnostics
import ModelGraph

/// Removes nodes and constants that no output depends on. Inputs stay: they are the model's interface.
package struct EliminateDeadCode: RewritePass {
  package static let name = "EliminateDeadCode"
  package static let summary = "remove what no output depends on"
  package static let establishes: Set<GraphProperty> = [.noDeadCode]
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    let before = editor.graph.values.count
    let nodes = editor.eraseUnused()
    return max(nodes, before - editor.graph.values.count)
  }
}
