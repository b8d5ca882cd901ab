import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// SSD's suppression with a threshold that falls: each kept box multiplies it by `eta` while it is above ½. A loop over the
/// candidates of all classes at once, in falling order of score. Source: SSD bbox_util.cpp, ApplyNMSFast.
enum AdaptiveSuppression {
  /// Class and prior [K, 2] of the kept boxes; boxes [L, P, 4], scores [C, P].
  static func places(
    _ l: LayerBuilder, _ s: DetectionSettings, _ i: Int, boxes: ValueID, scores: ValueID
  ) throws(Diagnostic) -> ValueID {
    let count = s.topK >= 0 ? min(s.topK, s.priors) : s.priors
    let ranked = try l.addAll(TopK(axis: 1), [scores, try l.constant("candidates", ints: [count])], "ranked\(i)")
    guard ranked.count == 2, let values = ranked[0], let order = ranked[1] else {
      throw l.error("caffe.layer.internal", "TopK gives no result")
    }
    let isCandidate = try l.binary(
      .greater, values, try l.constant("threshold", scalar: s.threshold), "is_candidate\(i)")
    let corners = try l.pieces(try sorted(l, s, i, boxes, order, count), axis: 2, count: 4, "corner\(i)")
    let form = [Dim(s.classes), Dim(count)]
    var captured: [ValueID] = []
    for (k, v) in corners.enumerated() { captured.append(try l.reshaped(v, to: form, "side\(i)_\(k)")) }
    let body = try AdaptiveSuppressionBody.graph(classes: s.classes, count: count, eta: s.eta)
    let start = l.constant(
      "none_kept", try Tensor([Bool](repeating: false, count: s.classes * count), shape: [s.classes, count]))
    let overlap = l.constant(
      "overlap", try Tensor([Float](repeating: s.overlap, count: s.classes), shape: [s.classes, 1]))
    let results = try l.addAll(
      Loop(body: body, carried: 2),
      [l.constant("rounds", try Tensor(scalar: Int64(count))), nil, start, overlap] + captured + [isCandidate],
      "kept\(i)")
    guard let kept = results.first, let kept else { throw l.error("caffe.layer.internal", "the loop gives no result") }
    // Row by row: classes in order, in each the better ones first.
    let at = try l.add(Transpose([1, 0]), [try l.add(NonZero(), [kept], "kept_index\(i)")], "kept_ranks\(i)")
    let prior = try l.add(
      Unsqueeze(), [try l.add(GatherND(), [order, at], "kept_priors\(i)"), try l.constant("prior_axis", ints: [1])],
      "prior_column\(i)")
    let label = try l.add(Gather(axis: 1), [at, try l.constant("class_column", ints: [0])], "class_column\(i)")
    return try l.add(Concat(axis: 1), [label, prior], "places\(i)")
  }

  /// The boxes in the order of each class's candidates, [C, K, 4].
  private static func sorted(
    _ l: LayerBuilder, _ s: DetectionSettings, _ i: Int, _ boxes: ValueID, _ order: ValueID, _ count: Int
  ) throws(Diagnostic) -> ValueID {
    if s.sets == 1 {
      let flat = try l.reshaped(boxes, to: [Dim(s.priors), 4], "shared_boxes\(i)")
      return try l.add(Gather(axis: 0), [flat, order], "sorted_boxes\(i)")
    }
    let index = try l.add(Unsqueeze(), [order, try l.constant("corner_axis", ints: [2])], "order\(i)")
    let everywhere = try l.add(
      Expand(), [index, try l.constant("sorted_shape", ints: [s.classes, count, 4])], "order_of_corners\(i)")
    return try l.add(GatherElements(axis: 1), [boxes, everywhere], "sorted_boxes\(i)")
  }
}

/// One round: candidate `i` of every class against those that are kept.
private final class AdaptiveSuppressionBody {
  private var editor = GraphEditor(name: "suppression")

  static func graph(classes: Int, count: Int, eta: Float) throws(Diagnostic) -> Graph {
    let b = AdaptiveSuppressionBody()
    try b.build(classes, count, eta)
    return b.editor.graph
  }

  private func build(_ classes: Int, _ count: Int, _ eta: Float) throws(Diagnostic) {
    let form = ValueType.tensor(.float32, sizes: [classes, count])
    let flags = ValueType.tensor(.bool, sizes: [classes, count])
    let round = editor.addInput("round", .tensor(.int64, sizes: []))
    let condition = editor.addInput("going", .tensor(.bool, sizes: []))
    let kept = editor.addInput("kept", flags)
    let limit = editor.addInput("limit", .tensor(.float32, sizes: [classes, 1]))
    var side: [ValueID] = []
    for k in 0..<4 { side.append(editor.addInput("side\(k)", form)) }
    let isCandidate = editor.addInput("is_candidate", flags)
    let zero = editor.addConstant("zero", try Tensor(scalar: Float(0)))
    let half = editor.addConstant("half", try Tensor(scalar: Float(0.5)))
    let axis = editor.addConstant("column_axis", try Tensor([Int64(1)]))
    let overlap = try self.overlap(side, round, axis, zero)
    let isClose = try binary(.and, kept, try binary(.greater, overlap, limit, "is_close"), "is_close_to_kept")
    let worst = try node(Reduction(.maximum), [try node(Cast(to: .float32), [isClose], "closeness"), axis], "closest")
    let isFree = try binary(.less, worst, half, "is_free")
    let isKept = try binary(.and, isFree, try column(isCandidate, round, axis, "own_candidate"), "is_kept")
    let place = editor.addConstant("place", try Tensor((0..<count).map { Int64($0) }, shape: [1, count]))
    let here = try binary(.equal, place, round, "is_here")
    let next = try binary(.or, kept, try binary(.and, here, isKept, "kept_here"), "kept_next")
    let falls = try binary(.and, isKept, try binary(.greater, limit, half, "is_high"), "falls")
    let factor = editor.addConstant("eta", try Tensor(scalar: eta))
    let lower = try node(Select(), [falls, try binary(.multiply, limit, factor, "lowered"), limit], "limit_next")
    editor.setOutputs([try node(Identity(), [condition], "going_on"), next, lower])
  }

  /// Intersection over union of all boxes with those of this round, [C, K].
  private func overlap(
    _ side: [ValueID], _ round: ValueID, _ axis: ValueID, _ zero: ValueID
  ) throws(Diagnostic) -> ValueID {
    var own: [ValueID] = []
    for k in 0..<4 { own.append(try column(side[k], round, axis, "own\(k)")) }
    var common: [ValueID] = []
    for k in 0..<2 {
      let low = try binary(.maximum, side[k], own[k], "low\(k)")
      let high = try binary(.minimum, side[k + 2], own[k + 2], "high\(k)")
      common.append(try node(UnaryMap(.relu), [try binary(.subtract, high, low, "span\(k)")], "common\(k)"))
    }
    let both = try binary(.multiply, common[0], common[1], "common")
    let sum = try binary(.add, try area(side, "area"), try area(own, "own_area"), "areas")
    let ratio = try binary(.divide, both, try binary(.subtract, sum, both, "union"), "ratio")
    return try node(Select(), [try binary(.greater, both, zero, "is_common"), ratio, zero], "overlap")
  }

  private func area(_ b: [ValueID], _ name: String) throws(Diagnostic) -> ValueID {
    let w = try node(UnaryMap(.relu), [try binary(.subtract, b[2], b[0], name + "_x")], name + "_width")
    let h = try node(UnaryMap(.relu), [try binary(.subtract, b[3], b[1], name + "_y")], name + "_height")
    return try binary(.multiply, w, h, name)
  }

  /// Column `round`, [C, 1].
  private func column(_ x: ValueID, _ round: ValueID, _ axis: ValueID, _ name: String) throws(Diagnostic) -> ValueID {
    try node(Unsqueeze(), [try node(Gather(axis: 1), [x, round], name + "_flat"), axis], name)
  }

  private func binary(_ f: BinaryFunction, _ a: ValueID, _ b: ValueID, _ name: String) throws(Diagnostic) -> ValueID {
    try node(BinaryMap(f), [a, b], name)
  }

  private func node(_ op: any Operator, _ inputs: [ValueID?], _ name: String) throws(Diagnostic) -> ValueID {
    guard let v = try editor.insert(op, inputs, name: name)[0] else {
      throw .error("caffe.layer.internal", "\(op.operatorName) gives no result", status: .software)
    }
    return v
  }
}
