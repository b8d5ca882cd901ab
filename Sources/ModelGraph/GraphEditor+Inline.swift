import Diagnostics
import TensorCore

extension GraphEditor {
  /// Copies the nodes of a closed body before `node`.
  ///
  /// - Parameters:
  ///   - operands: values of this graph for the body's inputs; nil leaves an optional one out.
  ///   - pass: recorded in the origins of the copies.
  /// - Returns: the values of the body's outputs; nil for one that passes a left-out input on.
  /// - Throws: `graph.inline` when the numbers of operands and inputs differ.
  package mutating func inline(
    _ body: Graph, _ operands: [ValueID?], before node: NodeID, pass: String
  ) throws(Diagnostic) -> [ValueID?] {
    guard operands.count == body.inputs.count else {
      throw .error(
        "graph.inline", "\(operands.count) operands for a body with \(body.inputs.count) inputs", status: .software)
    }
    var map: [ValueID: ValueID] = [:]
    for (inner, outer) in zip(body.inputs, operands) { map[inner] = outer }
    for v in body.values {
      if let t = v.constant, map[v.id] == nil { map[v.id] = addConstant(v.name, t) }
    }
    // Anonymous extents are numbered within a graph: those of the body must not meet this graph's.
    var fresh: [String: Dim] = [:]
    func own(_ type: ValueType) -> ValueType {
      for s in type.symbols where s.hasPrefix("?") { fresh[s] = .symbol("?inlined\(node.index)\(s)") }
      return (try? type.substituting(fresh)) ?? .unknown
    }
    for n in body.nodes {
      var origin = n.origin
      origin.passes.append(pass)
      let made = insertUnchecked(
        n.op, n.inputs.map { $0.flatMap { map[$0] } },
        types: n.outputs.map { v in own(v.flatMap { body[$0]?.type } ?? .unknown) }, name: n.name,
        outputNames: n.outputs.map { v in v.flatMap { body[$0]?.name } ?? "" }, origin: origin, before: node)
      for (inner, outer) in zip(n.outputs, made) {
        if let inner, let outer { map[inner] = outer }
      }
    }
    return body.outputs.map { map[$0] }
  }
}
