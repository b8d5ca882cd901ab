import CaffeFormat
import Diagnostics
import ModelGraph
import Testing

@Suite struct NetTests {
  private func input(_ name: String, _ dims: Int...) -> String {
    "layer { name: '\(name)' type: 'Input' top: '\(name)' input_param { shape { "
      + dims.map { "dim: \($0) " }.joined() + "} } }\n"
  }

  private func layer(_ name: String, _ type: String, _ bottoms: [String], _ tops: [String], _ rest: String = "")
    -> String
  {
    "layer { name: '\(name)' type: '\(type)' " + bottoms.map { "bottom: '\($0)' " }.joined()
      + tops.map { "top: '\($0)' " }.joined() + rest + " }\n"
  }

  @Test func blobsWithSeveralReadersAreSplitUnderCaffesNames() throws {
    let sink = DiagnosticSink()
    let text =
      input("a", 2, 3) + layer("r", "ReLU", ["a"], ["x/1"]) + layer("s", "Sigmoid", ["x/1"], ["y"])
      + layer("e", "Eltwise", ["x/1", "y"], ["z"])
    let model = try readNet(text, sink)
    #expect(sink.errors.isEmpty)
    let entries = model.connections.entries.map { "\($0.layer.name):\($0.layer.type)" }
    #expect(entries == ["a:Input", "r:ReLU", "x/1_r_0_split:Split", "s:Sigmoid", "e:Eltwise"])
    #expect(model.connections.blobs == ["a", "x/1", "x/1_r_0_split_0", "x/1_r_0_split_1", "y", "z"])
    #expect(model.connections.outputs.map { model.connections.blobs[$0] } == ["z"])
    #expect(model.graph.nodes.map(\.name) == ["r", "s", "e"])
  }

  @Test func aLossWeightCountsAsAReader() throws {
    let sink = DiagnosticSink()
    let text =
      input("a", 4, 3) + input("l", 4) + layer("loss", "SoftmaxWithLoss", ["a", "l"], ["q"], "loss_weight: 0.5")
      + layer("p", "Power", ["q"], ["w"])
    let model = try readNet(text, sink)
    #expect(sink.errors.isEmpty)
    #expect(model.connections.blobs == ["a", "l", "q", "q_loss_0_split_0", "q_loss_0_split_1", "w"])
    #expect(model.connections.entries.last?.bottoms == [4])
    // The copy that is the loss has no reader, so it is an output of Caffe's net.
    #expect(model.connections.outputs.map { model.connections.blobs[$0] } == ["q_loss_0_split_0", "w"])
  }

  @Test func theLastVersionOfABlobHasItsName() throws {
    let sink = DiagnosticSink()
    let text =
      input("a", 2, 3) + layer("t", "TanH", ["a"], ["x"]) + layer("r", "ReLU", ["x"], ["x"])
      + layer("p", "Power", ["x"], ["x"], "power_param { scale: 2 }")
    let model = try readNet(text, sink)
    #expect(sink.errors.isEmpty)
    let names = model.graph.nodes.map { $0.outputs.compactMap { $0.flatMap { model.graph[$0]?.name } } }
    #expect(names == [["x@t"], ["x@r"], ["x"]])
    #expect(model.connections.blobs == ["a", "x"])
  }

  @Test func anInputThatIsOverwrittenKeepsItsName() throws {
    let model = try readNet(input("a", 2, 3) + layer("r", "ReLU", ["a"], ["a"]), DiagnosticSink())
    #expect(model.graph.inputs.map { model.graph[$0]?.name } == ["a"])
    let last = try #require(model.value(ofBlob: "a"))
    #expect(model.graph.outputs == [last])
    #expect(model.graph[last]?.name == "a@r")
    #expect(model.graph.metadata["caffe.blob.a"] == "a@r")
  }

  @Test func writingThroughAFlattenedBlobChangesTheBlobItself() throws {
    let sink = DiagnosticSink()
    let text =
      input("a", 2, 3, 2, 2) + layer("t", "TanH", ["a"], ["x"]) + layer("f", "Flatten", ["x"], ["y"])
      + layer("r", "ReLU", ["y"], ["y"]) + layer("s", "Sigmoid", ["x"], ["z"])
    let model = try readNet(text, sink)
    #expect(sink.errors.isEmpty)
    // Sigmoid stands after the ReLU and reads the same memory.
    let sigmoid = try #require(model.graph.node(named: "s"))
    let source = try #require(sigmoid.inputs[0].flatMap { model.graph.producer(of: $0) })
    #expect(source.op is Reshape)
    #expect(source.inputs[0].flatMap { model.graph.producer(of: $0) }?.name == "r")
    #expect(model.graph.value(named: "x")?.type.sizes == [2, 3, 2, 2])
  }

  @Test func anInPlaceLayerMustBeTheOnlyReader() throws {
    let sink = DiagnosticSink()
    let text =
      input("a", 2, 3) + layer("t", "TanH", ["a"], ["x"]) + layer("s", "Sigmoid", ["x"], ["y"])
      + layer("r", "ReLU", ["x"], ["x"])
    _ = try readNet(text, sink)
    #expect(sink.errors.map(\.code) == ["caffe.net.top-twice"])
  }

  @Test func aFailingLayerIsReportedOnce() throws {
    let sink = DiagnosticSink()
    let text =
      input("a", 1, 2, 4, 4) + layer("p", "Pooling", ["a"], ["x"]) + layer("r", "ReLU", ["x"], ["y"])
      + layer("c", "Convolution", ["a"], ["z"], "convolution_param { num_output: 3 }")
    let model = try readNet(text, sink)
    #expect(
      sink.errors.map(\.code) == ["caffe.pooling.kernel-missing", "caffe.convolution.kernel_size-count"])
    #expect(sink.errors.map { $0.location.line } == [2, 4])
    #expect(model.graph.nodes.isEmpty)
  }

  @Test func unknownLayersAreKept() throws {
    let sink = DiagnosticSink()
    let text =
      input("a", 1, 2) + layer("q", "Quux", ["a"], ["x", "w"], "quux_param { depth: 3 }")
      + layer("r", "ReLU", ["x"], ["y"])
    let model = try readNet(text, sink)
    #expect(sink.errors.isEmpty)
    #expect(sink.items.map(\.code) == ["caffe.layer.unknown-type"])
    let foreign = model.graph.nodes.compactMap { $0.op as? ForeignOperator }
    #expect(foreign.map(\.domain) == ["caffe", "caffe.unresolved"])
    #expect(foreign.map(\.type) == ["Quux", "ReLU"])
    #expect(foreign[0].attributes.map(\.name) == ["quux_param"])
  }

  @Test(arguments: [
    (CaffePhase.test, 0, [String](), "abd"), (.train, 0, [], "acd"), (.test, 2, ["s"], "abe"),
    (.test, 2, ["s", "t"], "ab"),
  ])
  func rulesSelectLayers(_ phase: CaffePhase, _ level: Int, _ stages: [String], _ expected: String) throws {
    let text =
      input("a", 1, 2) + layer("b", "ReLU", ["a"], ["b"], "include { phase: TEST }")
      + layer("c", "ReLU", ["a"], ["c"], "exclude { phase: TEST }")
      + layer("d", "ReLU", ["a"], ["d"], "include { max_level: 1 }")
      + layer("e", "ReLU", ["a"], ["e"], "include { min_level: 2 stage: 's' not_stage: 't' }")
    var options = CaffeReadOptions()
    options.state = NetState(phase: phase, level: level, stages: stages)
    let model = try readNet(text, DiagnosticSink(), options)
    #expect(model.layers.map(\.name).joined() == expected)
  }

  @Test func theBatchCanBeSymbolic() throws {
    let sink = DiagnosticSink()
    let text =
      input("a", 1, 3, 9, 8)
      + layer("c", "Convolution", ["a"], ["x"], "convolution_param { num_output: 4 kernel_size: 3 }")
      + layer("p", "Pooling", ["x"], ["y"], "pooling_param { kernel_size: 2 stride: 2 }")
      + layer("f", "InnerProduct", ["y"], ["z"], "inner_product_param { num_output: 5 }")
    var options = CaffeReadOptions()
    options.batch = .symbol("N")
    let model = try readNet(text, sink, options)
    #expect(sink.errors.isEmpty)
    #expect(model.graph.value(named: "y")?.type.description == "float32[N,4,4,3]")
    #expect(model.graph.value(named: "z")?.type.description == "float32[N,5]")
  }

  @Test func whatSilenceTakesIsTheOutputOfANetWithoutAny() throws {
    let text =
      "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }\n"
      + "layer { name: 't' type: 'TanH' bottom: 'x' top: 't' }\nlayer { name: 's' type: 'Silence' bottom: 't' }\n"
    let graph = try readNet(text, DiagnosticSink()).graph
    #expect(graph.outputs.compactMap { graph[$0]?.name } == ["t"])
    let both = try readNet(text + "layer { name: 'p' type: 'TanH' bottom: 'x' top: 'p' }", DiagnosticSink()).graph
    #expect(both.outputs.compactMap { both[$0]?.name } == ["p"])
  }
}
