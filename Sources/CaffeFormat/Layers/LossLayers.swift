import Diagnostics
import ModelGraph
import TensorCore

/// A loss: two bottoms, one 0-d top that exists even where the net does not name it. loss_weight does not change it.
protocol LossTranslator: LayerTranslator {}

extension LossTranslator {
  static var bottoms: ClosedRange<Int> { 2...2 }
  static var automaticTops: Int { 1 }

  /// Bottoms 0 and 1 must have one batch size.
  static func requireBatch(_ l: LayerBuilder) throws(Diagnostic) {
    guard l.rank() > 0, l.rank(1) > 0 else { throw l.error("caffe.loss.rank", "a bottom has no axes") }
    if let a = l.shape()[0].value, let b = l.shape(1)[0].value, a != b {
      throw l.error("caffe.loss.batch", "the bottoms have \(a) and \(b) items")
    }
  }

  /// The batch size, and the number of elements of bottom 0.
  static func sizes(_ l: LayerBuilder) throws(Diagnostic) -> (num: Int, count: Int) {
    (try l.size(0, "the batch size"), try l.number(l.count(l.shape()), "the number of elements"))
  }

  static func ignoreLabel(_ l: LayerBuilder) -> Int? {
    let p = l.parameters("loss_param")
    return p.has("ignore_label") ? p.int("ignore_label") : nil
  }
}

/// −Σ ln softmax(x)[label] over labels that count. Source: softmax_loss_layer.cpp.
enum SoftmaxWithLossLayer: LossTranslator {
  static var types: [String] { ["SoftmaxWithLoss", "SoftmaxLoss"] }
  static var support: LayerSupport { .limited("the number of items must be known") }
  static var tops: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    try requireBatch(l)
    let p = l.parameters("softmax_param")
    let axis = try l.axis(p.int("axis", default: 1), p)
    let mode = try LossNormalization(l, default: .valid)
    let prob = try l.add(Softmax(axis: axis), [try l.bottom()], "prob")
    let s = try LabelledScores(l, axis: axis, scores: prob, ignore: ignoreLabel(l))
    let floor = try l.constant("smallest", scalar: .leastNormalMagnitude)
    let logs = try l.map(.naturalLog, try l.binary(.maximum, s.scores, floor, "clamped"), "log")
    let loss = try l.map(.negate, try s.sumAtLabels(l, logs), "loss")
    try mode.emit(l, loss, outer: s.outer, inner: s.inner, valid: try s.validCount(l))
    if l.topCount > 1 { l.setTop(1, prob) }
  }
}

/// −Σ H[label, k] · ln softmax(x)[k]; H is bottom 2. Source: infogain_loss_layer.cpp.
enum InfogainLossLayer: LossTranslator {
  static var types: [String] { ["InfogainLoss"] }
  static var support: LayerSupport {
    .limited("the matrix must be the third bottom: a file named by source is not read")
  }
  static var bottoms: ClosedRange<Int> { 2...3 }
  static var tops: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    try requireBatch(l)
    let p = l.parameters("infogain_loss_param")
    let loss = l.parameters("loss_param")
    guard !loss.has("normalize") else {
      throw l.error("caffe.infogain.normalize", "normalize is refused here; use normalization", loss, "normalize")
    }
    guard l.bottoms.count == 3 else {
      throw l.error(
        "caffe.infogain.source", "the matrix is in another file ('\(p.string("source"))')", p, "source",
        help: "feed the matrix as third bottom")
    }
    let axis = try l.axis(p.int("axis", default: 1), p)
    let prob = try l.add(Softmax(axis: axis), [try l.bottom()], "prob")
    let s = try LabelledScores(l, axis: axis, scores: prob, ignore: ignoreLabel(l))
    let c = s.classes
    guard c <= 1 << 16, try l.number(l.count(l.shape(2)), "the matrix's size") == c * c else {
      throw l.error("caffe.infogain.matrix", "the matrix of shape \(shapeText(l.shape(2))) is not \(c) by \(c)")
    }
    let floor = try l.constant("threshold", scalar: 1e-20)
    let logs = try l.map(.naturalLog, try l.binary(.maximum, s.scores, floor, "clamped"), "log")
    // One row of H per label: a product of the labels as unit vectors with H.
    let rows = try l.add(Transpose([0, 2, 1]), [try l.cast(s.isLabel, .float32, "one_hot")], "one_hot_rows")
    let h = try l.reshaped(try l.bottom(2), to: [Dim(c), Dim(c)], "matrix")
    let weights = try l.add(MatMul(), [rows, h], "rows_of_matrix")
    let logRows = try l.add(Transpose([0, 2, 1]), [logs], "log_rows")
    let total = try l.sum(try l.binary(.multiply, weights, logRows, "weighted"), axes: nil, "sum")
    try LossNormalization(l, default: .valid).emit(
      l, try l.map(.negate, total, "loss"), outer: s.outer, inner: s.inner, valid: try s.validCount(l))
    if l.topCount > 1 { l.setTop(1, prob) }
  }
}

/// Σ (a − b)² / (2 N). Source: euclidean_loss_layer.cpp.
enum EuclideanLossLayer: LossTranslator {
  static var types: [String] { ["EuclideanLoss"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    try requireBatch(l)
    let (num, _) = try sizes(l)
    let a = try l.count(l.shape().dropFirst())
    let b = try l.count(l.shape(1).dropFirst())
    guard a == b else { throw l.error("caffe.loss.shape", "the bottoms have \(a) and \(b) elements an item") }
    let other = try l.reshaped(try l.bottom(1), to: l.shape(), "target")
    let diff = try l.binary(.subtract, try l.bottom(), other, "difference")
    let sum = try l.add(Reduction(.sumSquare, keepsDimensions: false), [diff], "sum")
    try l.emit(BinaryMap(.divide), [sum, try l.constant("normalizer", scalar: Float(2 * num))])
  }
}

/// Σ max(0, 1 − δ x) / N, δ = 1 at the label and −1 elsewhere, or the squares. Source: hinge_loss_layer.cpp.
enum HingeLossLayer: LossTranslator {
  static var types: [String] { ["HingeLoss"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    try requireBatch(l)
    let (num, count) = try sizes(l)
    let p = l.parameters("hinge_loss_param")
    let labels = try l.number(l.count(l.shape(1)), "the number of labels")
    guard num > 0, labels >= num else {
      throw l.error("caffe.loss.label-count", "\(labels) labels for \(num) items")
    }
    try l.requireClasses(count / num)
    let x = try l.reshaped(try l.bottom(), to: [Dim(num), Dim(count / num)], "scores")
    let flat = try l.reshaped(try l.bottom(1), to: [Dim(labels)], "labels_flat")
    let first =
      labels == num
      ? flat
      : try l.add(
        Slice(), [flat, try l.constant("start", ints: [0]), try l.constant("end", ints: [num])], "labels_first")
    let column = try l.cast(try l.reshaped(first, to: [Dim(num), 1], "labels"), .int64, "labels_int")
    let range = l.constant("classes", try Tensor((0..<count / num).map { Int64($0) }, shape: [1, count / num]))
    let isLabel = try l.binary(.equal, column, range, "is_label")
    let signed = try l.select(isLabel, try l.map(.negate, x, "negated"), x, "signed")
    let margin = try l.binary(.add, signed, try l.constant("one", scalar: 1), "margin")
    let hinge = try l.map(.relu, margin, "hinge")
    let isL2 = p.name(of: "norm", default: "L1") == "L2"
    let sum = try l.add(Reduction(isL2 ? .sumSquare : .sum, keepsDimensions: false), [hinge], "sum")
    try l.emit(BinaryMap(.divide), [sum, try l.constant("normalizer", scalar: Float(num))])
  }
}

/// Cross entropy of sigmoid(x) with targets in [0, 1], in the form that does not overflow.
/// Source: sigmoid_cross_entropy_loss_layer.cpp.
enum SigmoidCrossEntropyLossLayer: LossTranslator {
  static var types: [String] { ["SigmoidCrossEntropyLoss"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    try requireBatch(l)
    let (num, count) = try sizes(l)
    guard try l.count(l.shape(1)).value == count else {
      throw l.error(
        "caffe.loss.shape", "bottoms of shapes \(shapeText(l.shape())) and \(shapeText(l.shape(1))) differ in count")
    }
    let x = try l.bottom()
    let target = try l.reshaped(try l.bottom(1), to: l.shape(), "target")
    // max(x, 0) − x t + ln(1 + e^−|x|)
    let product = try l.binary(.multiply, x, target, "product")
    let linear = try l.binary(.subtract, try l.map(.relu, x, "positive"), product, "linear")
    let magnitude = try l.map(.negate, try l.map(.absolute, x, "magnitude"), "negative_magnitude")
    var terms = try l.binary(.add, linear, try l.map(.softplus, magnitude, "log"), "terms")
    var valid: ValueID?
    if let ignore = ignoreLabel(l) {
      let whole = try l.cast(target, .int64, "target_int")
      let ignored = l.constant("ignore_label", try Tensor(scalar: Int64(ignore)))
      let same = try l.binary(.equal, whole, ignored, "is_ignored")
      terms = try l.select(same, try l.constant("zero", scalar: 0), terms, "counted")
      let counted = try l.cast(try l.map(.not, same, "is_valid"), .float32, "valid")
      valid = try l.sum(counted, axes: nil, "valid_count")
    }
    let loss = try l.sum(terms, axes: nil, "loss")
    try LossNormalization(l, default: .batchSize).emit(
      l, loss, outer: num, inner: num > 0 ? count / num : 0, valid: valid)
  }
}

/// Σ d² for similar pairs, Σ max(margin − d, 0)² for others, over 2 N. Source: contrastive_loss_layer.cpp.
enum ContrastiveLossLayer: LossTranslator {
  static var types: [String] { ["ContrastiveLoss"] }
  static var bottoms: ClosedRange<Int> { 3...3 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    try requireBatch(l)
    let p = l.parameters("contrastive_loss_param")
    for i in 0..<3 {
      let s = l.shape(i)
      guard s.count <= 4, s.dropFirst(2).allSatisfy({ $0.value == 1 }), i < 2 || s.dropFirst().allSatisfy({ $0 == 1 })
      else {
        throw l.error("caffe.loss.shape", "bottom \(i) of shape \(shapeText(s)) must be \(i < 2 ? "[N, C]" : "[N]")")
      }
    }
    let (num, count) = try sizes(l)
    let channels = num > 0 ? count / num : 0
    guard try l.count(l.shape(1)).value == count else {
      throw l.error("caffe.loss.shape", "bottoms 0 and 1 differ in shape")
    }
    let form = [Dim(num), Dim(channels)]
    let a = try l.reshaped(try l.bottom(), to: form, "a")
    let b = try l.reshaped(try l.bottom(1), to: form, "b")
    let similar = try l.reshaped(try l.bottom(2), to: [Dim(num)], "similar")
    let diff = try l.binary(.subtract, a, b, "difference")
    let square = try l.add(
      Reduction(.sumSquare, keepsDimensions: false), [diff, try l.constant("axes", ints: [1])], "distance_squared")
    let margin = try l.constant("margin", scalar: p.float("margin", default: 1))
    let others: ValueID
    if p.bool("legacy_version") {
      others = try l.map(.relu, try l.binary(.subtract, margin, square, "margin_left"), "others")
    } else {
      let distance = try l.map(.squareRoot, square, "distance")
      let left = try l.map(.relu, try l.binary(.subtract, margin, distance, "margin_left"), "left")
      others = try l.binary(.multiply, left, left, "others")
    }
    let isSimilar = try l.cast(try l.cast(similar, .int64, "similar_int"), .bool, "is_similar")
    let sum = try l.sum(try l.select(isSimilar, square, others, "pairs"), axes: nil, "sum")
    try l.emit(BinaryMap(.divide), [sum, try l.constant("normalizer", scalar: Float(2 * num))])
  }
}

/// −Σ ln max(p[label], 1e-20) / N. Source: multinomial_logistic_loss_layer.cpp.
enum MultinomialLogisticLossLayer: LossTranslator {
  static var types: [String] { ["MultinomialLogisticLoss"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    try requireBatch(l)
    guard l.rank(1) <= 4, l.shape(1).dropFirst().allSatisfy({ $0 == 1 }) else {
      throw l.error("caffe.loss.shape", "the labels of shape \(shapeText(l.shape(1))) must be [N]")
    }
    let (num, count) = try sizes(l)
    let dim = num > 0 ? count / num : 0
    try l.requireClasses(dim)
    let x = try l.reshaped(try l.bottom(), to: [Dim(num), Dim(dim)], "scores")
    let labels = try l.cast(try l.reshaped(try l.bottom(1), to: [Dim(num), 1], "labels"), .int64, "labels_int")
    let range = l.constant("classes", try Tensor((0..<dim).map { Int64($0) }, shape: [1, dim]))
    let isLabel = try l.binary(.equal, labels, range, "is_label")
    let floor = try l.constant("threshold", scalar: 1e-20)
    let logs = try l.map(.naturalLog, try l.binary(.maximum, x, floor, "clamped"), "log")
    let picked = try l.select(isLabel, logs, try l.constant("zero", scalar: 0), "at_labels")
    let loss = try l.map(.negate, try l.sum(picked, axes: nil, "sum"), "loss")
    try l.emit(BinaryMap(.divide), [loss, try l.constant("normalizer", scalar: Float(num))])
  }
}
