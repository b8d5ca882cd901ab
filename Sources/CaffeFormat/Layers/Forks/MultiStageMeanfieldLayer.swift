import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// CRF-RNN: mean-field steps of a fully connected random field. Bottoms: unary terms, first estimate, picture. Blobs: weights
/// of the spatial and of the bilateral kernel and the compatibility, each [1, 1, C, C]; later trees add four for potentials
/// of detections and superpixels. Sources: CRF-RNN multi_stage_meanfield.cpp (2015), caffe-tvg (2018).
enum MultiStageMeanfieldLayer: LayerTranslator {
  static var types: [String] { ["MultiStageMeanfield"] }
  static var support: LayerSupport { LayerSupport(onnxObstacle: "ONNX has no high-dimensional filter") }
  static var bottoms: ClosedRange<Int> { 3...4 }
  static var tops: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("multi_stage_meanfield_param")
    for flag in ["detection_potentials_enabled", "ho_potentials_enabled"] where p.bool(flag) {
      throw l.error(
        "caffe.meanfield.potentials", "\(flag) reads files for each picture, which is not supported", p, flag)
    }
    guard l.topCount == 1 else {
      throw l.error("caffe.meanfield.tops", "its second top belongs to detections, which are not supported", p)
    }
    let (h, w) = try l.plane()
    let classes = try l.size(1, "the number of classes")
    guard classes <= 1 << 12 else { throw l.error("caffe.meanfield.classes", "\(classes) classes are too many", p) }
    try l.requireSameShape(0, 1, "caffe.meanfield.shape")
    guard l.shape(2) == [l.shape()[0], 3, Dim(h), Dim(w)] else {
      throw l.error(
        "caffe.meanfield.picture", "the picture of shape \(shapeText(l.shape(2))) must be [N,3,\(h),\(w)]", p)
    }
    let weights = try self.weights(l, p, classes)
    let op = MeanFieldInference(
      iterations: p.int("num_iterations", default: 1), thetaAlpha: p.float("theta_alpha", default: 10),
      thetaBeta: p.float("theta_beta", default: 10), thetaGamma: p.float("theta_gamma", default: 10))
    guard op.iterations > 1 else {
      throw l.error("caffe.meanfield.iterations", "num_iterations must be greater than 1", p, "num_iterations")
    }
    var operands: [ValueID?] = [try l.bottom(), try l.bottom(1), try l.bottom(2)]
    for (role, t) in zip(["spatial", "bilateral", "compatibility"], weights) { operands.append(l.constant(role, t)) }
    try l.emit(op, operands)
  }

  private static func strength(_ p: ParameterBlock, _ field: String, _ usual: Float) -> Float {
    p.has(field) ? p.float(field) : usual
  }

  /// The three matrices; where the file has none, the diagonals that the parameters give.
  private static func weights(_ l: LayerBuilder, _ p: ParameterBlock, _ c: Int) throws(Diagnostic) -> [Tensor] {
    var blobs = try l.freeBlobs()
    let strengths = [strength(p, "spatial_filter_weight", 3), strength(p, "bilateral_filter_weight", 5)]
    if p.bool("is_no_class_weights") {
      if blobs.isEmpty {
        for v in strengths { blobs.append(try l.blobTensor(shape: [1, 1, 1, 1], filler: .constant(v))) }
      }
      let values = try blobs.prefix(2).map { (t) throws(Diagnostic) in try t.floats().first ?? 0 }
      guard values.count == 2 else {
        throw l.error("caffe.meanfield.blobs", "has \(blobs.count) blobs, but takes at least 2", p)
      }
      return [try diagonal(values[0], c), try diagonal(values[1], c), try diagonal(-1, c)]
    }
    if blobs.isEmpty {
      for v in strengths + [-1] {
        let values = [Float](repeating: v, count: c)
        blobs.append(try l.blobTensor(shape: [1, 1, c, c], filler: .diagonal(values)))
      }
    }
    guard blobs.count == 3 || blobs.count == 7, blobs.prefix(3).allSatisfy({ $0.count == c * c }) else {
      throw l.error(
        "caffe.meanfield.blobs",
        "its blobs of shapes \(blobs.map(\.shape)) must be 3 (or 7) with \(c)×\(c) values first", p)
    }
    var out: [Tensor] = []
    for t in blobs.prefix(3) { out.append(try Tensor(try t.floats(), shape: [c, c])) }
    return out
  }

  private static func diagonal(_ v: Float, _ c: Int) throws(Diagnostic) -> Tensor {
    try Tensor((0..<c * c).map { $0 / c == $0 % c ? v : 0 }, shape: [c, c])
  }
}
