import CPURuntime
import Diagnostics
import Foundation
import ModelGraph
import TensorCore
import TestSupport
import Testing

@testable import ModelConv

/// A repaired net on a picture against the source on the picture with height and width exchanged.
@Suite struct MatCaffeTests {
  static func exchanged(_ t: Tensor) throws -> Tensor {
    t.rank == 4 ? try t.permuted([0, 1, 3, 2]).contiguous() : t
  }

  static let head = """
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 9 dim: 14 } } }
    """

  /// Layers after the input, and how many Transposes are left.
  @Test(arguments: [
    (
      """
      layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_h: 3
        kernel_w: 2 stride_h: 1 stride_w: 2 pad_h: 2 pad_w: 0 weight_filler { type: "xavier" } } }
      layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { pool: AVE kernel_h: 2 kernel_w: 3 stride_h: 2
        stride_w: 1 } }
      layer { name: "r" type: "PReLU" bottom: "p" top: "p" }
      layer { name: "f" type: "InnerProduct" bottom: "p" top: "f" inner_product_param { num_output: 5
        weight_filler { type: "xavier" } } }
      """, 0
    ),
    (
      """
      layer { name: "d" type: "Deconvolution" bottom: "data" top: "d" convolution_param { num_output: 2 kernel_h: 4
        kernel_w: 3 stride_h: 2 stride_w: 3 pad_h: 1 pad_w: 0 weight_filler { type: "xavier" } } }
      layer { name: "s" type: "Softmax" bottom: "d" top: "s" }
      """, 0
    ),
    (
      """
      layer { name: "fl" type: "Flatten" bottom: "data" top: "fl" }
      layer { name: "re" type: "ReLU" bottom: "fl" top: "fl" }
      layer { name: "f" type: "InnerProduct" bottom: "fl" top: "f" inner_product_param { num_output: 5
        weight_filler { type: "xavier" } } }
      layer { name: "out" type: "Power" bottom: "fl" top: "out" power_param { scale: 2 } }
      """, 1
    ),
    (
      """
      layer { name: "sl" type: "Slice" bottom: "data" top: "a" top: "b" slice_param { axis: 2 slice_point: 4 } }
      layer { name: "c" type: "Convolution" bottom: "a" top: "c" convolution_param { num_output: 2 kernel_size: 3
        weight_filler { type: "xavier" } } }
      layer { name: "n" type: "LRN" bottom: "b" top: "n" lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 } }
      """, 3
    ),
  ])
  func computesTheSame(layers: String, transposes: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("net.prototxt")
    try (Self.head + layers).write(toFile: path, atomically: true, encoding: .utf8)
    let model = try Model.load([path])
    let source = try #require(model.graph)
    let (graph, _) = try MatCaffe.repaired(source)
    try GraphVerifier.verify(graph)
    #expect(graph.nodes.count { $0.op is Transpose } == transposes)
    #expect(graph.openInputs[0].type.sizes == [2, 3, 14, 9])
    #expect(graph.outputs.map { graph[$0]?.name } == source.outputs.map { source[$0]?.name })
    let x = try SeededInputs.tensor(
      graph.openInputs[0].type, name: "data", seed: 3, sample: 0, kind: .uniform)
    let got = try Session(graph).run(["data": x])
    let expected = try Session(source).run(["data": try Self.exchanged(x)])
    for id in source.outputs {
      let name = source[id]?.name ?? ""
      let (a, b) = (try #require(got[name]?.tensor), try #require(expected[name]?.tensor))
      let c = try Comparison(
        name: name, actual: a, expected: try Self.exchanged(b), tolerance: Tolerance(relative: 1e-4, absolute: 1e-6))
      #expect(c.passes, "\(name): \(c.problem ?? "") \(c.maxAbsolute)")
    }
  }

  @Test func shapesAreThoseOfPictures() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("net.prototxt")
    let layer = """
      layer { name: "f" type: "InnerProduct" bottom: "data" top: "f" inner_product_param { num_output: 5
        weight_filler { type: "xavier" } } }
      """
    try (Self.head + layer).write(toFile: path, atomically: true, encoding: .utf8)
    var options = LoadOptions()
    options.isMatCaffe = true
    #expect(try Model.load([path], options: options).graph?.openInputs[0].type.sizes == [2, 3, 14, 9])
    options.shapes = ["data": ["4", "3", "14", "9"]]
    #expect(try Model.load([path], options: options).graph?.openInputs[0].type.sizes == [4, 3, 14, 9])
  }

  @Test func aNetWithoutPicturesIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("net.prototxt")
    try """
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "r" type: "ReLU" bottom: "data" top: "r" }
    """.write(toFile: path, atomically: true, encoding: .utf8)
    var options = LoadOptions()
    options.isMatCaffe = true
    #expect(throws: ModelConvError.self) { try Model.load([path], options: options) }
  }
}
