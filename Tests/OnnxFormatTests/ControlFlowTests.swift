import Diagnostics
import ModelGraph
import TensorCore
import Testing

@testable import OnnxFormat

@Suite struct ControlFlowTests {
  let x: (String, ValueType) = ("x", .tensor(.float32, sizes: [2, 3]))

  /// A loop that adds a captured value to a carried one and stacks it.
  func loop() throws -> ModelMessage {
    var body = Build.graph(
      [
        Build.node("Add", ["carried", "x"], ["sum"]), Build.node("Identity", ["go"], ["on"]),
        Build.node("Mul", ["sum", "w"], ["element"]),
      ],
      inputs: [("i", .tensor(.int64, [])), ("go", .tensor(.bool, [])), ("carried", .unknown)],
      outputs: ["on", "sum", "element"])
    body.name = "body"
    return Build.model(
      Build.graph(
        [Build.node("Loop", ["n", "", "x"], ["last", "all"], [("body", .graph(body))])],
        inputs: [x, ("n", .tensor(.int64, []))],
        outputs: ["last", "all"], constants: [("w", try Tensor([Float(2), 3, 4]))]),
      opset: 17)
  }

  @Test func capturesBecomeOperandsOfClosedBodies() throws {
    let g = try Build.read(try loop())
    let n = try #require(g.nodes.first { $0.op is Loop })
    let op = try #require(n.op as? Loop)
    #expect(op.carried == 1)
    #expect(n.inputs.count == 4)
    #expect(op.body.inputs.count == 4)
    // The captured constant is the body's own.
    #expect(op.body.values.contains { $0.constant != nil })
    #expect(g[g.outputs[0]]?.type == .tensor(.float32, sizes: [2, 3]))
    #expect(g[g.outputs[1]]?.type.shape?.dropFirst().map(\.value) == [2, 3])
    try GraphVerifier.verify(g)
  }

  @Test func bodiesAreWrittenWithoutHidingNames() throws {
    let (back, message) = try Build.read(try loop()).written(opset: 17)
    let n = try #require(message.graph.nodes.first { $0.type == "Loop" })
    #expect(n.inputs == ["n", "", "x"])
    guard case .graph(let body) = n.attributes.first?.value else {
      Issue.record("no body")
      return
    }
    #expect(body.inputs.count == 3)
    let outer = Set(message.graph.inputs.map(\.name) + message.graph.nodes.flatMap(\.outputs))
    #expect(outer.isDisjoint(with: body.nodes.flatMap(\.outputs)))
    // The constant is stored once, in the outer graph.
    #expect(body.initializers.isEmpty)
    #expect(message.graph.initializers.map(\.name) == ["w"])
    #expect(back.nodes.contains { $0.op is Loop })
  }

  @Test func carriedShapesThatGrowAreOpen() throws {
    var body = Build.graph(
      [Build.node("Concat", ["carried", "x"], ["sum"], [("axis", .int(0))]), Build.node("Identity", ["go"], ["on"])],
      inputs: [("i", .tensor(.int64, [])), ("go", .tensor(.bool, [])), ("carried", .unknown)], outputs: ["on", "sum"])
    body.name = "body"
    let m = Build.model(
      Build.graph(
        [Build.node("Loop", ["n", "", "x"], ["last"], [("body", .graph(body))])],
        inputs: [x, ("n", .tensor(.int64, []))],
        outputs: ["last"]), opset: 17)
    let g = try Build.read(m)
    let shape = try #require(g[g.outputs[0]]?.type.shape)
    #expect(shape[0].value == nil)
    #expect(shape[1] == 3)
  }

  @Test func branchesMeetInTheirCommonType() throws {
    let a = Build.graph([Build.node("Abs", ["x"], ["p"])], inputs: [], outputs: ["p"])
    let b = Build.graph(
      [Build.node("Reshape", ["x", "s"], ["q"])], inputs: [], outputs: ["q"],
      constants: [("s", try Tensor([Int64(3), 2]))])
    let m = Build.model(
      Build.graph(
        [Build.node("If", ["c"], ["y"], [("then_branch", .graph(a)), ("else_branch", .graph(b))])],
        inputs: [x, ("c", .tensor(.bool, []))], outputs: ["y"]), opset: 17)
    let g = try Build.read(m)
    let shape = try #require(g[g.outputs[0]]?.type.shape)
    #expect(shape.count == 2)
    #expect(shape.allSatisfy { $0.value == nil })
    let back = try g.written(opset: 11).graph
    #expect((back.nodes.first?.op as? If)?.thenBody.operators == ["UnaryMap"])
  }
}
