import Diagnostics
import ModelGraph
import TensorCore

/// Normalisation with stored or batch statistics. Blobs: mean, variance, and the factor that both are multiplied by
/// (0 stands for statistics of 0). Source: batch_norm_layer.cpp.
///
/// NVCaffe and Intel append scale and bias (5 blobs); cuDNN's form has mean, variance, scale, bias (4 blobs).
enum BatchNormLayer: LayerTranslator {
  static var types: [String] { ["BatchNorm"] }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("batch_norm_param")
    let isGlobal = p.has("use_global_stats") ? p.bool("use_global_stats") : !l.isTraining
    guard l.rank() >= 1 else { throw l.error("caffe.batch-norm.rank", "the bottom has no axes") }
    let channels = l.rank() == 1 ? 1 : try l.size(1, "the number of channels")
    let zero = Filler.constant(0)
    let hasFactor = l.sourceBlobCount != 4
    let mean = try l.blobTensor(shape: [channels], filler: zero)
    let variance = try l.blobTensor(shape: [channels], filler: zero)
    let factor = hasFactor ? try l.blobTensor(shape: [1], filler: zero) : nil
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

  private static func scaled(_ t: Tensor, by factor: Float) throws(Diagnostic) -> Tensor {
    if factor == 1 { return t }
    let s: Float = factor == 0 ? 0 : 1 / factor
    return try Tensor(try t.floats().map { $0 * s }, shape: t.shape)
  }
}
