import TensorCore

extension Graph {
  /// A text of the graph that is the same for equal graphs: inputs, constants, nodes in order, outputs.
  ///
  /// - Parameter origins: adds each node's source layer and passes.
  package func dump(origins: Bool = false) -> String {
    var lines: [String] = ["graph \(name)"]
    for i in inputs { lines.append("  input \(label(i))") }
    for v in values where v.constant != nil { lines.append("  const \(label(v.id))") }
    for n in nodes {
      let attributes = n.op.attributeText.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
      let operands = n.inputs.map { $0.flatMap { self[$0]?.name } ?? "_" }.joined(separator: ", ")
      let results = n.outputs.map { $0.map { label($0) } ?? "_" }.joined(separator: ", ")
      var s = "  \(results) = \(n.op.operatorName)(\(operands))"
      if !attributes.isEmpty { s += " {\(attributes)}" }
      if n.name != n.outputs.first.flatMap({ $0.flatMap { self[$0]?.name } }) { s += " # \(n.name)" }
      if origins, let layer = n.origin.layer { s += " <- \(layer)\(n.origin.passes.map { " via \($0)" }.joined())" }
      lines.append(s)
      for body in n.op.bodies {
        lines.append(contentsOf: body.dump(origins: origins).split(separator: "\n").map { "    \($0)" })
      }
    }
    lines.append("  return " + outputs.map { self[$0]?.name ?? "_" }.joined(separator: ", "))
    return lines.joined(separator: "\n")
  }

  private func label(_ id: ValueID) -> String {
    guard let v = self[id] else { return "_" }
    return "\(v.name): \(v.type)"
  }
}
