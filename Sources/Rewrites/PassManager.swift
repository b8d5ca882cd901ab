import Diagnostics
import ModelGraph

/// Runs passes in a given order, and checks the graph after each of them.
package struct PassManager: Sendable {
  /// What one pass did.
  package struct Step: Sendable {
    package let pass: String
    package let changes: Int
    /// Operator counts by name before and after.
    package let before: [String: Int]
    package let after: [String: Int]
  }

  package let passes: [any RewritePass]
  package var context: RewriteContext

  package init(_ passes: [any RewritePass], context: RewriteContext = RewriteContext()) {
    self.passes = passes
    self.context = context
  }

  /// Runs all passes.
  ///
  /// - Parameter observe: called with each pass's name and the graph after it, where the pass changed something.
  /// - Throws: `rewrite.order` when a pass's requirement is not established; `rewrite.broken` (status `software`) with the
  ///   verifier's findings when a pass leaves an invalid graph or changes an input or output.
  package func run(
    _ graph: Graph, observe: (String, Graph) -> Void = { _, _ in }
  ) throws(Diagnostics) -> (graph: Graph, steps: [Step]) {
    try PassManager.checkOrder(passes)
    var current = graph
    var steps: [Step] = []
    for pass in passes {
      let snapshot = current
      var changes = 0
      do throws(Diagnostic) {
        var editor = GraphEditor(current)
        changes = try pass.apply(&editor, context)
        current = editor.finish()
      } catch { throw Diagnostics([error]) }
      guard changes > 0 else { continue }
      try PassManager.verify(pass.name, before: snapshot, after: current)
      steps.append(
        Step(
          pass: pass.name, changes: changes, before: snapshot.operatorCounts, after: current.operatorCounts))
      observe(pass.name, current)
    }
    return (current, steps)
  }

  /// Throws unless every requirement is established by an earlier pass.
  package static func checkOrder(_ passes: [any RewritePass]) throws(Diagnostics) {
    var have: Set<GraphProperty> = []
    for pass in passes {
      let type = Swift.type(of: pass)
      if let missing = type.requires.subtracting(have).map(\.rawValue).min() {
        throw Diagnostics([
          .error(
            "rewrite.order",
            "rewrite \(type.name) wants a graph with the property \(missing), which no earlier "
              + "rewrite establishes", status: .usage)
        ])
      }
      have.formUnion(type.establishes)
    }
  }

  private static func verify(_ pass: String, before: Graph, after: Graph) throws(Diagnostics) {
    var found: [Diagnostic] = []
    do throws(Diagnostics) { try GraphVerifier.verify(after) } catch { found = error.items }
    func interface(_ ids: [ValueID], _ g: Graph) -> [String] { ids.map { "\(g[$0]?.name ?? "?")" } }
    if interface(before.inputs, before) != interface(after.inputs, after)
      || interface(before.outputs, before) != interface(after.outputs, after)
    {
      found.append(.error("graph.interface", "inputs or outputs changed", status: .software))
    }
    for (a, b) in zip(before.outputs, after.outputs) {
      if let x = before[a]?.type, let y = after[b]?.type, !GraphVerifier.compatible(x, y) {
        found.append(.error("graph.interface", "output changed from \(x) to \(y)", status: .software))
      }
    }
    guard found.isEmpty else {
      throw Diagnostics([
        .error(
          "rewrite.broken", "rewrite \(pass) left an invalid graph", notes: found.prefix(5).map(\.message),
          help: "this is a bug in modelconv; convert with --no-rewrite", status: .software)
      ])
    }
  }
}

extension Graph {
  /// How often each operator occurs, foreign ones by their own type.
  package var operatorCounts: [String: Int] {
    var counts: [String: Int] = [:]
    for n in nodes { counts[n.op.displayName, default: 0] += 1 }
    return counts
  }
}

extension Operator {
  /// The catalogue name, with the function of an elementwise operator and the type of a foreign one.
  package var displayName: String {
    switch self {
    case let f as ForeignOperator: "\(f.domain).\(f.type)"
    case let u as UnaryMap: caseName("\(u.function)")
    case let b as BinaryMap: caseName("\(b.function)")
    case let v as VariadicMap: caseName("\(v.function)")
    default: operatorName
    }
  }

  private func caseName(_ s: String) -> String { String(s.prefix { $0 != "(" }) }
}
