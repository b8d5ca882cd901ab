import Diagnostics
import ModelGraph
import TensorCore

/// Normalisation with stored or batch statistics. Blobs: mean, variance, and the factor that both are multiplied by
/// (0 stands for statistics of 0). Source: batch_norm_layer.cpp.
///
/// NVCaffe and Intel append scale and bias (5 blobs); cuDNN's form has mean, variance, scale, bias (4 blobs).
enum BatchNormLayer: LayerTranslator {
  static var types: [String] { ["BatchNorm"] }
  static var support: LayerSupport { .limited("3 blobs; 4 or 5 blobs of forks are read too") }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("batch_norm_param")
    let isGlobal = p.has("use_global_stats") ? p.bool("use_global_stats") : !l.isTraining
    guard l.rank() >= 2 else {
      throw l.error("caffe.batch-norm.rank", "the bottom of shape \(shapeText(l.shape())) has no channel axis")
    }
    try requireFixedStatistics(l)
    let channels = try l.size(1, "the number of channels")
    let zero = Filler.zeros
    let hasFactor = l.sourceBlobCount != 4
    let mean = try l.blobTensor(shape: [channels], filler: zero)
    let variance = try l.blobTensor(shape: [channels], filler: l.freshVariance)
    let factor = hasFactor ? try l.blobTensor(shape: [1], filler: l.freshVariance) : nil
    var scale: ValueID?
    var bias: ValueID?
    if let n = l.sourceBlobCount, n == 4 || n == 5 {
      scale = try l.blob("scale", shape: [channels], filler: .constant(1))
      bias = try l.blob("bias", shape: [channels], filler: zero)
    }
    let epsilon = p.float("eps", default: 1e-5)
    guard isGlobal else {
      try l.emit(BatchNormalization(epsilon: epsilon, statistics: .batch), [try l.bottom(), scale, bias, nil, nil])
      return
    }
    let f = try factor?.floats().first ?? 1
    try l.emit(
      BatchNormalization(epsilon: epsilon),
      [
        try l.bottom(), scale, bias, l.constant("mean", try scaled(mean, by: f)),
        l.constant("variance", try scaled(variance, by: f)),
      ])
  }

  /// Statistics are no learned parameters: a `param` must have a learning rate of 0, unless all three are declared (the
  /// old form, which Caffe upgrades).
  private static func requireFixedStatistics(_ l: LayerBuilder) throws(Diagnostic) {
    let specs = l.layer.block.blocks("param")
    guard specs.count < 3, let i = specs.firstIndex(where: { $0.float("lr_mult", default: 1) != 0 }) else { return }
    throw l.error(
      "caffe.batch-norm.learning-rate", "the learning rate of its statistics must be 0", specs[i], "lr_mult",
      help: "write param { lr_mult: 0 } three times, or none")
  }

  private static func scaled(_ t: Tensor, by factor: Float) throws(Diagnostic) -> Tensor {
    if factor == 1 { return t }
    let s: Float = factor == 0 ? 0 : 1 / factor
    return try Tensor(try t.floats().map { $0 * s }, shape: t.shape)
  }
}
