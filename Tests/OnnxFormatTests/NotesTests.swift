import ByteSource
import Containers
import Diagnostics
import ModelGraph
import TensorCore
import TestSupport
import Testing

@testable import OnnxFormat

/// What a file says beside its network, after reading and writing.
struct NotesTests {
  /// The message read as a file and written at its own operator set.
  private func roundTrip(_ m: ModelMessage) throws -> ModelMessage {
    let model = try OnnxReader.read(Build.bytes(m), path: nil, sink: DiagnosticSink())
    var options = OnnxWriteOptions(opset: model.opsets["ai.onnx"] ?? 9)
    options.notes = model.notes
    let written = try OnnxWriter.model(model.graph, options: options, sink: DiagnosticSink()).message
    let bytes = try ByteStorage.copying(written.encoded().bytes())
    return try ModelMessage(ProtobufReader().read(bytes.all, as: OnnxSchema.model))
  }

  private func relu() -> ModelMessage {
    Build.model(
      Build.graph(
        [Build.node("Relu", ["x"], ["y"])], inputs: [("x", .tensor(.float32, sizes: [2, 3]))], outputs: ["y"]),
      opset: 21)
  }

  @Test func documentationAndMetadataStay() throws {
    var m = relu()
    m.domain = "org.example"
    m.modelVersion = 7
    m.documentation = "what it is"
    m.metadata = [EntryMessage(key: "onnx.odd", value: "kept"), EntryMessage(key: "b", value: "first")]
    m.graph.documentation = "the graph"
    m.graph.metadata = [EntryMessage(key: "stage", value: "2")]
    m.graph.nodes[0].documentation = "a node"
    m.graph.nodes[0].metadata = [EntryMessage(key: "namespace", value: "enc/0")]
    let out = try roundTrip(m)
    #expect(out.domain == "org.example")
    #expect(out.modelVersion == 7)
    #expect(out.documentation == "what it is")
    #expect(out.metadata.prefix(2) == m.metadata[...])
    #expect(out.graph.documentation == "the graph")
    #expect(out.graph.metadata == m.graph.metadata)
    #expect(out.graph.nodes[0].documentation == "a node")
    #expect(out.graph.nodes[0].metadata == m.graph.nodes[0].metadata)
  }

  @Test func aNewerIRVersionStaysAtTheSameOperatorSet() throws {
    var m = relu()
    m.irVersion = 13
    #expect(try roundTrip(m).irVersion == 13)
  }

  @Test func foreignAttributesKeepTheirBytes() throws {
    var m = relu()
    var tensor = TensorMessage(tensor: try Tensor([Int32(1), -2]), name: "named")
    tensor.payloadFields = []
    var odd = Build.node(
      "Odd", ["y"], ["z"],
      [("t", .tensor(tensor)), ("f", .floats([.nan, -.infinity])), ("s", .string([0xff, 0])), ("none", .ints([]))],
      domain: "org.example")
    odd.overload = "fast"
    m.graph.nodes.append(odd)
    m.graph.outputs = [ValueInfoMessage(name: "z", type: nil)]
    m.opsets.append(OpsetMessage(domain: "org.example", version: 3))
    let out = try roundTrip(m)
    let found = try #require(out.graph.nodes.first { $0.type == "Odd" })
    #expect(found.overload == "fast")
    #expect(try found.attributes.map { try $0.encoded().bytes() } == odd.attributes.map { try $0.encoded().bytes() })
    #expect(out.opsets.contains(OpsetMessage(domain: "org.example", version: 3)))
  }

  @Test func initialisersWithoutAUseStayUntilTheyAreDeadCode() throws {
    var m = relu()
    m.graph.initializers = [TensorMessage(tensor: try Tensor([Float(1), 2]), name: "aside")]
    #expect(try roundTrip(m).graph.initializers.map(\.name) == ["aside"])
  }
}
