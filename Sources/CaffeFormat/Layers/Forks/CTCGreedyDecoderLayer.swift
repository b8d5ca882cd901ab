import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// The most probable class at each time step, repeats merged and blanks left out. Bottoms: probabilities [T, N, C], sequence
/// indicators [T, N], where a sequence ends before the first later step with 0. Results: classes [N, T, 1, 1], filled up
/// with −1; minus the sum of the greatest probabilities [N, 1, 1, 1]. Source: caffe-ctc's ctc_decoder_layer.cpp.
enum CTCGreedyDecoderLayer: LayerTranslator {
  static var types: [String] { ["CTCGreedyDecoder"] }
  static var bottoms: ClosedRange<Int> { 2...3 }
  static var tops: ClosedRange<Int> { 1...3 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("ctc_decoder_param")
    guard l.bottoms.count == 2, l.topCount <= 2 else {
      throw l.error("caffe.ctc.accuracy", "the accuracy against target sequences is not supported", p)
    }
    guard l.rank() >= 3, l.rank(1) >= 2 else {
      throw l.error("caffe.ctc.rank", "the bottoms must be [T, N, C] and [T, N]")
    }
    let (t, n, c) = (try l.size(0, "the number of steps"), try l.size(1, "the batch size"), try l.size(2, "classes"))
    guard let count = checkedProduct([t, n]), t > 0, n > 0, c > 0, count <= 1 << 26,
      try l.number(l.count(l.shape()), "elements") == count * c, try l.number(l.count(l.shape(1)), "elements") == count
    else {
      throw l.error(
        "caffe.ctc.shape",
        "bottoms of shapes \(shapeText(l.shape())) and \(shapeText(l.shape(1))) must be [T, N, C] and "
          + "[T, N]", p)
    }
    let blank = p.int("blank_index", default: -1)
    let x = try l.reshaped(try l.bottom(), to: [Dim(t), Dim(n), Dim(c)], "probabilities")
    let best = try l.add(ArgExtreme(isMaximum: true, axis: 2, keepsDimensions: false), [x], "best")
    let isRunning = try running(l, t, n)
    let isClass = try l.map(
      .not,
      try l.binary(.equal, best, l.constant("blank", try Tensor(scalar: Int64(blank < 0 ? c - 1 : blank))), "is_blank"),
      "is_class")
    var isKept = try l.binary(.and, isRunning, isClass, "is_counted")
    if p.bool("ctc_merge_repeated", default: true) {
      let first = l.constant("no_class", try Tensor([Int64](repeating: -1, count: n), shape: [1, n]))
      let before =
        t == 1 ? first : try l.add(Concat(axis: 0), [first, try rows(l, best, 0, t - 1, "earlier")], "before")
      isKept = try l.binary(
        .and, isKept, try l.map(.not, try l.binary(.equal, best, before, "is_repeated"), "is_new"), "is_kept")
    }
    try emitSequences(l, best, isKept, t, n)
    guard l.topCount > 1 else { return }
    let greatest = try l.add(
      Reduction(.maximum, keepsDimensions: false), [x, try l.constant("class_axis", ints: [2])], "greatest")
    let counted = try l.select(isRunning, greatest, try l.constant("nothing", scalar: 0), "counted")
    let sum = try l.map(.negate, try l.sum(counted, axes: [0], "score_sum"), "scores")
    try l.emitReshaped(sum, to: [Dim(n), 1, 1, 1], top: 1)
  }

  private static func rows(
    _ l: LayerBuilder, _ x: ValueID, _ from: Int, _ to: Int, _ role: String
  ) throws(Diagnostic) -> ValueID {
    try l.add(
      Slice(),
      [
        x, try l.constant(role + "_from", ints: [from]), try l.constant(role + "_to", ints: [to]),
        try l.constant(role + "_axis", ints: [0]),
      ], role)
  }

  /// [T, N]: true up to the end of each sequence; the first step always counts.
  private static func running(_ l: LayerBuilder, _ t: Int, _ n: Int) throws(Diagnostic) -> ValueID {
    let marks = try l.reshaped(try l.bottom(1), to: [Dim(t), Dim(n)], "indicators")
    let zero = try l.constant("zero", scalar: 0)
    let isEnd = try l.cast(try l.binary(.equal, marks, zero, "is_end"), .float32, "end")
    let later = l.constant("later", try Tensor((0..<t).map { Float($0 > 0 ? 1 : 0) }, shape: [t, 1]))
    let ends = try l.add(
      Cumulate(),
      [try l.binary(.multiply, isEnd, later, "later_end"), l.constant("time", try Tensor(scalar: Int64(0)))],
      "ends")
    return try l.binary(.equal, ends, zero, "is_running")
  }

  /// Moves what is kept to the front of each sequence: every class to its number among the kept ones, the others to a place
  /// behind the end, which is cut off.
  private static func emitSequences(
    _ l: LayerBuilder, _ best: ValueID, _ isKept: ValueID, _ t: Int, _ n: Int
  ) throws(Diagnostic) {
    let kept = try l.cast(isKept, .float32, "kept")
    let numbers = try l.add(Cumulate(), [kept, l.constant("steps", try Tensor(scalar: Int64(0)))], "numbers")
    let place = try l.binary(.subtract, numbers, try l.constant("one", scalar: 1), "place")
    let past = try l.constant("past", scalar: Float(t))
    let target = try l.cast(try l.select(isKept, place, past, "target"), .int64, "target_index")
    let empty = try l.constant("empty", scalar: -1)
    let value = try l.select(isKept, try l.cast(best, .float32, "class"), empty, "value")
    let blank = l.constant(
      "sequences_start", try Tensor([Float](repeating: -1, count: (t + 1) * n), shape: [t + 1, n]))
    let filled = try l.add(ScatterElements(axis: 0), [blank, target, value], "filled")
    let cut = try rows(l, filled, 0, t, "cut")
    try l.emitReshaped(try l.add(Transpose([1, 0]), [cut], "sequences"), to: [Dim(n), Dim(t), 1, 1])
  }
}
