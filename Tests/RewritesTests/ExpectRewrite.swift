import CPURuntime
import Diagnostics
import ModelGraph
import Rewrites
import TensorCore
import Testing

/// Runs one pass and compares the dump, then checks what must hold for every pass: a valid graph, the same interface,
/// the same outputs on seeded inputs, and nothing left to do for a second run.
@discardableResult
func expectRewrite(
  _ before: Graph, _ pass: any RewritePass, gives after: String? = nil, changes: Int? = nil,
  context: RewriteContext = RewriteContext(), sourceLocation: Testing.SourceLocation = #_sourceLocation
) throws -> Graph {
  try GraphVerifier.verify(before)
  let (graph, steps) = try PassManager([pass], context: context).run(before)
  if let after {
    #expect(graph.dump() == after, sourceLocation: sourceLocation)
  }
  if let changes { #expect((steps.first?.changes ?? 0) == changes, sourceLocation: sourceLocation) }
  #expect(
    before.inputs.map { before[$0]?.name } == graph.inputs.map { graph[$0]?.name }, sourceLocation: sourceLocation)
  #expect(
    before.outputs.map { before[$0]?.name } == graph.outputs.map { graph[$0]?.name }, sourceLocation: sourceLocation)
  #expect(
    before.outputs.map { before[$0]?.type } == graph.outputs.map { graph[$0]?.type }, sourceLocation: sourceLocation)
  try expectSameOutputs(before, graph, sourceLocation: sourceLocation)
  let again = try PassManager([pass], context: context).run(graph)
  #expect(again.steps.isEmpty, "a second run changes the graph", sourceLocation: sourceLocation)
  return graph
}

/// Runs both graphs on the same numbers. Graphs with free extents are not run.
func expectSameOutputs(_ a: Graph, _ b: Graph, sourceLocation: Testing.SourceLocation) throws {
  var inputs: [String: Tensor] = [:]
  var state: UInt64 = 77
  for id in a.inputs {
    guard let v = a[id], let sizes = v.type.sizes else { return }
    var values: [Float] = []
    for _ in 0..<sizes.reduce(1, *) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      values.append(Float(state >> 40) / Float(1 << 23) - 1)
    }
    inputs[v.name] = try Tensor(values, shape: sizes)
  }
  let x = try Session(a, options: SessionOptions(threads: 1, exactness: .exact)).run(inputs)
  let y = try Session(b, options: SessionOptions(threads: 1, exactness: .exact)).run(inputs)
  for id in a.outputs {
    let name = a[id]?.name ?? ""
    let (p, q) = (try #require(x.tensor(name)), try #require(y.tensor(name)))
    #expect(p.shape == q.shape, sourceLocation: sourceLocation)
    let close = zip(try p.doubles(), try q.doubles()).allSatisfy { s, t in
      s == t || (s.isNaN && t.isNaN) || abs(s - t) <= 1e-5 + 1e-5 * abs(t)
    }
    #expect(close, "output '\(name)' changes", sourceLocation: sourceLocation)
  }
}

/// A graph under construction, with constants of seeded values.
struct GraphBuilder: ~Copyable {
  var editor = GraphEditor(name: "g")
  private var state: UInt64 = 0x9e37_79b9

  mutating func input(_ name: String, _ sizes: [Int]) -> ValueID {
    editor.addInput(name, .tensor(.float32, sizes: sizes))
  }

  /// Values in −1 ..< 1, or from `low` on.
  mutating func weights(_ name: String, _ shape: [Int], low: Float = -1) throws -> ValueID {
    var v: [Float] = []
    for _ in 0..<shape.reduce(1, *) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      v.append(low + Float(state >> 40) / Float(1 << 24) * (1 - low))
    }
    return editor.addConstant(name, try Tensor(v, shape: shape))
  }

  mutating func ints(_ name: String, _ v: [Int64]) throws -> ValueID { editor.addConstant(name, try Tensor(v)) }

  mutating func add(_ op: any Operator, _ inputs: [ValueID?], _ name: String) throws -> ValueID {
    let made = try editor.insert(op, inputs, name: name, origin: Origin(layer: name))
    return try #require(made.first ?? nil)
  }

  consuming func graph(_ outputs: ValueID...) -> Graph {
    editor.setOutputs(outputs)
    return editor.finish()
  }
}
