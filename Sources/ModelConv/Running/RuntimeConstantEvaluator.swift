import CPURuntime
import Diagnostics
import ModelGraph
import Rewrites
import TensorCore

/// Lets rewrites compute with the CPU runtime's kernels.
struct RuntimeConstantEvaluator: ConstantEvaluator {
  func evaluate(_ node: Node, in graph: Graph) throws(Diagnostic) -> [Tensor?]? {
    guard node.op is any CPUExecutable else { return nil }
    let inputs = node.inputs.map { id -> RuntimeValue? in
      guard let id, let t = graph[id]?.constant else { return nil }
      return .tensor(t)
    }
    let results = try Evaluator.evaluate(node.op, inputs, name: node.name)
    guard results.count >= node.outputs.count else { return nil }
    var out: [Tensor?] = []
    for (id, value) in zip(node.outputs, results) {
      guard id != nil else {
        out.append(nil)
        continue
      }
      guard case .tensor(let t) = value else { return nil }
      out.append(t)
    }
    return out
  }
}

extension RewriteContext {
  /// A context that can fold constants.
  static func withRuntime(sink: DiagnosticSink = DiagnosticSink()) -> RewriteContext {
    RewriteContext(evaluator: RuntimeConstantEvaluator(), sink: sink)
  }
}
