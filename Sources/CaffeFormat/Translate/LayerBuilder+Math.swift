import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Short forms for layers that are several operators.
extension LayerBuilder {
  func map(_ f: UnaryFunction, _ x: ValueID, _ role: String) throws(Diagnostic) -> ValueID {
    try add(UnaryMap(f), [x], role)
  }

  func binary(_ f: BinaryFunction, _ a: ValueID, _ b: ValueID, _ role: String) throws(Diagnostic) -> ValueID {
    try add(BinaryMap(f), [a, b], role)
  }

  func cast(_ x: ValueID, _ type: DType, _ role: String) throws(Diagnostic) -> ValueID {
    try add(Cast(to: type), [x], role)
  }

  /// `condition` ? `a` : `b`.
  func select(_ condition: ValueID, _ a: ValueID, _ b: ValueID, _ role: String) throws(Diagnostic) -> ValueID {
    try add(Select(), [condition, a, b], role)
  }

  /// Throws where a table of all classes would be too large.
  func requireClasses(_ n: Int) throws(Diagnostic) {
    guard n <= 1 << 24 else { throw error("caffe.loss.classes", "\(n) classes are too many") }
  }

  /// Sums over `axes`; none keeps no axis at all.
  func sum(_ x: ValueID, axes: [Int]?, keep: Bool = false, _ role: String) throws(Diagnostic) -> ValueID {
    var inputs: [ValueID?] = [x]
    if let axes { inputs.append(try constant(role + "_axes", ints: axes)) }
    return try add(Reduction(.sum, keepsDimensions: keep), inputs, role)
  }

  /// The parts of `x` along `axis`, one element each.
  func pieces(_ x: ValueID, axis: Int, count: Int, _ role: String) throws(Diagnostic) -> [ValueID] {
    if count == 1 { return [x] }
    let sizes = try constant(role + "_sizes", ints: Array(repeating: 1, count: count))
    return try split(x, axis: axis, sizes: sizes, count: count, role)
  }

  /// `count` equal parts of `x` along `axis`.
  func equalParts(_ x: ValueID, axis: Int, count: Int, of part: Int, _ role: String) throws(Diagnostic) -> [ValueID] {
    if count == 1 { return [x] }
    let sizes = try constant(role + "_sizes", ints: Array(repeating: part, count: count))
    return try split(x, axis: axis, sizes: sizes, count: count, role)
  }

  func split(
    _ x: ValueID, axis: Int, sizes: ValueID, count: Int, _ role: String
  ) throws(Diagnostic) -> [ValueID] {
    let out = try addAll(Split(axis: axis, count: count), [x, sizes], role)
    var values: [ValueID] = []
    for v in out {
      guard let v else { throw error("caffe.layer.internal", "a part is missing") }
      values.append(v)
    }
    return values
  }
}

/// Scores and labels of a classification layer in the common form: scores [outer, classes, inner], labels
/// [outer, 1, inner] as whole numbers.
struct LabelledScores {
  let outer: Int
  let classes: Int
  let inner: Int
  let axis: Int
  let scores: ValueID
  /// Labels cut to whole numbers, as a C cast does.
  let labels: ValueID
  /// True where a label counts; nil where all do.
  let isValid: ValueID?
  /// [outer, classes, inner]: true at a label that counts.
  let isLabel: ValueID

  /// - Parameters:
  ///   - scores: replaces bottom 0 (its softmax); of the same shape.
  ///   - ignore: the label that does not count.
  /// - Throws: `caffe.loss.label-count` where labels and predictions do not fit.
  init(_ l: LayerBuilder, axis: Int, scores: ValueID? = nil, ignore: Int?) throws(Diagnostic) {
    self.axis = axis
    outer = try l.number(l.count(l.shape()[..<axis]), "the number of predictions")
    classes = try l.size(axis, "the number of classes")
    inner = try l.number(l.count(l.shape()[(axis + 1)...]), "the number of predictions")
    let labelCount = try l.number(l.count(l.shape(1)), "the number of labels")
    try l.requireClasses(classes)
    guard let predictions = checkedProduct([outer, inner]), labelCount == predictions else {
      throw l.error(
        "caffe.loss.label-count",
        "\(labelCount) labels for the \(outer) by \(inner) predictions of shape "
          + "\(shapeText(l.shape())) with classes on axis \(axis)")
    }
    let form = [Dim(outer), Dim(classes), Dim(inner)]
    let given = if let scores { scores } else { try l.bottom() }
    self.scores = try l.reshaped(given, to: form, "scores")
    let flat = try l.reshaped(try l.bottom(1), to: [Dim(outer), 1, Dim(inner)], "labels")
    labels = try l.cast(flat, .int64, "labels_int")
    let range = l.constant("classes", try Tensor((0..<classes).map { Int64($0) }, shape: [1, classes, 1]))
    var isLabel = try l.binary(.equal, labels, range, "is_label")
    if let ignore {
      let ignored = l.constant("ignore_label", try Tensor([Int64(ignore)], shape: [1, 1, 1]))
      let same = try l.binary(.equal, labels, ignored, "is_ignored")
      let valid = try l.map(.not, same, "is_valid")
      isLabel = try l.binary(.and, isLabel, valid, "is_counted_label")
      isValid = valid
    } else {
      isValid = nil
    }
    self.isLabel = isLabel
  }

  /// Σ over labels that count of `values` at the label; `values` has the form of the scores.
  func sumAtLabels(_ l: LayerBuilder, _ values: ValueID) throws(Diagnostic) -> ValueID {
    let zero = try l.constant("zero", scalar: 0)
    return try l.sum(try l.select(isLabel, values, zero, "at_labels"), axes: nil, "sum")
  }

  /// How many labels count, as a 0-d float.
  func validCount(_ l: LayerBuilder) throws(Diagnostic) -> ValueID? {
    guard let isValid else { return nil }
    return try l.sum(try l.cast(isValid, .float32, "valid"), axes: nil, "valid_count")
  }
}

/// What a loss is divided by.
enum LossNormalization: String {
  case full = "FULL", valid = "VALID", batchSize = "BATCH_SIZE", none = "NONE"

  /// The mode of `loss_param`, with its old `normalize` flag.
  init(_ l: LayerBuilder, default fallback: LossNormalization) throws(Diagnostic) {
    let p = l.parameters("loss_param")
    if p.has("normalization") {
      let name = p.name(of: "normalization", default: "VALID")
      guard let mode = LossNormalization(rawValue: name) else {
        throw l.error("caffe.loss.normalization", "unknown normalization \(name)", p, "normalization")
      }
      self = mode
    } else if p.has("normalize") {
      self = p.bool("normalize") ? .valid : .batchSize
    } else {
      self = fallback
    }
  }

  /// `loss` divided by max(1, normaliser), as top 0.
  func emit(
    _ l: LayerBuilder, _ loss: ValueID, outer: Int, inner: Int, valid: ValueID?
  ) throws(Diagnostic) {
    let divisor: ValueID
    switch self {
    case .valid where valid != nil:
      guard let valid else { return }
      divisor = try l.binary(.maximum, valid, try l.constant("one", scalar: 1), "normalizer")
    case .full, .valid: divisor = try l.constant("normalizer", scalar: Float(max(1, outer * inner)))
    case .batchSize: divisor = try l.constant("normalizer", scalar: Float(max(1, outer)))
    case .none: divisor = try l.constant("normalizer", scalar: 1)
    }
    try l.emit(BinaryMap(.divide), [loss, divisor])
  }
}
