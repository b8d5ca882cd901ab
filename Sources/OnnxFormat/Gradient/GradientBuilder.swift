import Diagnostics
import ModelGraph
import TensorCore

/// Reverse-mode differentiation of the part of a graph between some of its values, as nodes of the same graph.
///
/// The part is cloned where the call feeds other values than the named ones. What the rules make are neutral operators
/// that themselves have rules, so that derivatives can be differentiated again.
struct GradientBuilder {
  let scope: OnnxScope
  let call: OnnxCall
  private var count = 0
  /// Sum of what has reached each value so far.
  private var adjoints: [ValueID: ValueID] = [:]

  init(_ scope: OnnxScope, _ call: OnnxCall) {
    self.scope = scope
    self.call = call
  }

  /// The derivatives of the sum of `y`'s elements with respect to each of `xs`.
  ///
  /// - Parameters:
  ///   - sources: the independent values, `xs` first.
  ///   - values: what each source stands for.
  /// - Throws: `onnx.gradient` naming the node that has no rule.
  mutating func derivatives(
    of y: ValueID, sources: [ValueID], values: [ValueID], count xs: Int
  ) throws(Diagnostic) -> [ValueID] {
    var nodes = part(from: y, sources: Set(sources))
    var place: [ValueID: ValueID] = [:]
    for (s, v) in zip(sources, values) { place[s] = v }
    if sources != values { nodes = try clone(nodes, &place) }
    let result = place[y] ?? y
    let targets = values.prefix(xs)
    var active = Set(targets)
    for n in nodes where n.inputs.contains(where: { $0.map { active.contains($0) } ?? false }) {
      // Integers, truth values and what is made from a shape alone do not change with the sources.
      if n.op is Fill { continue }
      active.formUnion(n.outputs.compactMap { $0 }.filter { scope.dtype($0)?.isFloat ?? true })
    }
    if active.contains(result) {
      adjoints[result] = try filled(like: result, 1)
      for n in nodes.reversed() {
        let gradients = n.outputs.map { $0.flatMap { adjoints[$0] } }
        guard gradients.contains(where: { $0 != nil }) else { continue }
        let wanted = n.inputs.map { $0.map { active.contains($0) } ?? false }
        guard wanted.contains(true) else { continue }
        let pulled = try GradientRules.pull(n, gradients, wanted, &self)
        for (i, g) in pulled.enumerated() {
          guard let g, i < n.inputs.count, let input = n.inputs[i], wanted[i] else { continue }
          if let old = adjoints[input] { adjoints[input] = try binary(.add, old, g) } else { adjoints[input] = g }
        }
      }
    }
    var out: [ValueID] = []
    for x in targets {
      if let g = adjoints[x] { out.append(g) } else { out.append(try filled(like: x, 0)) }
    }
    return out
  }

  /// The nodes between the sources and `y`, in the graph's order.
  private func part(from y: ValueID, sources: Set<ValueID>) -> [Node] {
    var open = [y]
    var seen: Set<ValueID> = []
    var nodes: [NodeID: Node] = [:]
    while let v = open.popLast() {
      guard !sources.contains(v), seen.insert(v).inserted, let n = scope.graph.producer(of: v) else { continue }
      nodes[n.id] = n
      open += n.inputs.compactMap { $0 }
    }
    // Nodes are made in an order in which operands come first, and numbered so.
    return nodes.values.sorted { $0.id < $1.id }
  }

  private mutating func clone(
    _ nodes: [Node], _ place: inout [ValueID: ValueID]
  ) throws(Diagnostic) -> [Node] {
    var out: [Node] = []
    for n in nodes {
      let inputs = n.inputs.map { $0.map { place[$0] ?? $0 } }
      let results = try scope.addAll(n.op, inputs, n.outputs.indices.map { "copy_\(n.id)_\($0)" }, call)
      for (old, new) in zip(n.outputs, results) { if let old { place[old] = new } }
      guard let first = results.first, let made = scope.graph.producer(of: first) else { continue }
      out.append(made)
    }
    return out
  }

  // MARK: Making nodes

  mutating func make(_ op: any Operator, _ inputs: [ValueID?]) throws(Diagnostic) -> ValueID {
    count += 1
    return try scope.add(op, inputs, "d\(count)", call)
  }

  mutating func makeAll(_ op: any Operator, _ inputs: [ValueID?], results: Int) throws(Diagnostic) -> [ValueID] {
    count += 1
    return try scope.addAll(op, inputs, (0..<results).map { "d\(count)_\($0)" }, call)
  }

  mutating func unary(_ f: UnaryFunction, _ x: ValueID) throws(Diagnostic) -> ValueID { try make(UnaryMap(f), [x]) }

  mutating func binary(_ f: BinaryFunction, _ a: ValueID, _ b: ValueID) throws(Diagnostic) -> ValueID {
    try make(BinaryMap(f), [a, b])
  }

  mutating func times(_ a: ValueID, _ b: ValueID) throws(Diagnostic) -> ValueID { try binary(.multiply, a, b) }

  mutating func number(_ v: Double, like x: ValueID) throws(Diagnostic) -> ValueID {
    count += 1
    return try scope.scalar(v, like: x, "d\(count)", call)
  }

  mutating func scaled(_ x: ValueID, _ v: Double) throws(Diagnostic) -> ValueID { try times(x, number(v, like: x)) }

  mutating func ints(_ v: [Int]) throws(Diagnostic) -> ValueID {
    count += 1
    return try scope.ints(v, "d\(count)", call)
  }

  mutating func filled(like x: ValueID, _ v: Double) throws(Diagnostic) -> ValueID {
    let one = try Tensor.splat(v, scope.dtype(x) ?? .float32, shape: [1])
    return try make(Fill(one), [make(ShapeOf(), [x])])
  }

  mutating func reshaped(_ g: ValueID, like x: ValueID) throws(Diagnostic) -> ValueID {
    try make(Reshape(allowsZero: true), [g, make(ShapeOf(), [x])])
  }

  mutating func sum(_ x: ValueID, over axes: [Int], keeps: Bool = true) throws(Diagnostic) -> ValueID {
    try make(Reduction(.sum, keepsDimensions: keeps), [x, ints(axes)])
  }

  /// The gradient of a broadcast: `g` summed over the axes along which `x` was repeated.
  mutating func unbroadcast(_ g: ValueID, like x: ValueID, _ node: Node) throws(Diagnostic) -> ValueID {
    guard let from = scope.type(g).shape, let to = scope.type(x).shape, to.count <= from.count else {
      throw refuse(node, "needs operands of known rank")
    }
    let extra = from.count - to.count
    var axes = Array(0..<extra)
    for (i, d) in to.enumerated() where d != from[extra + i] {
      guard d.value == 1 else {
        throw refuse(node, "needs to know whether extents \(d) and \(from[extra + i]) are equal")
      }
      axes.append(extra + i)
    }
    guard !axes.isEmpty else { return g }
    return try reshaped(sum(g, over: axes), like: x)
  }

  func refuse(_ node: Node, _ text: String) -> Diagnostic {
    call.error(
      "onnx.gradient", "the derivative of '\(node.name)' (\(node.origin.layerType ?? node.op.operatorName)) \(text)",
      help: "differentiate in the training framework and export the result")
  }
}
