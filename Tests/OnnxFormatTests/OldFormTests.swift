import Diagnostics
import ModelGraph
import TensorCore
import Testing

@testable import OnnxFormat

/// Old operator versions are raised to one internal meaning.
@Suite struct OldFormTests {
  let x: (String, ValueType) = ("x", .tensor(.float32, sizes: [2, 3, 5]))

  @Test(arguments: [1, 11, 13]) func softmax(opset: Int) throws {
    let g = try Build.read("Softmax", opset: opset, inputs: [x])
    let op = try #require(g.nodes.last?.op as? Softmax)
    #expect(op.coerced == (opset < 13))
    #expect(op.axis == (opset < 13 ? 1 : -1))
  }

  @Test func reshapeOne() throws {
    let g = try Build.read("Reshape", opset: 1, inputs: [x], [("shape", .ints([0, -1]))])
    #expect(g[g.outputs[0]]?.type == .tensor(.float32, sizes: [2, 15]))
  }

  @Test func sliceOne() throws {
    let g = try Build.read(
      "Slice", opset: 9, inputs: [x], [("starts", .ints([1, -2])), ("ends", .ints([3, 9])), ("axes", .ints([1, 2]))])
    #expect(g[g.outputs[0]]?.type == .tensor(.float32, sizes: [2, 2, 2]))
  }

  @Test func padTwo() throws {
    let g = try Build.read("Pad", opset: 2, inputs: [x], [("pads", .ints([0, 1, 0, 0, 2, 0])), ("value", .float(3))])
    #expect(g[g.outputs[0]]?.type == .tensor(.float32, sizes: [2, 6, 5]))
  }

  @Test func tileOneRepeatsOneAxis() throws {
    let g = try Build.read(
      "Tile", opset: 1, inputs: [x],
      constants: [("n", try Tensor(scalar: Float(4))), ("a", try Tensor(scalar: Float(1)))])
    #expect(g[g.outputs[0]]?.type == .tensor(.float32, sizes: [2, 12, 5]))
  }

  @Test func addSixAlignsByAxis() throws {
    let g = try Build.read(
      "Add", opset: 6, inputs: [x], constants: [("b", try Tensor([Float(1), 2, 3]))],
      [("broadcast", .int(1)), ("axis", .int(1))])
    #expect(g.operators == ["Unsqueeze", "BinaryMap"])
    #expect(g[g.outputs[0]]?.type == .tensor(.float32, sizes: [2, 3, 5]))
  }

  @Test func preluSixHasOneSlopeAChannel() throws {
    let g = try Build.read("PRelu", opset: 6, inputs: [x], constants: [("s", try Tensor([Float(1), 2, 3]))])
    #expect(g[g.outputs[0]]?.type == .tensor(.float32, sizes: [2, 3, 5]))
  }

  @Test func clipSixHasNoBoundByDefault() throws {
    let g = try Build.read("Clip", opset: 6, inputs: [x], [("max", .float(6))])
    let n = try #require(g.nodes.last)
    #expect(n.inputs[1] == nil)
    let bound = try #require(n.inputs.count > 2 ? n.inputs[2] : nil)
    #expect(try g[bound]?.constant?.floats() == [6])
  }

  @Test func castOneNamesItsType() throws {
    let g = try Build.read("Cast", opset: 1, inputs: [x], [("to", .string(Array("INT64".utf8)))])
    #expect((g.nodes.last?.op as? Cast)?.to == .int64)
  }

  @Test func upsampleIsAsymmetric() throws {
    let image: (String, ValueType) = ("x", .tensor(.float32, sizes: [1, 2, 3, 4]))
    let g = try Build.read("Upsample", opset: 7, inputs: [image], [("scales", .floats([1, 1, 2, 3]))])
    let op = try #require(g.nodes.last?.op as? Resize)
    #expect(op.coordinates == .asymmetric)
    #expect(op.nearest == .floor)
    #expect(g[g.outputs[0]]?.type == .tensor(.float32, sizes: [1, 2, 6, 12]))
  }

  /// ONNX Runtime's Resize-10 rounds down where an axis grows and up where it shrinks.
  @Test(
    arguments: [
      ([1, 1, 2, 1.5], [Resize.Nearest.floor]), ([1, 1, 0.6, 0.5], [.ceil]), ([1, 1, 1.7, 0.6], [.floor, .ceil]),
    ] as [([Float], [Resize.Nearest])])
  func resizeTenRoundsByDirection(scales: [Float], rounding: [Resize.Nearest]) throws {
    let image: (String, ValueType) = ("x", .tensor(.float32, sizes: [1, 2, 3, 4]))
    let g = try Build.read(
      "Resize", opset: 10, inputs: [image], constants: [("s", try Tensor(scales))])
    #expect(g.nodes.compactMap { ($0.op as? Resize)?.nearest } == rounding)
  }

  @Test func dropoutOfInferencePassesItsInput() throws {
    let g = try Build.read("Dropout", opset: 10, inputs: [x], outputs: 2)
    #expect(g[g.outputs[1]]?.type == .tensor(.bool, sizes: [2, 3, 5]))
    #expect(!g.operators.contains("Dropout"))
    #expect(g.outputs.map { g[$0]?.name } == ["y0", "y1"])
  }

  @Test func splitEighteenMayBeUneven() throws {
    let g = try Build.read("Split", opset: 18, inputs: [x], outputs: 2, [("axis", .int(2)), ("num_outputs", .int(2))])
    #expect(g[g.outputs[0]]?.type == .tensor(.float32, sizes: [2, 3, 3]))
    #expect(g[g.outputs[1]]?.type == .tensor(.float32, sizes: [2, 3, 2]))
    // Lowered, the sizes are said.
    let old = try g.written(opset: 11)
    #expect(old.graph[old.graph.outputs[1]]?.type == .tensor(.float32, sizes: [2, 3, 2]))
  }

  @Test func topKOneHasItsCountAsAttribute() throws {
    let g = try Build.read("TopK", opset: 9, inputs: [x], outputs: 2, [("k", .int(2))])
    #expect(g[g.outputs[1]]?.type == .tensor(.int64, sizes: [2, 3, 2]))
  }

  @Test func trainingBatchNormalizationGivesRunningStatistics() throws {
    let c = try Tensor([Float(1), 2, 3])
    let g = try Build.read(
      "BatchNormalization", opset: 15, inputs: [x], constants: [("s", c), ("b", c), ("m", c), ("v", c)], outputs: 3,
      [("training_mode", .int(1))])
    #expect(g[g.outputs[1]]?.type == .tensor(.float32, sizes: [3]))
    #expect(g.outputs.map { g[$0]?.name } == ["y0", "y1", "y2"])
  }

  /// ReduceSum-13 has its axes as an input; the attribute that older exporters leave behind must not vanish.
  @Test func attributesThatAnOperatorSetLacksAreErrors() throws {
    let sink = DiagnosticSink()
    let node = Build.node("ReduceSum", ["x"], ["y"], [("axes", .ints([1]))])
    _ = try Build.read(Build.model(Build.graph([node], inputs: [x], outputs: ["y"]), opset: 13), sink: sink)
    let found = try #require(sink.errors.first)
    #expect(found.code == "onnx.attribute-unknown")
    #expect(found.help?.contains("here it is an input") == true)
    let old = DiagnosticSink()
    _ = try Build.read(Build.model(Build.graph([node], inputs: [x], outputs: ["y"]), opset: 11), sink: old)
    #expect(!old.hasErrors)
  }

  @Test func declaredOutputsThatTheGraphContradictsAreWarnedOf() throws {
    let sink = DiagnosticSink()
    var g = Build.graph([Build.node("Relu", ["x"], ["y"])], inputs: [x], outputs: ["y"])
    g.outputs = [Build.value("y", .tensor(.int64, sizes: [2, 3, 5]))]
    _ = try Build.read(Build.model(g, opset: 13), sink: sink)
    #expect(sink.items.map(\.code) == ["onnx.declared-type"])
  }
}
