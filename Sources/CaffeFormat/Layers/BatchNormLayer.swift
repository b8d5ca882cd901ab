import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Normalisation with stored or batch statistics. Blobs: mean, variance, and the factor that both are multiplied by
/// (0 stands for statistics of 0). Source: batch_norm_layer.cpp.
///
/// Forks append scale and bias: NVCaffe with `scale_bias`, Intel's engines with `use_weight_bias` and `bias_term`; the form
/// of cuDNN has mean, variance, scale, bias and no factor. The blobs of the file tell them apart, else the block.
///
/// Synopsys' tree can add eps to the deviation instead (`add_eps_before_sqrt: false`): (x − mean) / (√variance + eps),
/// which is the same layer with variance (√variance + eps)² and no eps.
enum BatchNormLayer: LayerTranslator {
  static var types: [String] { ["BatchNorm", "CuDNNBatchNorm"] }
  static var support: LayerSupport { .limited("3 blobs; 4 or 5 blobs of forks are read too") }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("batch_norm_param")
    let isGlobal = p.has("use_global_stats") ? p.bool("use_global_stats") : !l.isTraining
    guard l.rank() >= 2 else {
      throw l.error("caffe.batch-norm.rank", "the bottom of shape \(shapeText(l.shape())) has no channel axis")
    }
    try requireFixedStatistics(l)
    let isAddedToVariance = p.bool("add_eps_before_sqrt", default: true)
    guard isAddedToVariance || isGlobal else {
      throw l.error(
        "caffe.batch-norm.epsilon", "eps added to the deviation of the batch's own statistics is not supported", p,
        "add_eps_before_sqrt", help: "remove use_global_stats: false, or read the net for the TEST phase")
    }
    let channels = try l.size(1, "the number of channels")
    let form = BatchNormForm(l, p, channels: channels)
    let zero = Filler.zeros
    let mean = try l.blobTensor(shape: [channels], filler: zero)
    let variance = try l.blobTensor(shape: [channels], filler: l.freshVariance)
    let factor = form.hasFactor ? try l.blobTensor(shape: [1], filler: l.freshVariance) : nil
    var scale: ValueID?
    var bias: ValueID?
    if form.hasScale {
      let filler = p.block(p.has("filler") ? "filler" : "scale_filler")
      scale = try l.blob(
        "scale", shape: [channels], filler: filler.isPresent ? Filler(filler, layer: l.layer) : .constant(1))
    }
    if form.hasBias {
      bias = try l.blob("bias", shape: [channels], filler: Filler(p.block("bias_filler"), layer: l.layer))
    }
    let epsilon = p.float("eps", default: 1e-5)
    if isGlobal {
      let f = try factor?.floats().first ?? 1
      var spread = try scaled(variance, by: f)
      if !isAddedToVariance { spread = try widened(spread, by: epsilon) }
      try l.emit(
        BatchNormalization(epsilon: isAddedToVariance ? epsilon : 0),
        [
          try l.bottom(), scale, bias, l.constant("mean", try scaled(mean, by: f)), l.constant("variance", spread),
        ])
    } else {
      try l.emit(BatchNormalization(epsilon: epsilon, statistics: .batch), [try l.bottom(), scale, bias, nil, nil])
    }
    try IntelFusion.finish(l, p)
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

  /// Variances of deviations that are greater by eps.
  private static func widened(_ t: Tensor, by eps: Float) throws(Diagnostic) -> Tensor {
    let wide = try t.floats().map { v in
      let deviation = Double(v).squareRoot() + Double(eps)
      return Float(deviation * deviation)
    }
    return try Tensor(wide, shape: t.shape)
  }
}

/// Which blobs a normalisation has.
private struct BatchNormForm {
  var hasFactor = true
  var hasScale = false
  var hasBias = false

  init(_ l: LayerBuilder, _ p: ParameterBlock, channels: Int) {
    let isCuDNN = l.layer.type == "CuDNNBatchNorm"
    if let n = l.sourceBlobCount, n > 0 {
      // The third blob of one value is a factor, unless a scale of one channel may be meant.
      let third = l.sourceBlobShape(2).flatMap { checkedProduct($0) }
      hasFactor = n == 3 || n == 5 || (n == 4 && third == 1 && (channels > 1 || !p.bool("bias_term", default: true)))
      if isCuDNN { hasFactor = n == 5 }
      let rest = n - (hasFactor ? 3 : 2)
      (hasScale, hasBias) = (rest > 0, rest > 1)
      return
    }
    if isCuDNN {
      (hasFactor, hasScale, hasBias) = (false, true, true)
      return
    }
    let engine = p.name(of: "engine") + " " + l.layer.block.string("engine")
    let isIntel = engine.contains("MKL")
    hasScale = isIntel ? p.bool("use_weight_bias", default: true) : p.bool("scale_bias")
    hasBias = hasScale && (isIntel ? p.bool("bias_term", default: true) : true)
  }
}
