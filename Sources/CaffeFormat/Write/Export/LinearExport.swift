import Diagnostics
import ModelGraph
import TensorCore

/// Products with constant matrices as InnerProduct layers.
enum LinearExport {
  static func innerProduct(_ op: InnerProduct, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    guard let weights = w.constant(n, 1) else { throw w.refuse(n, "the weights are computed") }
    let isTransposed = op.weightLayout == .inputsByOutputs
    try layer(n, weights, isTransposed: isTransposed, axis: op.axis, bias: 2, &w)
  }

  static func gemm(_ op: Gemm, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    guard !op.transposesA, let given = w.constant(n, 1), given.rank == 2 else {
      throw w.refuse(n, "a product that is transposed, or of two computed matrices")
    }
    guard op.beta.value == 1 || !w.has(n, 2) else { throw w.refuse(n, "a third operand that is scaled") }
    let alpha = op.alpha.value
    let weights = alpha == 1 ? given : try Tensor(try given.floats().map { $0 * alpha }, shape: given.shape)
    if w.has(n, 2), let c = w.constant(n, 2), c.count != weights.shape[op.transposesB ? 0 : 1] {
      throw w.refuse(n, "the third operand of shape \(c.shape) is no bias")
    }
    try layer(n, weights, isTransposed: !op.transposesB, axis: 1, bias: 2, &w)
  }

  static func matMul(_ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let rank = try w.shape(n, 0).count
    guard let weights = w.constant(n, 1), weights.rank == 2, rank >= 2 else {
      throw w.refuse(n, "a product of two computed matrices")
    }
    try layer(n, weights, isTransposed: true, axis: rank - 1, bias: nil, &w)
  }

  private static func layer(
    _ n: Node, _ weights: Tensor, isTransposed: Bool, axis: Int, bias: Int?, _ w: inout GraphExportWriter
  ) throws(Diagnostic) {
    guard weights.rank == 2 else { throw w.refuse(n, "weights of shape \(weights.shape)") }
    let outputs = weights.shape[isTransposed ? 1 : 0]
    var blobs = [weights]
    if let bias, w.has(n, bias) {
      guard let b = w.constant(n, bias), b.count == outputs else { throw w.refuse(n, "the bias is computed") }
      blobs.append(try b.reshaped([outputs]))
    }
    var d = LayerDraft(
      w.newLayer(n.name), "InnerProduct", bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)], blobs: blobs)
    let p = "inner_product_param"
    try d.set(p, "num_output", uint: outputs)
    if blobs.count == 1 { try d.set(p, "bias_term", bool: false) }
    if axis != 1 { try d.set(p, "axis", int: axis) }
    if isTransposed { try d.set(p, "transpose", bool: true) }
    w.add(d)
  }
}

/// Normalisations as Caffe layers.
enum NormalizationExport {
  static func batchNorm(_ op: BatchNormalization, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let shape = try w.shape(n, 0)
    let channels = shape.count > 1 ? shape[1] : 1
    let zeros = try Tensor([Float](repeating: 0, count: channels), shape: [channels])
    var stats = [zeros, zeros, try Tensor([Float(0)])]
    if op.statistics == .given {
      guard let mean = w.constant(n, 3), let variance = w.constant(n, 4) else {
        throw w.refuse(n, "mean or variance is computed")
      }
      stats = [mean, variance, try Tensor([Float(1)])]
    }
    let hasScale = w.has(n, 1) || w.has(n, 2)
    let between = hasScale ? w.inner(n, "normalized") : try w.top(n)
    var d = LayerDraft(w.newLayer(n.name), "BatchNorm", bottoms: [try w.bottom(n, 0)], tops: [between], blobs: stats)
    try d.set("batch_norm_param", "use_global_stats", bool: op.statistics == .given)
    if op.epsilon.value != 1e-5 { try d.set("batch_norm_param", "eps", float: op.epsilon.value) }
    w.add(d)
    guard hasScale else { return }
    let ones = try Tensor([Float](repeating: 1, count: channels), shape: [channels])
    guard let scale = w.has(n, 1) ? w.constant(n, 1) : ones, let bias = w.has(n, 2) ? w.constant(n, 2) : zeros else {
      throw w.refuse(n, "scale or bias is computed")
    }
    var s = LayerDraft(
      w.newLayer(n.name + "/scale"), "Scale", bottoms: [between], tops: [try w.top(n)], blobs: [scale, bias])
    try s.set("scale_param", "bias_term", bool: true)
    w.add(s)
  }

  static func lrn(
    _ op: LocalResponseNormalization, _ n: Node, _ w: inout GraphExportWriter
  ) throws(Diagnostic) {
    guard op.size % 2 == 1 else { throw w.refuse(n, "a window of \(op.size); Caffe takes odd ones") }
    var d = LayerDraft(w.newLayer(n.name), "LRN", bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)])
    let p = "lrn_param"
    try d.set(p, "local_size", uint: op.size)
    try d.set(p, "alpha", float: op.alpha.value)
    try d.set(p, "beta", float: op.beta.value)
    if op.k.value != 1 { try d.set(p, "k", float: op.k.value) }
    if op.region == .withinChannel { try d.set(p, "norm_region", name: "WITHIN_CHANNEL") }
    w.add(d)
  }

  static func mvn(_ op: MeanVarianceNormalization, _ n: Node, _ w: inout GraphExportWriter) throws(Diagnostic) {
    let isAcross = op.axes.sorted() == [1, 2, 3]
    guard isAcross || op.axes.sorted() == [2, 3], op.epsilonPlace == .afterRoot || !op.normalizesVariance,
      try w.shape(n, 0).count == 4
    else { throw w.refuse(n, "normalisation over axes \(op.axes)") }
    var d = LayerDraft(w.newLayer(n.name), "MVN", bottoms: [try w.bottom(n, 0)], tops: [try w.top(n)])
    if isAcross { try d.set("mvn_param", "across_channels", bool: true) }
    if !op.normalizesVariance { try d.set("mvn_param", "normalize_variance", bool: false) }
    try d.set("mvn_param", "eps", float: op.epsilon.value)
    w.add(d)
  }
}
