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

  /// Runs all passes, on bodies of control flow too.
  ///
  /// - Parameters:
  ///   - rounds: how often at most: what one pass makes, an earlier one may simplify. A round without changes is the last.
  ///   - observe: called with each pass's name and the graph after it, where the pass changed something.
  /// - Throws: `rewrite.order` when a pass's requirement is not established; `rewrite.broken` (status `software`) with the
  ///   verifier's findings when a pass leaves an invalid graph or changes an input or output.
  package func run(
    _ graph: Graph, rounds: Int = 1, observe: (String, Graph) -> Void = { _, _ in }
  ) throws(Diagnostics) -> (graph: Graph, steps: [Step]) {
    try PassManager.checkOrder(passes)
    var current = graph
    var steps: [Step] = []
    for _ in 0..<max(1, rounds) {
      let done = steps.count
      for pass in passes {
        let snapshot = current
        var changes = 0
        do throws(Diagnostic) {
          (current, changes) = try apply(pass, to: current, depth: 0)
        } catch { throw Diagnostics([error]) }
        guard changes > 0 else { continue }
        try PassManager.verify(pass.name, before: snapshot, after: current)
        steps.append(
          Step(
            pass: pass.name, changes: changes, before: snapshot.operatorCounts, after: current.operatorCounts))
        observe(pass.name, current)
      }
      if steps.count == done { break }
    }
    return (current, steps)
  }

  /// One pass on a graph, its bodies first.
  private func apply(
    _ pass: any RewritePass, to graph: Graph, depth: Int
  ) throws(Diagnostic) -> (graph: Graph, changes: Int) {
    var changes = 0
    var editor = GraphEditor(graph)
    // Readers bound the nesting; deeper bodies would stay as they are.
    for node in graph.nodes where !node.op.bodies.isEmpty && depth < 64 {
      var inner = 0
      var bodies: [Graph] = []
      for body in node.op.bodies {
        let (new, n) = try apply(pass, to: body, depth: depth + 1)
        bodies.append(new)
        inner += n
      }
      guard inner > 0 else { continue }
      editor.setOperator(node.id, node.op.replacingBodies(bodies))
      changes += inner
    }
    changes += try pass.apply(&editor, context)
    return (editor.finish(), changes)
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
    if !found.isEmpty {
      // A branch that never runs may hold what cannot work: that is no pass's fault.
      var known: Set<String> = []
      do throws(Diagnostics) { try GraphVerifier.verify(before) } catch { known = Set(error.items.map(\.message)) }
      found.removeAll { known.contains($0.message) }
    }
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
  /// How often each operator occurs, in bodies too; foreign ones by their own type.
  package var operatorCounts: [String: Int] {
    var counts: [String: Int] = [:]
    for n in nodes {
      counts[n.op.displayName, default: 0] += 1
      for b in n.op.bodies { counts.merge(b.operatorCounts) { $0 + $1 } }
    }
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
