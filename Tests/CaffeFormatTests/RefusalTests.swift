import CaffeFormat
import Diagnostics
import Testing

/// What Caffe's layers and its Net check before a net exists, one net a check: refused at the layer's place.
@Suite struct RefusalTests {
  struct Case: Sendable, CustomStringConvertible {
    var layer: String
    var code: String
    var inputs: [(String, [Int])] = [("x", [2, 6, 5, 7])]
    var description: String { "\(code): \(layer)" }
  }

  private static func layer(_ type: String, _ fields: String = "", bottoms: [String] = ["x"], tops: [String] = ["y"])
    -> String
  {
    let reads = bottoms.map { "bottom: '\($0)' " }.joined()
    let writes = tops.map { "top: '\($0)' " }.joined()
    return "layer { name: 'op' type: '\(type)' \(reads)\(writes)\(fields) }\n"
  }

  static let cases: [Case] = [
    Case(
      layer: layer(
        "Convolution",
        "convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: 'gaussian' sparse: -2 } }"),
      code: "caffe.filler.sparse"),
    Case(
      layer: layer(
        "Convolution", "convolution_param { num_output: 4 kernel_size: 3 bias_filler { type: 'bilinear' } }"),
      code: "caffe.filler.shape"),
    Case(
      layer: layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }"), code: "caffe.filler.shape",
      inputs: [("x", [2, 0, 5, 7])]),
    Case(layer: layer("BatchNorm", "param { lr_mult: 1 }"), code: "caffe.batch-norm.learning-rate"),
    Case(
      layer: layer("BatchNorm", "param { decay_mult: 0 } param { lr_mult: 0 }"), code: "caffe.batch-norm.learning-rate"),
    Case(layer: layer("BatchNorm"), code: "caffe.batch-norm.rank", inputs: [("x", [4])]),
    Case(layer: layer("ReLU"), code: "caffe.blob.size", inputs: [("x", [50000, 50000])]),
    Case(layer: layer("ReLU"), code: "caffe.blob.axes", inputs: [("x", Array(repeating: 1, count: 33))]),
    Case(layer: layer("Flatten", "flatten_param { axis: 3 end_axis: 1 }"), code: "caffe.flatten.axes"),
    Case(layer: layer("", ""), code: "caffe.layer.type-missing"),
    Case(
      layer: layer(
        "MemoryData", "memory_data_param { batch_size: 2 channels: 3 height: 4 }", bottoms: [], tops: ["y", "l"]),
      code: "caffe.data.memory-shape"),
    Case(
      layer: layer(
        "Data", "transform_param { mean_file: 'm' mean_value: 3 crop_size: 4 } data_param { batch_size: 2 }",
        bottoms: []),
      code: "caffe.data.mean-twice"),
    Case(
      layer: layer("Data", "data_param { batch_size: 2 }", bottoms: [], tops: ["y", "l", "z"]),
      code: "caffe.layer.top-count"),
    Case(
      layer: layer("HDF5Data", "transform_param { scale: 2 } hdf5_data_param { batch_size: 2 }", bottoms: []),
      code: "caffe.data.transform"),
    Case(
      layer: layer("ImageData", "image_data_param { new_height: 4 }", bottoms: [], tops: ["y", "l"]),
      code: "caffe.data.new-size"),
    Case(
      layer: layer("WindowData", "window_data_param { batch_size: 2 }", bottoms: [], tops: ["y", "l"]),
      code: "caffe.data.window-crop"),
    Case(
      layer: layer("DummyData", "dummy_data_param { shape { dim: 0 } }", bottoms: []), code: "caffe.filler.shape"),
  ]

  @Test(arguments: cases)
  func isRefused(_ c: Case) throws {
    var text = ""
    for (name, shape) in c.inputs {
      let dims = shape.map { "dim: \($0) " }.joined()
      text += "layer { name: '\(name)' type: 'Input' top: '\(name)' input_param { shape { \(dims)} } }\n"
    }
    let sink = DiagnosticSink()
    _ = try readNet(text + c.layer, sink)
    let found = try #require(sink.errors.first)
    #expect(found.code == c.code || (c.code == "caffe.blob.axes" && found.code == "caffe.input.shape"))
    #expect(
      found.location.line == c.inputs.count + 1 || found.code == "caffe.input.shape" || c.code == "caffe.blob.size")
    #expect(found.location.column != nil)
  }

  private func shared(_ first: String, _ second: String) -> String {
    ["a", "b"].enumerated().map { i, name in
      "layer { name: '\(name)' type: 'InnerProduct' bottom: '\(i == 0 ? "x" : "a")' top: '\(name)' "
        + "param { name: 'w' \(i == 0 ? first : second) } inner_product_param { num_output: 6 bias_term: false } }\n"
    }.joined()
  }

  @Test(arguments: [
    ("lr_mult: 1", "lr_mult: 2", true), ("decay_mult: 1", "decay_mult: 0", true), ("", "lr_mult: 2", false),
    ("lr_mult: 2", "", false), ("lr_mult: 2", "lr_mult: 2 decay_mult: 3", false),
  ])
  func ratesOfASharedParameterAgree(_ first: String, _ second: String, _ isRefused: Bool) throws {
    let sink = DiagnosticSink()
    _ = try readNet(
      "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 6 } } }\n" + shared(first, second),
      sink)
    #expect(sink.errors.map(\.code) == (isRefused ? ["caffe.weights.share-rate"] : []))
    if isRefused { #expect(sink.errors.first?.location.line == 3) }
  }

  @Test func threeDeclaredStatisticsAreTheOldForm() throws {
    let sink = DiagnosticSink()
    let param = "param { lr_mult: 1 } "
    _ = try readNet(
      "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 6 } } }\n"
        + Self.layer("BatchNorm", param + param + param), sink)
    #expect(sink.errors.map(\.rendered) == [])
  }

  @Test func anEndRightBeforeTheStartInsertsAnAxis() throws {
    let sink = DiagnosticSink()
    let model = try readNet(
      "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 dim: 4 } } }\n"
        + Self.layer("Flatten", "flatten_param { axis: 2 end_axis: 1 }"), sink)
    #expect(sink.errors.map(\.rendered) == [])
    #expect(model.graph.value(named: "y")?.type.sizes == [2, 3, 1, 4])
  }

  @Test func namesOfV1TypesOfForksAreToldApart() throws {
    let sink = DiagnosticSink()
    let net = try CaffeReader.readNet(
      text: textFile(
        "layers { name: 'd' type: IMAGE_SEG_DATA top: 'x' image_data_param { has_label: false } }\n"
          + "layers { name: 'i' type: INTERP bottom: 'x' top: 'y' interp_param { zoom_factor: 8 } strict_dim: false }\n"
          + "layers { name: 'c' type: CROP bottom: 'y' bottom: 'x' top: 'z' }\n"
          + "layers { name: 'q' type: DECONVOLUTION bottom: 'x' top: 'w' convolution_param { num_output: 2 } }\n"),
      sink: sink)
    #expect(sink.errors.map(\.rendered) == [])
    #expect(net.layers.map(\.type) == ["ImageSegData", "Interp", "Crop", "Deconvolution"])
  }
}
