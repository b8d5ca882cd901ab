import ByteSource
import Diagnostics
import ModelGraph

/// What Intel's Caffe merges into a layer when it compiles a net, and writes into the layer's block: a sum with a second
/// bottom, then a ReLU. Source: Intel Caffe mkldnn_convolution_layer.cpp, mkldnn_inner_product_layer.cpp.
enum IntelFusion {
  /// The layer has a second bottom that its result is added to.
  static func hasSum(_ p: ParameterBlock) -> Bool { p.name(of: "fusion_type") == "SUM_FUSION" }

  /// Adds bottom 1 to top 0, then applies the ReLU.
  static func finish(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) {
    if hasSum(p), l.bottoms.count == 2, let y = l.results.first, let y {
      guard l.shape(of: y) == l.shape(1) else {
        throw l.error(
          "caffe.fusion.shape",
          "its result of shape \(shapeText(l.shape(of: y))) and bottom 1 of shape "
            + "\(shapeText(l.shape(1))) differ", p, "fusion_type")
      }
      l.setTop(0, try l.binary(.add, y, try l.bottom(1), "fused_sum"))
    }
    guard p.bool("relu") else { return }
    let slope = p.float("negative_slope")
    for (i, y) in l.results.enumerated() {
      guard let y else { continue }
      l.setTop(i, try l.map(slope == 0 ? .relu : .leakyRelu(slope: FloatBits(slope)), y, "fused_relu"))
    }
  }
}
