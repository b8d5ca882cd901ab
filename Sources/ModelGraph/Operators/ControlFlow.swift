import TensorCore

/// One of two bodies, by a condition. Operands: condition (one bool element), captures of the first body, then those of
/// the second. Results: the bodies' outputs. Source: ONNX If.
package struct If: Operator {
  package static let operatorName = "If"
  package var thenBody: Graph
  package var elseBody: Graph
  package init(thenBody: Graph, elseBody: Graph) {
    self.thenBody = thenBody
    self.elseBody = elseBody
  }
  package var bodies: [Graph] { [thenBody, elseBody] }
  package func replacingBodies(_ new: [Graph]) -> any Operator {
    new.count == 2 ? If(thenBody: new[0], elseBody: new[1]) : self
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let a = BodyRule.outputTypes(thenBody)
    let b = BodyRule.outputTypes(elseBody)
    guard a.count == b.count else {
      throw InferenceError("the branches have \(a.count) and \(b.count) results")
    }
    guard inputs.count == 1 + thenBody.inputs.count + elseBody.inputs.count else {
      throw InferenceError("\(inputs.count) operands do not fit the branches")
    }
    // A constant condition decides the types as well.
    if let c = inputs.constant(0), c.count == 1, let v = (try? c.ints())?.first {
      return BodyRule.closed(v != 0 ? a : b, inputs)
    }
    return BodyRule.closed(zip(a, b).map { BodyRule.common($0, $1) }, inputs)
  }

  package var attributeText: [(name: String, value: String)] { [] }
}

/// A body run while a condition holds and a count is not reached.
///
/// Operands: trip count (0-d)?, condition?, carried values, captures. Body inputs: iteration, condition, carried
/// values, captures; body outputs: condition, carried values, elements of the stacked results. Results: carried values,
/// stacked results with a new first axis. Source: ONNX Loop.
package struct Loop: Operator {
  package static let operatorName = "Loop"
  package var body: Graph
  /// Number of carried values.
  package var carried: Int
  package init(body: Graph, carried: Int) {
    self.body = body
    self.carried = carried
  }
  package var bodies: [Graph] { [body] }
  package func replacingBodies(_ new: [Graph]) -> any Operator {
    guard new.count == 1 else { return self }
    var op = self
    op.body = new[0]
    return op
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let outputs = BodyRule.outputTypes(body)
    guard carried >= 0, outputs.count >= 1 + carried, inputs.count == body.inputs.count,
      body.inputs.count >= 2 + carried
    else { throw InferenceError("\(inputs.count) operands do not fit the body") }
    var out: [ValueType] = []
    for i in 0..<carried {
      // Without any run the first value comes out.
      let first = inputs.has(2 + i) ? try inputs.type(2 + i) : ValueType.unknown
      out.append(BodyRule.common(first, outputs[1 + i]))
    }
    for t in outputs[(1 + carried)...] {
      guard case .tensor(let d, let s) = t else {
        out.append(.unknown)
        continue
      }
      out.append(.tensor(d, s.map { [inputs.fresh(1000)] + $0 }))
    }
    return BodyRule.closed(out, inputs)
  }

  package var attributeText: [(name: String, value: String)] { [("carried", "\(carried)")] }
}

/// A body run over slices. Operands: states, scanned inputs, captures. Body inputs: states, slices, captures; body
/// outputs: states, slices of the scanned results. Results: states, scanned results. Source: ONNX Scan.
package struct Scan: Operator {
  package static let operatorName = "Scan"
  package var body: Graph
  package var states: Int
  /// For each scanned input its axis and whether it is walked backwards.
  package var inputs: [Walk]
  /// For each scanned result likewise.
  package var outputs: [Walk]
  package struct Walk: Hashable, Sendable {
    package var axis: Int
    package var isReverse: Bool
    package init(axis: Int = 0, isReverse: Bool = false) {
      self.axis = axis
      self.isReverse = isReverse
    }
  }
  package init(body: Graph, states: Int, inputs: [Walk], outputs: [Walk]) {
    self.body = body
    self.states = states
    self.inputs = inputs
    self.outputs = outputs
  }
  package var bodies: [Graph] { [body] }
  package func replacingBodies(_ new: [Graph]) -> any Operator {
    guard new.count == 1 else { return self }
    var op = self
    op.body = new[0]
    return op
  }

  package func inferTypes(_ known: TypeInputs) throws(InferenceError) -> [ValueType] {
    let types = BodyRule.outputTypes(body)
    guard states >= 0, types.count == states + outputs.count, known.count == body.inputs.count,
      known.count >= states + inputs.count
    else { throw InferenceError("\(known.count) operands do not fit the body") }
    var length: Dim?
    for (k, walk) in inputs.enumerated() {
      guard let x = try known.shape(states + k) else { continue }
      let d = x[try ShapeRule.axis(walk.axis, rank: x.count)]
      if let have = length { try ShapeRule.requireEqual(have, d, "lengths of the scanned inputs") }
      if length?.value == nil { length = d }
    }
    var out: [ValueType] = []
    for i in 0..<states { out.append(BodyRule.common(try known.type(i), types[i])) }
    for (k, walk) in outputs.enumerated() {
      guard case .tensor(let d, .some(var s)) = types[states + k] else {
        out.append(types[states + k].dtype.map { .tensor($0, nil) } ?? .unknown)
        continue
      }
      s.insert(length ?? known.fresh(1000 + k), at: try ShapeRule.axis(walk.axis, rank: s.count + 1))
      out.append(.tensor(d, s))
    }
    return BodyRule.closed(out, known)
  }

  package var attributeText: [(name: String, value: String)] {
    [("states", "\(states)"), ("inputs", "\(inputs.count)")]
  }
}

/// A body run on each element of a sequence. Operands: sequence, further sequences or tensors, captures. Results: one
/// sequence for each body output. Source: ONNX SequenceMap.
package struct SequenceMap: Operator {
  package static let operatorName = "SequenceMap"
  package var body: Graph
  /// Operands that the body sees before the captures, the sequence included.
  package var operands: Int
  package init(body: Graph, operands: Int) {
    self.body = body
    self.operands = operands
  }
  package var bodies: [Graph] { [body] }
  package func replacingBodies(_ new: [Graph]) -> any Operator {
    guard new.count == 1 else { return self }
    var op = self
    op.body = new[0]
    return op
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard inputs.count == body.inputs.count else {
      throw InferenceError("\(inputs.count) operands do not fit the body")
    }
    return BodyRule.closed(BodyRule.outputTypes(body).map { .sequence($0) }, inputs)
  }
  package var attributeText: [(name: String, value: String)] { [("operands", "\(operands)")] }
}

/// What the operators with bodies share.
package enum BodyRule {
  package static func outputTypes(_ g: Graph) -> [ValueType] { g.outputs.map { g[$0]?.type ?? .unknown } }

  /// The type that both fit: extents that differ become unknown.
  package static func common(_ a: ValueType, _ b: ValueType) -> ValueType {
    switch (a, b) {
    case (.unknown, let t), (let t, .unknown): return t
    case (.tensor(let t, let s), .tensor(let u, let r)):
      guard t == u else { return .unknown }
      guard let s, let r, s.count == r.count else { return .tensor(t, nil) }
      return .tensor(t, zip(s, r).map { $0 == $1 ? $0 : .symbol("?") })
    case (.sequence(let x), .sequence(let y)): return .sequence(common(x, y))
    case (.optional(let x), .optional(let y)): return .optional(common(x, y))
    // A branch may give a value where the other gives an optional one.
    case (.optional(let x), let y): return .optional(common(x, y))
    case (let x, .optional(let y)): return .optional(common(x, y))
    default: return a == b ? a : .unknown
    }
  }

  /// The types with anonymous extents of the bodies replaced by ones of the node's own.
  package static func closed(_ types: [ValueType], _ inputs: TypeInputs) -> [ValueType] {
    var k = 0
    func close(_ t: ValueType) -> ValueType {
      switch t {
      case .tensor(let d, let s):
        return .tensor(
          d,
          s?.map { e in
            guard e.symbols.contains(where: { $0.hasPrefix("?") }) else { return e }
            k += 1
            return inputs.fresh(k)
          })
      case .sequence(let x): return .sequence(close(x))
      case .optional(let x): return .optional(close(x))
      case .map(let key, let v): return .map(key: key, value: close(v))
      case .unknown: return .unknown
      }
    }
    return types.map(close)
  }
}
