import Diagnostics
import ModelGraph
import TensorCore

/// A neutral operator that ONNX lacks, or has with another meaning.
package protocol OnnxLegalisable: Operator {
  /// Builds the node's results from operators that ONNX has.
  ///
  /// - Returns: one value for each result; nil where the operator can be written as it is.
  func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]?
}

/// The place where one node is lowered: operators are inserted before it, and its results move to the new values.
package final class OnnxLowering {
  var editor: GraphEditor
  package let opset: Int
  /// The node that is being lowered.
  package private(set) var node: Node
  private var made: Set<ValueID> = []
  /// Name of the pass in origins.
  static let passName = "LegaliseForOnnx"

  private init(_ graph: Graph, opset: Int, first: Node) {
    editor = GraphEditor(graph)
    self.opset = opset
    node = first
  }

  /// The graph with every node lowered that ONNX cannot say at `opset`. Each node fails alone into `sink`.
  ///
  /// - Throws: all failures.
  package static func run(_ graph: Graph, opset: Int, sink: DiagnosticSink) throws(Diagnostics) -> Graph {
    guard let first = graph.nodes.first else { return graph }
    let l = OnnxLowering(graph, opset: opset, first: first)
    var failures: [Diagnostic] = []
    for id in graph.order {
      guard let node = l.editor.graph[id], let op = node.op as? any OnnxLegalisable else { continue }
      l.node = node
      l.made = []
      do throws(Diagnostic) {
        if let results = try op.legalise(l) { try l.replace(results) }
      } catch { failures.append(error) }
    }
    if !failures.isEmpty { throw Diagnostics(failures) }
    return l.editor.graph
  }

  private func replace(_ results: [ValueID?]) throws(Diagnostic) {
    for (i, old) in node.outputs.enumerated() {
      guard let old, i < results.count, var new = results[i], let name = editor.graph[old]?.name else { continue }
      if !made.contains(new) { new = try add(Identity(), [new], "same") }
      editor.rename(old, to: name + "/lowered")
      editor.rename(new, to: name)
      editor.replaceUses(of: old, with: new)
      made.remove(new)
    }
    if let last = results.lazy.compactMap({ $0 }).first, let p = editor.graph[last]?.producer {
      editor.renameNode(p, to: node.name)
    }
    try editor.erase(node.id)
  }

  // MARK: What lowerings ask

  package var graph: Graph { editor.graph }

  package func input(_ i: Int) throws(Diagnostic) -> ValueID {
    guard i < node.inputs.count, let v = node.inputs[i] else {
      throw refuse("onnx.input-missing", "operand \(i) is missing")
    }
    return v
  }

  package func has(_ i: Int) -> Bool { i < node.inputs.count && node.inputs[i] != nil }

  package func type(_ id: ValueID) -> ValueType { editor.graph[id]?.type ?? .unknown }

  package func shape(_ id: ValueID) -> Shape { type(id).shape }

  package func constant(_ id: ValueID) -> Tensor? { editor.graph[id]?.constant }

  package func dtype(_ id: ValueID) -> DType { type(id).dtype ?? .float32 }

  /// Whether result `i` is used.
  package func wants(_ i: Int) -> Bool {
    guard i < node.outputs.count, let v = node.outputs[i], let value = graph[v] else { return false }
    return !value.consumers.isEmpty || graph.isOutput(v)
  }

  /// The type that result `i` has.
  package func outputType(_ i: Int) -> ValueType {
    i < node.outputs.count ? node.outputs[i].flatMap { graph[$0]?.type } ?? .unknown : .unknown
  }

  /// The rank of operand `i`.
  package func rank(_ i: Int) throws(Diagnostic) -> Int {
    guard let r = shape(try input(i))?.count else {
      throw refuse("onnx.unknown-rank", "the rank of operand \(i) is not known", help: "give --shape for the inputs")
    }
    return r
  }

  // MARK: What lowerings build

  private var origin: Origin {
    var o = node.origin
    o.passes.append(Self.passName)
    return o
  }

  private func base(_ suffix: String) -> String {
    let blob = node.outputs.first.flatMap { $0.flatMap { graph[$0]?.name } } ?? node.name
    return "\(blob)/\(suffix)"
  }

  /// Inserts an operator before the node and gives its first result.
  package func add(_ op: any Operator, _ inputs: [ValueID?], _ suffix: String) throws(Diagnostic) -> ValueID {
    try addAll(op, inputs, [suffix])[0]
  }

  /// Inserts an operator before the node and gives its results, one for each suffix.
  package func addAll(_ op: any Operator, _ inputs: [ValueID?], _ suffixes: [String]) throws(Diagnostic) -> [ValueID] {
    let names = suffixes.map { editor.freeName(base($0)) }
    let results = try editor.insert(
      op, inputs, name: names[0], outputNames: names, origin: origin, before: node.id
    ).compactMap { $0 }
    guard results.count >= suffixes.count else {
      throw refuse("onnx.lowering", "a result is missing")
    }
    made.formUnion(results)
    return results
  }

  package func constant(_ t: Tensor, _ suffix: String) -> ValueID { editor.addConstant(base(suffix), t) }

  package func ints(_ v: [Int], _ suffix: String) throws(Diagnostic) -> ValueID {
    constant(try Tensor(v.map { Int64($0) }), suffix)
  }

  /// A 0-d constant in the element type of `like`.
  package func scalar(_ v: Double, like: ValueID, _ suffix: String) throws(Diagnostic) -> ValueID {
    constant(try Tensor.splat(v, dtype(like)), suffix)
  }

  package func binary(_ f: BinaryFunction, _ a: ValueID, _ b: ValueID, _ suffix: String) throws(Diagnostic) -> ValueID {
    try add(BinaryMap(f), [a, b], suffix)
  }

  package func unary(_ f: UnaryFunction, _ a: ValueID, _ suffix: String) throws(Diagnostic) -> ValueID {
    try add(UnaryMap(f), [a], suffix)
  }

  /// Reduction over given axes.
  package func reduce(
    _ f: Reduction.Function, _ x: ValueID, axes: [Int], keep: Bool = true, _ suffix: String
  ) throws(Diagnostic) -> ValueID {
    try add(Reduction(f, keepsDimensions: keep), [x, try ints(axes, "\(suffix)_axes")], suffix)
  }

  package func refuse(_ code: String, _ message: String, help: String? = nil) -> Diagnostic {
    .error(
      code, "layer '\(node.name)' (\(node.origin.layerType ?? node.op.operatorName)): \(message)",
      at: node.origin.location, help: help)
  }

  /// The value in another shape, whose extents may be symbols.
  package func reshape(_ x: ValueID, to wanted: [Dim], _ suffix: String) throws(Diagnostic) -> ValueID {
    if shape(x) == wanted { return x }
    if let list = Self.reshapeOperand(from: shape(x), to: wanted) {
      return try add(Reshape(), [x, try ints(list, "\(suffix)_shape")], suffix)
    }
    throw refuse(
      "onnx.symbolic-reshape", "its result's shape \(shapeText(wanted)) cannot be said with open extents",
      help: "give --shape for the inputs")
  }

  /// A constant operand of Reshape: 0 copies an extent at its place, −1 stands for one unknown.
  static func reshapeOperand(from: Shape, to: [Dim]) -> [Int]? {
    var out: [Int] = []
    var unknown = 0
    for (i, d) in to.enumerated() {
      if let v = d.value {
        // 0 would copy.
        if v == 0, !(from.map { i < $0.count && $0[i].value == 0 } ?? false) { return nil }
        out.append(v)
      } else if let from, i < from.count, from[i] == d {
        out.append(0)
      } else {
        unknown += 1
        out.append(-1)
      }
    }
    return unknown <= 1 ? out : nil
  }
}
