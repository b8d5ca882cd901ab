import Diagnostics
import ModelGraph
import TensorCore
import Testing

@testable import OnnxFormat

@Suite struct LegaliseTests {
  func single(_ op: any Operator, _ shape: [Dim], _ constants: [Tensor] = [], outputs: [String] = ["blob"]) throws
    -> Graph
  {
    var e = GraphEditor(name: "g")
    let x = e.addInput("data", .tensor(.float32, shape))
    var operands: [ValueID?] = [x]
    for (k, t) in constants.enumerated() { operands.append(e.addConstant("w\(k)", t)) }
    let made = try e.insert(
      op, operands, name: "layer", outputNames: outputs, origin: Origin(layer: "layer", layerType: "T"))
    e.setOutputs(made.compactMap { $0 })
    return e.graph
  }

  func caffe(_ kernel: Int, _ stride: Int, _ pad: Int) -> WindowGeometry {
    WindowGeometry(
      kernel: [kernel, kernel], strides: [stride, stride], padding: .explicit(begin: [pad, pad], end: [pad, pad]),
      rounding: .ceil, lastWindow: .dropInPaddingIfAnyPadded)
  }

  /// Output sizes as Caffe has them, said with floor rounding and end pads.
  @Test(arguments: [
    (3, 2, 0, 8, 9, [0, 0, 1, 0]), (2, 2, 1, 5, 6, [1, 1, 1, 1]), (3, 2, 1, 8, 8, [1, 1, 2, 2]),
    (2, 3, 0, 8, 7, [0, 0, 0, 1]),
  ])
  func maxPoolingGetsEndPads(k: Int, s: Int, p: Int, h: Int, w: Int, pads: [Int]) throws {
    let g = try single(MaxPool(caffe(k, s, p)), [2, 3, Dim(h), Dim(w)])
    let (back, message) = try g.written(opset: 9)
    #expect(back[back.outputs[0]]?.type == g[g.outputs[0]]?.type)
    let pool = try #require(message.graph.nodes.last)
    #expect(pool.type == "MaxPool")
    #expect(pool.name == "layer")
    #expect(pool.outputs == ["blob"])
    let said = pool.attributes.first { $0.name == "pads" }?.value
    if pads == [0, 0, 0, 0] {
      #expect(said == nil)
    } else if case .ints(let v) = said {
      #expect(v.map { Int($0) } == pads)
    } else {
      Issue.record("no pads")
    }
  }

  @Test func averagePoolingCountsItsPaddingAndNotTheOverhang() throws {
    let g = try single(AveragePool(caffe(3, 2, 1), divisor: .paddedExtent), [2, 3, 6, 7])
    let message = try g.written(opset: 17).message
    #expect(message.graph.nodes.map(\.type) == ["Pad", "AveragePool"])
    let pool = try #require(message.graph.nodes.last)
    #expect(!pool.attributes.contains { $0.name == "count_include_pad" })
    #expect(pool.name == "layer")
  }

  @Test func windowsOutsideTheInputAreRefused() throws {
    let g = try single(MaxPool(caffe(2, 3, 0)), [1, 1, 6, 6])
    let error = #expect(throws: Diagnostics.self) { try g.written(opset: 17) }
    #expect(error?.items.first?.code == "onnx.pooling-empty-window")
    #expect(error?.items.first?.message.contains("'layer'") == true)
  }

  @Test func openSizesUseCeilModeWhereTheRulesAgree() throws {
    let open: [Dim] = [.symbol("N"), 3, .symbol("H"), .symbol("W")]
    let message = try single(MaxPool(caffe(3, 2, 0)), open).written(opset: 17).message
    #expect(message.graph.nodes.last?.attributes.contains { $0.name == "ceil_mode" } == true)
    // A stride above the kernel without padding: ONNX would drop a window that Caffe keeps.
    let error = #expect(throws: Diagnostics.self) { try single(MaxPool(caffe(2, 3, 0)), open).written(opset: 17) }
    #expect(error?.items.first?.code == "onnx.pooling-rounding")
  }

  @Test func innerProductsBecomeGemmAndKeepTheirWeights() throws {
    let w = try floats([4, 30])
    let g = try single(InnerProduct(), [.symbol("N"), 5, 2, 3], [w, try floats([4])])
    let (back, message) = try g.written(opset: 17)
    #expect(message.graph.nodes.map(\.type) == ["Flatten", "Gemm"])
    #expect(message.graph.nodes.last?.name == "layer")
    #expect(back[back.outputs[0]]?.type == .tensor(.float32, [.symbol("N"), 4]))
    let stored = try #require(back.value(named: "w0")?.constant)
    #expect(try stored.floats() == w.floats())
  }

  @Test func innerProductsOverTheLastAxisKeepTheLeadingOnes() throws {
    let g = try single(InnerProduct(axis: 2), [.symbol("N"), 5, 6], [try floats([4, 6])])
    let (back, message) = try g.written(opset: 9)
    #expect(message.graph.nodes.map(\.type) == ["Flatten", "Gemm", "Reshape"])
    #expect(back[back.outputs[0]]?.type.shape?.count == 3)
  }

  @Test func withinChannelResponsesAreFormulas() throws {
    let op = LocalResponseNormalization(region: .withinChannel, size: 3, alpha: 5, beta: 0.75, k: 7)
    let message = try single(op, [1, 2, 4, 5]).written(opset: 17).message
    #expect(message.graph.nodes.map(\.type).contains("AveragePool"))
    #expect(!message.graph.nodes.map(\.type).contains("LRN"))
    #expect(message.graph.nodes.last?.outputs == ["blob"])
  }

  @Test(arguments: [(1, [3], [3, 1, 1]), (0, [2, 3], [2, 3, 1, 1]), (3, [5], [5])])
  func scalesBroadcastFromTheirAxis(axis: Int, shape: [Int], stored: [Int]) throws {
    let g = try single(ScaleShift(axis: axis), [2, 3, 4, 5], [try floats(shape)])
    let (back, message) = try g.written(opset: 17)
    #expect(message.graph.nodes.map(\.type) == ["Mul"])
    #expect(message.graph.initializers.first?.dims.map { Int($0) } == stored)
    #expect(back.operators == ["BinaryMap"])
  }

  @Test func masksAreCountedWithinThePlane() throws {
    let pool = MaxPool(caffe(2, 2, 0), indices: .planeFloat)
    let g = try single(pool, [2, 3, 4, 6], outputs: ["top", "mask"])
    let (back, message) = try g.written(opset: 9)
    #expect(back[back.outputs[1]]?.type == .tensor(.float32, sizes: [2, 3, 2, 3]))
    #expect(message.graph.outputs.map(\.name) == ["top", "mask"])
  }

  @Test func unknownLayersAreRefusedByName() throws {
    let op = ForeignOperator(domain: "caffe", type: "Mystery", outputCount: 1)
    var e = GraphEditor(name: "g")
    let x = e.addInput("data", .tensor(.float32, sizes: [1]))
    let y = e.insertUnchecked(
      op, [x], types: [.unknown], name: "odd", origin: Origin(layer: "odd", layerType: "Mystery"))
    e.setOutputs(y.compactMap { $0 })
    let graph = e.graph
    let error = #expect(throws: Diagnostics.self) { try graph.written(opset: 17) }
    #expect(error?.items.first?.code == "onnx.foreign-operator")
    #expect(error?.items.first?.message.contains("'odd'") == true)
  }
}
