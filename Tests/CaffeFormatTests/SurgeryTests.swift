import CaffeFormat
import Diagnostics
import Testing

@Suite struct SurgeryTests {
  private let training = """
    name: "n"
    layer { name: "train" type: "Data" top: "data" top: "label" include { phase: TRAIN }
      data_param { batch_size: 64 } }
    layer { name: "test" type: "Data" top: "data" top: "label" include { phase: TEST }
      transform_param { crop_size: 24 } data_param { batch_size: 50 } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" param { lr_mult: 1 }
      inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" }
    layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "label" top: "acc" include { phase: TEST } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
    """

  private func net(_ text: String) throws -> CaffeNet {
    try CaffeReader.readNet(text: textFile(text), sink: DiagnosticSink())
  }

  @Test func aTrainingNetBecomesADeployNet() throws {
    let out = try Deploy.deployed(try net(training), sink: DiagnosticSink())
    #expect(
      out.layers.map { "\($0.name):\($0.type)" } == ["data:Input", "fc:InnerProduct", "drop:Dropout", "prob:Softmax"])
    let text = try CaffeWriter.prototxt(out)
    #expect(!text.contains("label") && !text.contains("lr_mult") && !text.contains("phase"))
    let sink = DiagnosticSink()
    let model = try readNet(text, sink)
    #expect(sink.errors.isEmpty)
    #expect(model.graph.value(named: "prob")?.type.sizes == [1, 5])
    #expect(model.graph.inputs.map { model.graph[$0]?.type.sizes } == [[1, 3, 24, 24]])
  }

  private func deployed(_ text: String) throws -> [String] {
    let out = try Deploy.deployed(try net(text), sink: DiagnosticSink())
    let sink = DiagnosticSink()
    _ = try readNet(CaffeWriter.prototxt(out), sink)
    #expect(sink.errors.map(\.rendered) == [])
    return out.layers.map { "\($0.name):\($0.type)" }
  }

  private let data = """
    layer { name: "data" type: "Data" top: "data" top: "label" transform_param { crop_size: 8 } data_param { batch_size: 2 } }

    """
  private func fc(_ name: String, _ bottom: String = "data") -> String {
    "layer { name: '\(name)' type: 'InnerProduct' bottom: '\(bottom)' top: '\(name)' inner_product_param { num_output: 3 } }\n"
  }
  private func loss(_ name: String, _ bottom: String, _ label: String = "label", _ weight: String = "") -> String {
    "layer { name: '\(name)' type: 'SoftmaxWithLoss' bottom: '\(bottom)' bottom: '\(label)' top: '\(name)' \(weight) }\n"
  }

  @Test func aTrainingSnapshotBecomesADeployNet() throws {
    let only = try net(training.replacing("phase: TEST", with: "phase: TRAIN"))
    #expect(try Deploy.deployed(only, sink: DiagnosticSink()).layers.allSatisfy { $0.type != "Input" })
    let out = try Deploy.deployed(only, isWholeModelFile: true, sink: DiagnosticSink())
    #expect(out.layers.first?.type == "Input")
    #expect(out.layers.last?.name == "prob")
  }

  @Test func auxiliaryLossesGoWithWhatOnlyTheyNeed() throws {
    let aux = fc("c") + fc("a", "c") + loss("aux", "a", "label", "loss_weight: 0.3") + fc("m", "c")
    #expect(
      try deployed(data + aux + loss("main", "m", "label", "loss_weight: 1"))
        == ["data:Input", "c:InnerProduct", "m:InnerProduct", "prob:Softmax"])
    // The last one where all weigh the same.
    #expect(
      try deployed(data + fc("a") + loss("l1", "a") + fc("b") + loss("l2", "b"))
        == ["data:Input", "b:InnerProduct", "prob:Softmax"])
  }

  @Test func lossesWithOtherTargetsAreOtherOutputs() throws {
    let two =
      data.replacing("top: \"label\"", with: "top: \"age\"")
      + "layer { name: 's' type: 'Slice' bottom: 'age' top: 'x' top: 'y' slice_param { axis: 0 } }\n"
    #expect(
      try deployed(two + fc("a") + loss("la", "a", "x", "loss_weight: 0.5") + fc("b") + loss("lb", "b", "y"))
        == ["data:Input", "a:InnerProduct", "prob_la:Softmax", "b:InnerProduct", "prob:Softmax"])
  }

  /// What is compared with learnt scores may be learnt too; a target that is brought in goes.
  @Test func targetsAreDataAlone() throws {
    let euclidean = "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'a' bottom: '%' top: 'loss' }\n"
    #expect(
      try deployed(data + fc("a") + fc("b") + euclidean.replacing("%", with: "b"))
        == ["data:Input", "a:InnerProduct", "b:InnerProduct"])
    let flat = "layer { name: 'flat' type: 'Flatten' bottom: 'data' top: 'flat' }\n"
    #expect(
      try deployed(data + flat + fc("a") + euclidean.replacing("%", with: "flat")) == ["data:Input", "a:InnerProduct"])
    let second = "layer { name: 'y' type: 'Data' top: 'y' data_param { batch_size: 2 } }\n"
    #expect(
      try deployed(data + second + fc("a") + loss("l", "a", "y")) == ["data:Input", "a:InnerProduct", "prob:Softmax"])
  }

  @Test func probabilitiesThatAreThereStay() throws {
    let scored = """
      layer { name: "prob" type: "Softmax" bottom: "a" top: "prob" include { phase: TEST } }
      layer { name: "acc" type: "Accuracy" bottom: "prob" bottom: "label" top: "acc" include { phase: TEST } }

      """
    #expect(
      try deployed(data + fc("a") + scored + loss("loss", "a")) == ["data:Input", "a:InnerProduct", "prob:Softmax"])
    // A blob of that name with another meaning.
    #expect(
      try deployed(data + fc("prob") + fc("a", "prob") + loss("loss", "a"))
        == ["data:Input", "prob:InnerProduct", "a:InnerProduct", "prob_2:Softmax"])
  }

  @Test func whatIsMadeOfLabelsIsALabel() throws {
    let slice = "layer { name: 's' type: 'Slice' bottom: 'label' top: 'x' top: 'y' slice_param { axis: 0 } }\n"
    let accuracy = "layer { name: 'acc' type: 'Accuracy' bottom: 'a' bottom: 'y' top: 'acc' }\n"
    #expect(
      try deployed(data + slice + fc("a") + accuracy + loss("loss", "a", "x"))
        == ["data:Input", "a:InnerProduct", "prob:Softmax"])
  }

  private let chain = """
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "a" type: "TanH" bottom: "data" top: "a" }
    layer { name: "b" type: "Sigmoid" bottom: "a" top: "b" }
    layer { name: "c" type: "ReLU" bottom: "b" top: "c" }
    layer { name: "side" type: "Power" bottom: "data" top: "side" }
    """

  @Test func layersAreRenamedWithTheirBlob() throws {
    let out = try NetSurgery.renaming(try net(chain), "b", to: "bb")
    #expect(out.layers.map(\.name) == ["data", "a", "bb", "c", "side"])
    #expect(out.layers[3].bottoms == ["bb"])
    #expect(throws: Diagnostic.self) { try NetSurgery.renaming(net(chain), "nope", to: "x") }
    #expect(throws: Diagnostic.self) { try NetSurgery.renaming(net(chain), "a", to: "b") }
  }

  @Test func readersOfADroppedLayerReadItsBottom() throws {
    let out = try NetSurgery.dropping(try net(chain), "b")
    #expect(out.layers.map(\.name) == ["data", "a", "c", "side"])
    #expect(out.layers[2].bottoms == ["a"])
    #expect(try readNet(CaffeWriter.prototxt(out), DiagnosticSink()).graph.nodes.count == 3)
  }

  @Test func aPartIsCutOut() throws {
    let out = try NetSurgery.cut(try net(chain), from: "a", to: "c", shape: [2, 3])
    #expect(out.layers.map { "\($0.name):\($0.type)" } == ["a_input:Input", "b:Sigmoid", "c:ReLU"])
    let head = try NetSurgery.cut(try net(chain), from: nil, to: "b", shape: nil)
    #expect(head.layers.map(\.name) == ["data", "a", "b"])
    let tail = try NetSurgery.cut(try net(chain), from: "b", to: nil, shape: [2, 3])
    #expect(tail.layers.map(\.name) == ["b_input", "c"])
    #expect(tail.layers[0].tops == ["b"])
    // An Input layer of that name stays as it is.
    #expect(try NetSurgery.cut(net(chain), from: "data", to: "a", shape: [2, 3]).layers.map(\.name) == ["data", "a"])
  }

  @Test func cutsThatCannotBeMadeSayWhy() throws {
    func problem(_ text: String, _ from: String, _ to: String?) throws -> String {
      do { _ = try NetSurgery.cut(try net(text), from: from, to: to, shape: nil) } catch let d as Diagnostic {
        return "\(d.code): \(d.message)"
      }
      return "none"
    }
    let skip = chain + "\nlayer { name: 'sum' type: 'Eltwise' bottom: 'c' bottom: 'a' bottom: 'side' top: 'sum' }"
    #expect(try problem(chain, "c", "a") == "caffe.surgery.order: blob 'c' is not before 'a': the net makes it later")
    #expect(try problem(chain, "a", "side") == "caffe.surgery.order: blob 'side' is not computed from 'a'")
    #expect(try problem(chain, "nope", "a").hasPrefix("caffe.surgery.no-blob"))
    #expect(
      try problem(skip, "b", "sum")
        == "caffe.surgery.incomplete: 'sum' is not computed from 'b' alone: it needs blobs 'data', 'a' too")
    #expect(try problem(skip, "b", nil).hasPrefix("caffe.surgery.incomplete"))
    let sink = DiagnosticSink()
    let other = skip + "\nlayer { name: 'd' type: 'ReLU' bottom: 'c' top: 'd' }"
    let left = try NetSurgery.cut(net(other), from: "b", to: nil, shape: nil, sink: sink)
    #expect(left.layers.map(\.name) == ["b_input", "c", "d"])
    #expect(sink.items.map(\.message) == ["'sum' left out: not computed from 'b' alone, but from 'a', 'side' too"])
  }

  /// The weights file has the shared blobs for f1 alone; f2 must not lose them with it.
  @Test(arguments: ["cut", "drop"]) func sharedBlobsOutliveTheirOwner(how: String) throws {
    let fixture = try #require(Fixtures.cases("caffe-layers").first { $0.id == "shared_only_owner_in_file" })
    let (sink, options) = (DiagnosticSink(), fixture.options)
    let net = try CaffeReader.readNet(text: fixture.bytes("deploy.prototxt"), sink: sink)
    let weights = try CaffeReader.readWeights(try fixture.bytes("weights.caffemodel"), sink: sink)
    let whole = try CaffeReader.build(net, weights: weights, options: options, sink: sink)
    let shared = SharedParameters(net.layers, weights)
    #expect(shared.carried(into: weights, net.layers).carried.isEmpty)
    let part =
      how == "cut"
      ? try NetSurgery.cut(net, from: nil, to: "fb", shape: nil) : try NetSurgery.dropping(net, "f1")
    let model = try CaffeReader.build(
      part, weights: shared.carried(into: weights, part.layers), options: options, sink: sink)
    #expect(sink.errors.isEmpty)
    let expected = try #require(whole.blobs.last)
    let actual = try #require(model.blobs.last)
    #expect(expected.count == 2)
    #expect(try actual.map { try $0.floats() } == expected.map { try $0.floats() })
    #expect(try actual.contains { try $0.floats().contains { $0 != 0 } })
  }
}
