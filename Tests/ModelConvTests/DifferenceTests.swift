import Foundation
import ModelGraph
import TestSupport
import Testing

@testable import ModelConv

/// What counts as a difference of two models, and what does not.
@Suite struct DifferenceTests {
  private static let net = """
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 8 } } }
    layer { name: "l" type: "LRN" bottom: "data" top: "l" lrn_param { local_size: 5 alpha: 2 } }
    layer { name: "r" type: "ReLU" bottom: "l" top: "r" relu_param { negative_slope: 0.25 } }
    layer { name: "p" type: "Pooling" bottom: "r" top: "p" pooling_param { pool: AVE kernel_size: 3 stride: 2 } }
    layer { name: "e" type: "Eltwise" bottom: "p" bottom: "p" top: "e" eltwise_param { coeff: 1 coeff: -2 } }
    layer { name: "d" type: "Dropout" bottom: "e" top: "d" dropout_param { dropout_ratio: 0.5 } }
    layer { name: "c" type: "Convolution" bottom: "d" top: "c" param { lr_mult: 1 }
      convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } }
    """

  /// The differences between the net and the net with one text in place of another.
  private func changes(_ old: String, _ new: String) throws -> [String] {
    let folder = try TemporaryFolder()
    #expect(Self.net.contains(old))
    for (name, text) in [("a", Self.net), ("b", Self.net.replacing(old, with: new))] {
      try text.write(toFile: folder.path("\(name).prototxt"), atomically: true, encoding: .utf8)
    }
    let a = try Model.load([folder.path("a.prototxt")])
    let d = try a.difference(to: try Model.load([folder.path("b.prototxt")]))
    #expect(d.addedLayers.isEmpty && d.removedLayers.isEmpty)
    #expect(d.equalLayers == 7 - Set(d.changedLayers.map(\.name)).count)
    return d.changedLayers.map { "\($0.name): \($0.field) \($0.before) -> \($0.after)" }
  }

  @Test(arguments: [
    ("alpha: 2", "alpha: 9", "l: lrn_param.alpha 2.0 -> 9.0"),
    ("negative_slope: 0.25", "", "r: relu_param.negative_slope 0.25 -> 0.0"),
    ("pool: AVE", "pool: MAX", "p: pooling_param.pool AVE -> MAX"),
    ("pool: AVE", "", "p: pooling_param.pool AVE -> MAX"),
    ("coeff: -2", "coeff: 3", "e: eltwise_param.coeff 1.0, -2.0 -> 1.0, 3.0"),
    ("dropout_ratio: 0.5", "dropout_ratio: 0.7", "d: dropout_param.dropout_ratio 0.5 -> 0.7"),
    ("xavier", "msra", "c: convolution_param.weight_filler.type xavier -> msra"),
  ])
  func parametersAreCompared(old: String, new: String, change: String) throws {
    #expect(try changes(old, new) == [change])
  }

  @Test(arguments: [
    ("local_size: 5", ""), ("alpha: 2", "alpha: 2 beta: 0.75 k: 1"), ("dropout_param { dropout_ratio: 0.5 }", ""),
    ("kernel_size: 3 stride: 2", "kernel_h: 3 kernel_w: 3 stride_h: 2 stride_w: 2 pad: 0"),
    ("lr_mult: 1", "lr_mult: 10"), ("pool: AVE", "pool: AVE engine: CAFFE"),
  ])
  func otherWordsAreNoDifference(old: String, new: String) throws {
    #expect(try changes(old, new) == [])
  }

  @Test func solversAreComparedSettingBySetting() throws {
    let folder = try TemporaryFolder()
    let solver = try String(contentsOfFile: DigitsTests.path("solver.prototxt"), encoding: .utf8)
    try solver.replacing("base_lr: 0.05", with: "base_lr: 0.9\nclip_gradients: -1")
      .write(toFile: folder.path("s.prototxt"), atomically: true, encoding: .utf8)
    let a = try Model.load([DigitsTests.path("solver.prototxt")])
    let d = try a.difference(to: try Model.load([folder.path("s.prototxt")]))
    #expect(d.changedFacts.map { "\($0.name) \($0.before) \($0.after)" } == ["base_lr 0.05 0.9"])
    #expect(try a.difference(to: a).isEmpty)
    for other in [DigitsTests.files, [DigitsTests.path("deploy.prototxt")], [DigitsTests.path("io.npz")]] {
      let error = #expect(throws: ModelConvError.self) { try a.difference(to: try Model.load(other)) }
      #expect(error?.exitStatus == 65)
    }
    let bare = try Model.load([DigitsTests.path("deploy.prototxt")])
    #expect(throws: ModelConvError.self) { try bare.difference(to: try Model.load([DigitsTests.path("io.npz")])) }
  }

  @Test func operatorsNameTheAttribute() {
    let a = MaxPool(WindowGeometry(kernel: [3, 3], strides: [2, 2]))
    let b = MaxPool(WindowGeometry(kernel: [3, 3], strides: [1, 1], padding: .explicit(begin: [0, 0], end: [0, 0])))
    #expect(
      OperatorDifference.attributes(a, b) == [ParameterChange(name: "geometry.stride", before: "2x2", after: "1")])
    #expect(OperatorDifference.attributes(b, MaxPool(WindowGeometry(kernel: [3, 3]))) == [])
    #expect(OperatorDifference.attributes(a, Softmax(axis: 1)).map(\.name) == ["operator"])
    #expect(OperatorDifference.attributes(Softmax(axis: 1), Softmax(axis: 2)).map(\.name) == ["axis"])
  }

  /// A net written as ONNX with another parameter differs in it, from the net and from the net written as ONNX.
  @Test func parametersAreComparedAcrossFormats() throws {
    let folder = try TemporaryFolder()
    var models: [Model] = []
    for (name, text) in [("a", Self.net), ("b", Self.net.replacing("alpha: 2", with: "alpha: 9"))] {
      try text.write(toFile: folder.path("\(name).prototxt"), atomically: true, encoding: .utf8)
      models.append(try Model.load([folder.path("\(name).prototxt")]))
      _ = try Converter().writeONNX(models.last ?? models[0], to: folder.path("\(name).onnx"))
      models.append(try Model.load([folder.path("\(name).onnx")]))
    }
    for (x, y) in [(0, 3), (1, 3)] {
      let d = try models[x].difference(to: models[y])
      #expect(
        d.changedLayers.filter { $0.name == "l" }.map { "\($0.field) \($0.before) \($0.after)" } == ["alpha 2.0 9.0"])
    }
    #expect(try models[0].difference(to: models[1]).changedLayers.allSatisfy { $0.name != "l" && $0.name != "p" })
    #expect(try models[1].difference(to: try Model.load([folder.path("a.onnx")])).isEmpty)
  }
}
