import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// x / √(Σ x² + eps) · scale; the sum over the item (`across_spatial`) or over channels. Source: SSD normalize_layer.cpp.
enum NormalizeLayer: LayerTranslator {
  static var types: [String] { ["Normalize"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("norm_param")
    guard l.rank() >= 2, l.rank() <= 4 else {
      throw l.error("caffe.normalize.rank", "the bottom must have 2 to 4 axes, but has shape \(shapeText(l.shape()))")
    }
    let channels = try l.size(1, "the number of channels")
    let isShared = p.bool("channel_shared", default: true)
    let filler = p.block("scale_filler")
    let scale = try l.blobTensor(
      shape: isShared ? [] : [channels], filler: filler.isPresent ? Filler(filler, layer: l.layer) : .constant(1))
    let axes = p.bool("across_spatial", default: true) ? Array(1..<l.rank()) : [1]
    let squares = try l.add(
      Reduction(.sumSquare), [try l.bottom(), try l.constant("axes", ints: axes)], "squares")
    let eps = try l.constant("eps", scalar: p.float("eps", default: 1e-10))
    let norm = try l.map(.squareRoot, try l.binary(.add, squares, eps, "squares_eps"), "norm")
    let unit = try l.binary(.divide, try l.bottom(), norm, "unit")
    try l.emit(ScaleShift(axis: isShared ? 0 : 1), [unit, l.constant("scale", scale), nil])
  }
}

/// x / √(Σ x²) over channels. Sources: forks' l2_norm layers.
enum L2NormalizationLayer: LayerTranslator {
  static var types: [String] { ["L2Normalization", "L2Norm", "NormalizeL2", "L2Normalize"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    guard l.rank() >= 2 else { throw l.error("caffe.l2.rank", "the bottom must have a channel axis") }
    try l.emit(LpNormalization(axis: 1, p: 2), [try l.bottom()])
  }
}

/// The BN layer of PSPNet and others (blobs slope, bias, mean, variance) and of SegNet (blobs scale and shift, the
/// statistics folded in). Told apart by the number of blobs in the file, else by the block's fields: Synopsys' tree has
/// both and says with `icnet: true` that PSPNet's is meant (its bn_layer.cpp).
enum BNLayer: LayerTranslator {
  static var types: [String] { ["BN"] }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("bn_param")
    guard l.rank() >= 2 else { throw l.error("caffe.bn.rank", "the bottom must have a channel axis") }
    let channels = try l.size(1, "the number of channels")
    let shape = [1, channels, 1, 1]
    let isSegNet =
      l.sourceBlobCount.map { $0 == 2 }
      ?? (!p.bool("icnet") && (p.has("icnet") || p.has("bn_mode") || p.has("scale_filler") || p.has("shift_filler")))
    let (first, second) = isSegNet ? ("scale_filler", "shift_filler") : ("slope_filler", "bias_filler")
    let slope = try l.blobTensor(shape: shape, filler: filler(l, p.block(first), 1)).reshaped([channels])
    let bias = try l.blobTensor(shape: shape, filler: filler(l, p.block(second), 0)).reshaped([channels])
    let (scale, shift) = (l.constant("scale", slope), l.constant("bias", bias))
    if isSegNet {
      if p.name(of: "bn_mode", default: "LEARN") == "INFERENCE" {
        try l.emit(ScaleShift(axis: 1), [try l.bottom(), scale, shift])
      } else {
        l.warn("caffe.bn.batch-statistics", "bn_mode LEARN normalises by the batch's own statistics, as SegNet does", p)
        try l.emit(
          BatchNormalization(epsilon: 1e-9, statistics: .batch), [try l.bottom(), scale, shift, nil, nil])
      }
      return
    }
    let mean = try l.blobTensor(shape: shape, filler: .constant(0)).reshaped([channels])
    let variance = try l.blobTensor(shape: shape, filler: .constant(1)).reshaped([channels])
    let eps = p.has("var_eps") ? p.float("var_eps") : p.float("eps", default: 1e-5)
    try l.emit(
      BatchNormalization(epsilon: eps),
      [try l.bottom(), scale, shift, l.constant("mean", mean), l.constant("variance", variance)])
  }

  private static func filler(_ l: LayerBuilder, _ p: ParameterBlock, _ value: Float) throws(Diagnostic) -> Filler {
    p.isPresent ? try Filler(p, layer: l.layer) : .constant(value)
  }
}
