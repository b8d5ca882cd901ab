import TensorCore

extension Graph {
  /// The graph with symbols replaced by what they are bound to: in every type and in what is known of small integer values,
  /// bodies included.
  ///
  /// - Throws: where an extent overflows.
  package func binding(_ bindings: [String: Dim]) throws(InferenceError) -> Graph {
    guard !bindings.isEmpty else { return self }
    var out = self
    for i in out.valueSlots.indices {
      guard let v = out.valueSlots[i] else { continue }
      if !v.type.symbols.isDisjoint(with: bindings.keys) {
        out.valueSlots[i]?.type = try v.type.substituting(bindings)
      }
      guard let contents = v.contents else { continue }
      var new: [Dim] = []
      for d in contents { new.append(try d.substituting(bindings)) }
      out.valueSlots[i]?.contents = new
    }
    for i in out.nodeSlots.indices {
      guard let n = out.nodeSlots[i], !n.op.bodies.isEmpty else { continue }
      var bodies: [Graph] = []
      for b in n.op.bodies { bodies.append(try b.binding(bindings)) }
      out.nodeSlots[i]?.op = n.op.replacingBodies(bodies)
    }
    return out
  }
}
