import Diagnostics

extension GraphEditor {
  /// Infers every node again, in order, and takes over what is better known now: constants that were computed, extents that
  /// were bound. What a file declared and inference does not know stays.
  package mutating func refineTypes() {
    for id in graph.order {
      guard let node = graph[id], !(node.op is ForeignOperator) else { continue }
      let known = graph.typeInputs(of: node)
      // A branch may hold what cannot work for the present shapes: its types stay.
      guard let types = try? node.op.inferTypes(known) else { continue }
      let contents = node.op.inferContents(known)
      for (i, v) in node.outputs.enumerated() where i < types.count {
        guard let v, let value = graph[v] else { continue }
        let better = value.type.refined(by: types[i])
        if better != value.type { setType(v, better) }
        if i < contents.count, let c = contents[i] { setContents(v, c) }
      }
    }
  }
}

extension ValueType {
  /// The type with what `other`, a type of the same value, knows better: ranks, and numbers or names of extents.
  package func refined(by other: ValueType) -> ValueType {
    switch (self, other) {
    case (.unknown, _): return other
    case (.tensor(let t, .none), .tensor(let u, .some)) where t == u: return other
    case (.tensor(let t, .some(let mine)), .tensor(let u, .some(let theirs)))
    where t == u && mine.count == theirs.count:
      return .tensor(
        t,
        zip(mine, theirs).map { m, o in
          if m.value != nil { return m }
          return o.value != nil || (m.isAnonymous && !o.isAnonymous) ? o : m
        })
    case (.sequence(let a), .sequence(let b)): return .sequence(a.refined(by: b))
    case (.optional(let a), .optional(let b)): return .optional(a.refined(by: b))
    default: return self
    }
  }
}
