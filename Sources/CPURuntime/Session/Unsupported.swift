import Diagnostics
import ModelGraph

/// Finds everything in a graph that the executor cannot run.
enum Unsupported {
  static func diagnostic(_ op: any Operator, name: String, at location: SourceLocation = SourceLocation()) -> Diagnostic
  {
    let what =
      if let f = op as? ForeignOperator { f.domain.isEmpty ? f.type : "\(f.domain).\(f.type)" } else { op.operatorName }
    return .error(
      "run.unsupported-layer", "layer '\(name)': \(what) cannot be run", at: location,
      help: "cut the graph before this layer, or replace it")
  }

  /// One diagnostic per node, bodies included.
  static func find(in graph: Graph, depth: Int = 0) -> [Diagnostic] {
    guard depth < 64 else { return [.error("run.too-deep", "bodies are nested more than 64 deep")] }
    var found: [Diagnostic] = []
    for n in graph.nodes {
      if !(n.op is any CPUExecutable) {
        found.append(diagnostic(n.op, name: n.origin.layer ?? n.name, at: n.origin.location))
      } else {
        for body in n.op.bodies { found += find(in: body, depth: depth + 1) }
      }
    }
    return found
  }
}
