import ByteSource
import CPURuntime
import CaffeFormat
import Diagnostics
import ModelGraph
import TensorCore
import Testing

/// Fork layers against their definitions, written as plain loops.
@Suite struct ForkLayerTests {
  /// Runs a one-layer net on 0, 1, 2, … shaped as given (or on `values`), and gives blob `y`.
  private func run(
    _ layer: String, inputs: [(String, [Int])], values: [String: [Float]] = [:], _ seed: UInt64 = 1
  ) throws -> Tensor {
    let sink = DiagnosticSink()
    var text = ""
    var fed: [String: Tensor] = [:]
    for (name, shape) in inputs {
      text += "layer { name: '\(name)' type: 'Input' top: '\(name)' input_param { shape { "
      text += shape.map { "dim: \($0) " }.joined() + "} } }\n"
      let count = shape.reduce(1, *)
      fed[name] = try Tensor(values[name] ?? (0..<count).map { Float($0 % 23) - 11 }, shape: shape)
    }
    var options = CaffeReadOptions()
    options.seed = seed
    let model = try readNet(text + layer, sink, options)
    #expect(sink.errors.map(\.rendered) == [])
    let id = try #require(model.value(ofBlob: "y"))
    let value = try #require(model.graph[id])
    if let c = value.constant { return c }
    return try #require(try Session(model.graph, options: SessionOptions(keep: .all)).run(fed).tensor(value.name))
  }

  @Test func relu6ClampsAndCReLUDoublesChannels() throws {
    let y = try run("layer { name: 'y' type: 'ReLU6' bottom: 'x' top: 'y' }", inputs: [("x", [2, 3, 4])])
    #expect(try y.floats() == (0..<24).map { min(max(Float($0 % 23) - 11, 0), 6) })
    let c = try run("layer { name: 'y' type: 'CReLU' bottom: 'x' top: 'y' }", inputs: [("x", [1, 2, 3])])
    #expect(c.shape == [1, 4, 3])
    #expect(try c.floats() == [0, 0, 0, 0, 0, 0, 11, 10, 9, 8, 7, 6])
  }

  @Test func permuteAppendsTheAxesThatAreNotNamed() throws {
    let y = try run(
      "layer { name: 'y' type: 'Permute' bottom: 'x' top: 'y' permute_param { order: 0 order: 2 order: 3 } }",
      inputs: [("x", [2, 3, 4, 5])])
    #expect(y.shape == [2, 4, 5, 3])
  }

  @Test func shuffledChannelsInterleave() throws {
    let y = try run(
      "layer { name: 'y' type: 'ShuffleChannel' bottom: 'x' top: 'y' shuffle_channel_param { group: 2 } }",
      inputs: [("x", [1, 6, 2, 1])])
    let order = [0, 3, 1, 4, 2, 5]
    #expect(try y.floats() == order.flatMap { [Float(2 * $0) - 11, Float(2 * $0) - 10] })
  }

  @Test func reorgFollowsDarknetsMemory() throws {
    let (c, h, w, s) = (8, 4, 6, 2)
    let x = (0..<c * h * w).map { Float($0) }
    let y = try run(
      "layer { name: 'y' type: 'Reorg' bottom: 'x' top: 'y' reorg_param { stride: 2 } }",
      inputs: [("x", [1, c, h, w])],
      values: ["x": x])
    #expect(y.shape == [1, c * s * s, h / s, w / s])
    // darknet's loop over the input's own extents.
    var want = [Float](repeating: 0, count: x.count)
    let outChannels = c / (s * s)
    for k in 0..<c {
      for j in 0..<h {
        for i in 0..<w {
          let (w2, h2) = (i * s + (k / outChannels) % s, j * s + (k / outChannels) / s)
          want[i + w * (j + h * k)] = x[w2 + w * s * (h2 + h * s * (k % outChannels))]
        }
      }
    }
    #expect(try y.floats() == want)
    let back = try run(
      "layer { name: 'r' type: 'Reorg' bottom: 'x' top: 'm' reorg_param { stride: 2 } }"
        + "layer { name: 'y' type: 'Reorg' bottom: 'm' top: 'y' reorg_param { stride: 2 reverse: true } }",
      inputs: [("x", [1, 8, 4, 4])])
    #expect(back.shape == [1, 8, 4, 4])
  }

  @Test func axpyScalesByChannel() throws {
    let y = try run(
      "layer { name: 'y' type: 'Axpy' bottom: 's' bottom: 'x' bottom: 'z' top: 'y' }",
      inputs: [("s", [1, 2, 1, 1]), ("x", [1, 2, 1, 3]), ("z", [1, 2, 1, 3])],
      values: ["s": [2, -1], "x": [1, 2, 3, 4, 5, 6], "z": [10, 10, 10, 20, 20, 20]])
    #expect(try y.floats() == [12, 14, 16, 16, 15, 14])
  }

  @Test(arguments: [true, false])
  func normalizeDividesByTheNorm(_ acrossSpatial: Bool) throws {
    let x: [Float] = [3, 1, 0, 4, 2, 2, 1, 0]
    let y = try run(
      "layer { name: 'y' type: 'Normalize' bottom: 'x' top: 'y' norm_param { across_spatial: \(acrossSpatial) "
        + "scale_filler { type: 'constant' value: 20 } channel_shared: false } }", inputs: [("x", [1, 2, 2, 2])],
      values: ["x": x])
    for i in 0..<8 {
      let group = acrossSpatial ? x : [x[i % 4], x[i % 4 + 4]]
      let norm = group.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(try y.floats()[i] - 20 * x[i] / norm) < 1e-4)
    }
  }

  @Test func depthwiseConvolutionImpliesItsGroups() throws {
    let y = try run(
      "layer { name: 'y' type: 'ConvolutionDepthwise' bottom: 'x' top: 'y' convolution_param { num_output: 3 "
        + "kernel_size: 2 bias_term: false weight_filler { type: 'constant' value: 1 } } }",
      inputs: [("x", [1, 3, 2, 2])], values: ["x": (1...12).map { Float($0) }])
    #expect(try y.floats() == [10, 26, 42])
  }

  @Test func holeIsDilation() throws {
    let y = try run(
      "layer { name: 'y' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { num_output: 2 kernel_size: 3 "
        + "hole: 2 } }", inputs: [("x", [1, 3, 7, 9])])
    #expect(y.shape == [1, 2, 3, 5])
  }

  @Test func bnOfPSPNetAndSegNetAreToldApart() throws {
    let psp = try run(
      "layer { name: 'y' type: 'BN' bottom: 'x' top: 'y' bn_param { slope_filler { type: 'constant' value: 2 } "
        + "bias_filler { type: 'constant' value: 1 } } }", inputs: [("x", [1, 2, 1, 2])], values: ["x": [0, 1, 2, 3]])
    for (a, b) in zip(try psp.floats(), [1, 3, 5, 7] as [Float]) { #expect(abs(a - b) < 1e-3) }
    let seg = try run(
      "layer { name: 'y' type: 'BN' bottom: 'x' top: 'y' bn_param { bn_mode: INFERENCE scale_filler { type: 'constant' "
        + "value: 3 } shift_filler { type: 'constant' value: -1 } } }", inputs: [("x", [1, 2, 1, 2])],
      values: ["x": [0, 1, 2, 3]])
    #expect(try seg.floats() == [-1, 2, 5, 8])
  }

  @Test func priorsFollowFromSizes() throws {
    let y = try run(
      "layer { name: 'y' type: 'PriorBox' bottom: 'x' bottom: 'i' top: 'y' prior_box_param { min_size: 4 max_size: 9 "
        + "aspect_ratio: 2 flip: true clip: false variance: 0.1 variance: 0.2 variance: 0.3 variance: 0.4 } }",
      inputs: [("x", [1, 5, 2, 3]), ("i", [1, 3, 20, 30])])
    #expect(y.shape == [1, 2, 2 * 3 * 4 * 4])
    let v = try y.floats()
    // The second place of the first row: centre (15, 5).
    let at = 1 * 4 * 4
    let boxes: [(Float, Float)] = [
      (4, 4), (6, 6), (4 * Float(2).squareRoot(), 4 / Float(2).squareRoot()),
      (4 * Float(0.5).squareRoot(), 4 / Float(0.5).squareRoot()),
    ]
    for (k, b) in boxes.enumerated() {
      let want = [(15 - b.0 / 2) / 30, (5 - b.1 / 2) / 20, (15 + b.0 / 2) / 30, (5 + b.1 / 2) / 20]
      for j in 0..<4 { #expect(abs(v[at + 4 * k + j] - want[j]) < 1e-5) }
    }
    #expect(Array(v[96..<100]) == [0.1, 0.2, 0.3, 0.4])
  }

  @Test func detectionsAreInferred() throws {
    let sink = DiagnosticSink()
    let text = """
      layer { name: 'l' type: 'Input' top: 'l' input_param { shape { dim: 2 dim: 24 } } }
      layer { name: 'c' type: 'Input' top: 'c' input_param { shape { dim: 2 dim: 18 } } }
      layer { name: 'p' type: 'Input' top: 'p' input_param { shape { dim: 1 dim: 2 dim: 24 } } }
      layer { name: 'y' type: 'DetectionOutput' bottom: 'l' bottom: 'c' bottom: 'p' top: 'y' detection_output_param {
        num_classes: 3 code_type: CENTER_SIZE keep_top_k: 5 confidence_threshold: 0.1
        nms_param { nms_threshold: 0.45 top_k: 4 } } }
      """
    let model = try readNet(text, sink)
    #expect(sink.errors.map(\.rendered) == [])
    let shape = try #require(model.graph.value(named: "y")?.type.shape)
    #expect(shape.count == 4 && shape[0] == 1 && shape[1] == 1 && shape[3] == 7)
  }

  @Test func proposalsReadTheirPythonText() throws {
    let sink = DiagnosticSink()
    let text = """
      layer { name: 's' type: 'Input' top: 's' input_param { shape { dim: 1 dim: 12 dim: 3 dim: 4 } } }
      layer { name: 'd' type: 'Input' top: 'd' input_param { shape { dim: 1 dim: 24 dim: 3 dim: 4 } } }
      layer { name: 'i' type: 'Input' top: 'i' input_param { shape { dim: 1 dim: 3 } } }
      layer { name: 'p' type: 'Python' bottom: 's' bottom: 'd' bottom: 'i' top: 'rois'
        python_param { module: 'rpn.proposal_layer' layer: 'ProposalLayer'
          param_str: "'feat_stride': 8\\n'scales': [4, 8]" } }
      layer { name: 'q' type: 'Python' bottom: 'rois' top: 'z' python_param { module: 'm' layer: 'Other' } }
      """
    let model = try readNet(text, sink)
    #expect(sink.errors.map(\.rendered) == [])
    let shape = try #require(model.graph.value(named: "rois")?.type.shape)
    #expect(shape.count == 2 && shape[1] == 5)
    #expect(sink.items.map(\.code) == ["caffe.layer.python"])
  }

  @Test func positionSensitivePoolingTakesEachBinFromItsOwnChannels() throws {
    let (outputs, g, h, w) = (2, 3, 6, 7)
    let features = (0..<outputs * g * g * h * w).map { Float(($0 * 37) % 101) - 50 }
    let rois: [Float] = [0, 4, 8, 70, 60, 0, 30.5, 2, 33, 3, 0, 90, 80, 111, 95]
    let y = try run(
      "layer { name: 'y' type: 'PSROIPooling' bottom: 'x' bottom: 'r' top: 'y' psroi_pooling_param { "
        + "spatial_scale: 0.0625 output_dim: 2 group_size: 3 } }",
      inputs: [("x", [1, outputs * g * g, h, w]), ("r", [3, 5])], values: ["x": features, "r": rois])
    #expect(y.shape == [3, outputs, g, g])
    let got = try y.floats()
    func edges(_ a: Float, _ b: Float, _ i: Int, _ size: Int) -> Range<Int> {
      let start = a.rounded(.toNearestOrAwayFromZero) * 0.0625
      let end = (b.rounded(.toNearestOrAwayFromZero) + 1) * 0.0625
      let bin = max(end - start, 0.1) / Float(g)
      let low = min(max(Int((Float(i) * bin + start).rounded(.down)), 0), size)
      return low..<max(low, min(max(Int((Float(i + 1) * bin + start).rounded(.up)), 0), size))
    }
    for r in 0..<3 {
      let b = rois[(r * 5)...].prefix(5).map { $0 }
      for c in 0..<outputs {
        for i in 0..<g {
          for j in 0..<g {
            let (rows, columns) = (edges(b[2], b[4], i, h), edges(b[1], b[3], j, w))
            var sum: Float = 0
            let plane = ((c * g + i) * g + j) * h * w
            for y in rows { for x in columns { sum += features[plane + y * w + x] } }
            let want = rows.isEmpty || columns.isEmpty ? 0 : sum / Float(rows.count * columns.count)
            #expect(abs(got[((r * outputs + c) * g + i) * g + j] - want) < 1e-3)
          }
        }
      }
    }
  }
}
