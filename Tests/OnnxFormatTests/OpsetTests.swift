import Diagnostics
import ModelGraph
import TensorCore
import Testing

@testable import OnnxFormat

/// Every operator set gets the form it knows, and the form is read back with the same meaning.
@Suite struct OpsetTests {
  static let opsets = [9, 10, 11, 12, 13, 15, 17, 18, 20, 21, 23, 24, 28]

  /// A graph with operators whose attributes became operands over time.
  func mixed() throws -> Graph {
    var e = GraphEditor(name: "mixed")
    let x = e.addInput("x", .tensor(.float32, [.symbol("N"), 3, 5, 7]))
    let axes = e.addConstant("axes", try Tensor([Int64(2), 3]))
    let mean = try e.add(Reduction(.mean, keepsDimensions: false), [x, axes], "mean")
    let one = e.addConstant("one", try Tensor([Int64(1)]))
    let wide = try e.add(Unsqueeze(), [mean, one], "wide")
    let flat = try e.add(Squeeze(), [wide, one], "flat")
    let starts = e.addConstant("starts", try Tensor([Int64(1)]))
    let ends = e.addConstant("ends", try Tensor([Int64(3)]))
    let cut = try e.add(Slice(), [flat, starts, ends, one], "cut")
    let soft = try e.add(Softmax(axis: 1), [x], "soft")
    let clamp = try e.add(UnaryMap(.clamp(lower: -1, upper: 6)), [soft], "clamp")
    let gelu = try e.add(UnaryMap(.gelu(approximate: false)), [clamp], "gelu")
    let pads = e.addConstant("pads", try Tensor([Int64(0), 0, 1, 2, 0, 0, 0, 1]))
    let padded = try e.add(Pad(), [gelu, pads], "padded")
    let sum = try e.add(Reduction(.sum), [padded], "sum")
    e.setOutputs([cut, sum, padded])
    return e.graph
  }

  @Test(arguments: opsets) func formsAreReadBack(opset: Int) throws {
    let graph = try mixed()
    let (back, message) = try graph.written(opset: opset)
    #expect(message.opsets.first?.version == opset)
    #expect(message.irVersion == max(4, OnnxCatalogue.irVersion(opset: opset)))
    for (a, b) in zip(graph.outputs, back.outputs) {
      #expect(graph[a]?.name == back[b]?.name)
      let same = graph[a].map(\.type), got = back[b].map(\.type)
      #expect(GraphVerifier.compatible(try #require(same), try #require(got)))
    }
    #expect(back[back.inputs[0]]?.type == .tensor(.float32, [.symbol("N"), 3, 5, 7]))
    for n in message.graph.nodes {
      let schema = try #require(OnnxCatalogue.schema(domain: n.domain, name: n.type, opset: opset), "\(n.type)")
      for a in n.attributes { #expect(schema.attribute(a.name) != nil, "\(n.type).\(a.name)") }
      #expect(n.inputs.count >= schema.inputCount.least)
    }
    let used = message.graph.nodes.flatMap(\.inputs) + message.graph.outputs.map(\.name)
    #expect(Set(message.graph.initializers.map(\.name)).isSubset(of: used))
    // Softmax before 13 flattens: over an inner axis it stands between transpositions.
    #expect(message.graph.nodes.contains { $0.type == "Transpose" } == (opset < 13))
    #expect(message.graph.nodes.contains { $0.type == "Gelu" } == (opset >= 20))
  }

  @Test(arguments: [(12, "axes"), (13, "")]) func squeezeTakesAxesWhereTheOperatorSetHasThem(
    opset: Int, attribute: String
  ) throws {
    let message = try mixed().written(opset: opset).message
    let squeeze = try #require(message.graph.nodes.first { $0.type == "Squeeze" })
    #expect(squeeze.attributes.map(\.name) == (attribute.isEmpty ? [] : [attribute]))
    #expect(squeeze.inputs.count == (attribute.isEmpty ? 2 : 1))
  }

  @Test func whatAnOperatorSetLacksIsRefusedWithTheWayOut() throws {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.string, sizes: [2, 3]))
    let y = try e.insert(
      StringConcat(), [x, x], name: "join", outputNames: ["y"],
      origin: Origin(file: "f.prototxt", layer: "join", layerType: "Join"))
    e.setOutputs(y.compactMap { $0 })
    let graph = e.graph
    let error = #expect(throws: Diagnostics.self) { try graph.written(opset: 19) }
    let d = try #require(error?.items.first)
    #expect(d.code == "onnx.opset-too-low")
    #expect(d.message.contains("'join'"))
    #expect(d.help == "use --opset 20 or higher")
    #expect(try graph.written(opset: 20).graph.operators == ["StringConcat"])
  }

  @Test func typesThatAnOperatorSetLacksAreRefused() throws {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.bfloat16, sizes: [1, 1, 4, 4]))
    let y = try e.insert(AveragePool(WindowGeometry(kernel: [2, 2]), divisor: .window), [x], name: "y")
    e.setOutputs(y.compactMap { $0 })
    let graph = e.graph
    let error = #expect(throws: Diagnostics.self) { try graph.written(opset: 17) }
    #expect(error?.items.first?.help == "use --opset 22 or higher")
    #expect(throws: Never.self) { try graph.written(opset: 22) }
  }

  @Test(arguments: [8, 29]) func unknownOperatorSetsAreUsageErrors(opset: Int) throws {
    let graph = try mixed()
    let error = #expect(throws: Diagnostics.self) { try graph.written(opset: opset) }
    #expect(error?.status == .usage)
  }

  @Test func equalGraphsGiveEqualBytes() throws {
    let a = try OnnxWriter.model(mixed(), options: OnnxWriteOptions(), sink: DiagnosticSink()).message.encoded().bytes()
    let b = try OnnxWriter.model(mixed(), options: OnnxWriteOptions(), sink: DiagnosticSink()).message.encoded().bytes()
    #expect(a == b)
  }
}
