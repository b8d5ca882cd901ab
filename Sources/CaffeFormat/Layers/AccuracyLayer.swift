import Diagnostics
import ModelGraph
import TensorCore

/// Share of predictions whose true class is among the `top_k` best; a tie with the true class counts against it.
/// Second top: the share by class. Source: accuracy_layer.cpp.
enum AccuracyLayer: LayerTranslator {
  static var types: [String] { ["Accuracy"] }
  static var bottoms: ClosedRange<Int> { 2...2 }
  static var tops: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("accuracy_param")
    let axis = try l.axis(p.int("axis", default: 1), p)
    let s = try LabelledScores(l, axis: axis, ignore: p.has("ignore_label") ? p.int("ignore_label") : nil)
    let k = p.int("top_k", default: 1)
    guard k <= s.classes else {
      throw l.error("caffe.accuracy.top-k", "top_k \(k) is greater than the \(s.classes) classes", p, "top_k")
    }
    let zero = try l.constant("zero", scalar: 0)
    let truth = try l.sum(try l.select(s.isLabel, s.scores, zero, "true_score"), axes: [1], keep: true, "truth")
    let notWorse = try l.cast(try l.binary(.greaterOrEqual, s.scores, truth, "not_worse"), .float32, "not_worse_count")
    // The true class itself is one of them.
    let rank = try l.sum(notWorse, axes: [1], keep: true, "rank")
    var isRight = try l.binary(.lessOrEqual, rank, try l.constant("top_k", scalar: Float(k)), "is_right")
    if let valid = s.isValid { isRight = try l.binary(.and, isRight, valid, "is_right_and_counted") }
    let right = try l.cast(isRight, .float32, "right")
    let counted = try s.validCount(l)
    let total = if let counted { counted } else { try l.constant("count", scalar: Float(s.outer * s.inner)) }
    let one = try l.constant("one", scalar: 1)
    let divisor = try l.binary(.maximum, total, one, "divisor")
    try l.emit(BinaryMap(.divide), [try l.sum(right, axes: nil, "right_count"), divisor])
    guard l.topCount > 1 else { return }
    let members = try l.cast(s.isLabel, .float32, "members")
    let hits = try l.sum(try l.binary(.multiply, members, right, "hits"), axes: [0, 2], "class_hits")
    let sizes = try l.sum(members, axes: [0, 2], "class_sizes")
    try l.emit(BinaryMap(.divide), [hits, try l.binary(.maximum, sizes, one, "class_divisor")], top: 1)
  }
}
