import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// √Σ x² over channels, [N, 1, H, W]. Source: FlowNet 2 channel_norm_layer.cpp.
enum ChannelNormLayer: LayerTranslator {
  static var types: [String] { ["ChannelNorm"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    guard l.rank() >= 2 else { throw l.error("caffe.channel-norm.rank", "the bottom must have a channel axis") }
    let squares = try l.add(
      Reduction(.sumSquare), [try l.bottom(), try l.constant("axes", ints: [1])], "squares")
    try l.emit(UnaryMap(.squareRoot), [squares])
  }
}

/// output_scale · (input_scale · x ± mean_scale · mean), the mean a value for each channel in turn.
/// Source: FlowNet 2 mean_layer.cpp.
enum MeanLayer: LayerTranslator {
  static var types: [String] { ["Mean"] }
  static var bottoms: ClosedRange<Int> { 1...unlimited }
  static var tops: ClosedRange<Int> { 1...unlimited }
  static var pairsBottomsWithTops: Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("mean_param")
    guard !p.has("file") else {
      throw l.error(
        "caffe.mean.file", "its mean is in the file '\(p.string("file"))', which is not read", p, "file",
        help: "write the mean as value entries, one a channel")
    }
    let values = p.floats("value")
    guard !values.isEmpty else { throw l.error("caffe.mean.value", "a mean must be given", p, "value") }
    let sign: Float = p.name(of: "operation") == "SUBTRACT" ? -1 : 1
    let factor = p.float("input_scale", default: 1)
    let scale = p.float("mean_scale", default: 1)
    let output = p.float("output_scale", default: 1)
    for i in l.bottoms.indices {
      let channels = try l.size(1, of: i, "the number of channels")
      guard l.rank(i) == 4, channels % values.count == 0, channels <= 1 << 24 else {
        throw l.error("caffe.mean.channels", "\(channels) channels do not divide by \(values.count) values", p, "value")
      }
      let mean = (0..<channels).map { scale * sign * values[$0 % values.count] }
      let scaled = try l.binary(
        .multiply, try l.bottom(i), try l.constant("input_scale\(i)", scalar: factor), "scaled\(i)")
      let moved = try l.binary(
        .add, scaled, l.constant("mean\(i)", try Tensor(mean, shape: [1, channels, 1, 1])), "moved\(i)")
      try l.emit(BinaryMap(.multiply), [moved, try l.constant("output_scale\(i)", scalar: output)], top: i)
    }
  }
}

/// What FlowNet's losses share: one bottom or the difference of two, elements without a number counted as 0.
private struct FlowDifference {
  let value: ValueID
  /// What the sum is divided by.
  let divisor: ValueID

  init(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) {
    guard l.rank() == 4 else { throw l.error("caffe.loss.rank", "the bottom must have 4 axes") }
    var x = try l.bottom()
    if l.bottoms.count == 2 {
      try l.requireSameShape(0, 1, "caffe.loss.shape")
      x = try l.binary(.subtract, x, try l.bottom(1), "difference")
    }
    let isNaN = try l.map(.isNaN, x, "is_nan")
    value = try l.select(isNaN, try l.constant("zero", scalar: 0), x, "numbers")
    guard p.bool("normalize_by_num_entries") else {
      divisor = try l.constant("batch", scalar: Float(try l.size(0, "the batch size")))
      return
    }
    let counted = try l.cast(try l.map(.not, isNaN, "is_number"), .float32, "counted")
    let channels = try l.constant("channels", scalar: Float(try l.size(1, "the number of channels")))
    divisor = try l.binary(.divide, try l.sum(counted, axes: nil, "count"), channels, "entries")
  }

  /// Σ over channels, kept as an axis; their mean where the block says so.
  static func channelSum(_ l: LayerBuilder, _ p: ParameterBlock, _ x: ValueID) throws(Diagnostic) -> ValueID {
    let kind: Reduction.Function = p.bool("l2_prescale_by_channels") ? .mean : .sum
    return try l.add(Reduction(kind), [x, try l.constant("channel_axis", ints: [1])], "over_channels")
  }
}

/// Σ |d|, or Σ √(Σ_c d² + ε) with `l2_per_location`, over the batch size or the number of entries; what is below `plateau`
/// counts as 0. Source: FlowNet 2 l1loss_layer.{cpp,cu}.
enum L1LossLayer: LossTranslator {
  static var types: [String] { ["L1Loss"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("l1_loss_param")
    let d = try FlowDifference(l, p)
    let plateau = p.float("plateau")
    var terms: ValueID
    if p.bool("l2_per_location") {
      terms = try FlowDifference.channelSum(l, p, try l.binary(.multiply, d.value, d.value, "square"))
      terms = try masked(l, terms, below: plateau * plateau)
      let epsilon = try l.constant("epsilon", scalar: p.float("epsilon", default: 0.01))
      terms = try l.map(.squareRoot, try l.binary(.add, terms, epsilon, "shifted"), "norm")
    } else {
      terms = try masked(l, try l.map(.absolute, d.value, "size"), below: plateau)
    }
    try l.emit(BinaryMap(.divide), [try l.sum(terms, axes: nil, "sum"), d.divisor])
  }

  private static func masked(_ l: LayerBuilder, _ x: ValueID, below limit: Float) throws(Diagnostic) -> ValueID {
    guard limit > 0 else { return x }
    let isLow = try l.binary(.less, x, try l.constant("plateau", scalar: limit), "is_plateau")
    return try l.select(isLow, try l.constant("nothing", scalar: 0), x, "counted_terms")
  }
}

/// Σ (Σ_c (|d| + ε_p)^p + ε_q)^q over the batch size or the number of entries; p and q as at iteration 0.
/// Source: FlowNet 2 lpq_loss_layer.{cpp,cu}.
enum LpqLossLayer: LossTranslator {
  static var types: [String] { ["LpqLoss"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("lpq_loss_param")
    let (ps, qs, starts) = (p.floats("p"), p.floats("q"), p.ints("pq_episode_starts_at_iter"))
    guard ps.count == qs.count, let first = ps.first, let second = qs.first,
      starts.count == ps.count || (starts.isEmpty && ps.count == 1), starts.first ?? 0 == 0
    else {
      throw l.error(
        "caffe.lpq.schedule", "\(starts.count) starts, \(ps.count) p and \(qs.count) q do not fit each other", p, "p")
    }
    let d = try FlowDifference(l, p)
    func power(_ x: ValueID, _ e: Float, _ shift: Float, _ role: String) throws(Diagnostic) -> ValueID {
      try l.map(.affinePower(power: FloatBits(e), scale: 1, shift: FloatBits(shift)), x, role)
    }
    let size = try l.map(.absolute, d.value, "size")
    let inner = try power(size, first, p.float("p_epsilon"), "p_power")
    let sum = try FlowDifference.channelSum(l, p, inner)
    let outer = try power(sum, second, p.float("q_epsilon", default: 0.01), "q_power")
    try l.emit(BinaryMap(.divide), [try l.sum(outer, axes: nil, "sum"), d.divisor])
  }
}
