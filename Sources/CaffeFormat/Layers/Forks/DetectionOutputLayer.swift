import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// SSD's last layer: decodes boxes, suppresses overlaps class by class, keeps the best. Result [1, 1, K, 7]: image, label,
/// score, box; images and labels in order, scores falling. Without any detection one row of −1 for each image.
/// Source: SSD detection_output_layer.cpp, bbox_util.cpp. More than three bottoms: see `RefinedDetection`.
enum DetectionOutputLayer: LayerTranslator {
  static var types: [String] { ["DetectionOutput"] }
  static var bottoms: ClosedRange<Int> { 3...5 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("detection_output_param")
    let s = try DetectionSettings(l, p)
    let boxes = try decode(l, p, s)
    let confidence = try l.reshaped(
      try l.bottom(1), to: [Dim(s.images), Dim(s.priors), Dim(s.classes)], "confidence")
    let scores = try l.add(
      Transpose([0, 2, 1]), [try RefinedDetection.scores(l, p, s, confidence)], "scores")
    let boxParts = try l.pieces(boxes, axis: 0, count: s.images, "boxes_of")
    let scoreParts = try l.pieces(scores, axis: 0, count: s.images, "scores_of")
    var rows: [ValueID] = []
    for i in 0..<s.images { rows.append(try image(l, s, i, boxParts[i], scoreParts[i])) }
    let found = rows.count == 1 ? rows[0] : try l.add(Concat(axis: 0), rows, "detections")
    try l.emitDetections(found, images: s.images)
  }

  /// Boxes as [N, L, P, 4], L = 1 or one set a class.
  private static func decode(
    _ l: LayerBuilder, _ p: ParameterBlock, _ s: DetectionSettings
  ) throws(Diagnostic) -> ValueID {
    let n = Dim(s.images)
    let places = [n, Dim(s.priors), Dim(s.sets), 4]
    let flat = try l.reshaped(try l.bottom(), to: places, "locations")
    let loc = try l.pieces(try l.add(Transpose([0, 2, 1, 3]), [flat], "locations_by_set"), axis: 3, count: 4, "loc")
    let both = try l.reshaped(try l.bottom(2), to: [2, 1, 1, Dim(s.priors), 4], "priors")
    let halves = try l.pieces(both, axis: 0, count: 2, "prior_half")
    let corner = [Dim(1), 1, Dim(s.priors), 4]
    let prior = try l.pieces(try l.reshaped(halves[0], to: corner, "prior_boxes"), axis: 3, count: 4, "prior")
    let variance = try l.pieces(try l.reshaped(halves[1], to: corner, "variances"), axis: 3, count: 4, "variance")
    let refined = try RefinedDetection.priors(l, p, s, prior, variance)
    return try l.add(Concat(axis: 3), try corners(l, p, s, loc, refined ?? prior, variance), "boxes")
  }

  /// The corners of priors after their moves, one value each.
  static func corners(
    _ l: LayerBuilder, _ p: ParameterBlock, _ s: DetectionSettings, _ loc: [ValueID], _ prior: [ValueID],
    _ variance: [ValueID]
  ) throws(Diagnostic) -> [ValueID] {
    // Offsets times their variance, unless the variance was put into the target.
    var d: [ValueID] = []
    for k in 0..<4 {
      d.append(s.isVarianceInTarget ? loc[k] : try l.binary(.multiply, loc[k], variance[k], "offset\(k)"))
    }
    let w = try l.binary(.subtract, prior[2], prior[0], "prior_width")
    let h = try l.binary(.subtract, prior[3], prior[1], "prior_height")
    switch s.code {
    case "CORNER":
      return try (0..<4).map4 { (k) throws(Diagnostic) in try l.binary(.add, prior[k], d[k], "corner\(k)") }
    case "CORNER_SIZE":
      return try (0..<4).map4 { (k) throws(Diagnostic) in
        let moved = try l.binary(.multiply, d[k], k % 2 == 0 ? w : h, "moved\(k)")
        return try l.binary(.add, prior[k], moved, "corner\(k)")
      }
    case "CENTER_SIZE": return try centerSize(l, d, prior, w, h)
    default: throw l.error("caffe.detection.code-type", "unknown code_type \(s.code)", p, "code_type")
    }
  }

  private static func centerSize(
    _ l: LayerBuilder, _ d: [ValueID], _ prior: [ValueID], _ w: ValueID, _ h: ValueID
  ) throws(Diagnostic) -> [ValueID] {
    let half = try l.constant("half", scalar: 0.5)
    var low: [ValueID] = []
    var high: [ValueID] = []
    for (k, size) in [w, h].enumerated() {
      let middle = try l.binary(
        .multiply, try l.binary(.add, prior[k], prior[k + 2], "prior_sum\(k)"), half, "center\(k)")
      let center = try l.binary(.add, try l.binary(.multiply, d[k], size, "shift\(k)"), middle, "box_center\(k)")
      let extent = try l.binary(.multiply, try l.map(.exponential, d[k + 2], "growth\(k)"), size, "box_size\(k)")
      let reach = try l.binary(.multiply, extent, half, "reach\(k)")
      low.append(try l.binary(.subtract, center, reach, "low\(k)"))
      high.append(try l.binary(.add, center, reach, "high\(k)"))
    }
    return low + high
  }

  /// The rows [K, 7] of one image; boxes [1, L, P, 4], scores [1, C, P].
  private static func image(
    _ l: LayerBuilder, _ s: DetectionSettings, _ i: Int, _ boxes: ValueID, _ scores: ValueID
  ) throws(Diagnostic) -> ValueID {
    let (c, p) = (Dim(s.classes), Dim(s.priors))
    var table = try l.reshaped(scores, to: [c, p], "scores\(i)")
    if s.background >= 0, s.background < s.classes {
      let isObject = try Tensor((0..<s.classes).map { $0 != s.background }, shape: [s.classes, 1])
      let never = try l.constant("never", scalar: -.infinity)
      table = try l.select(l.constant("is_object", isObject), table, never, "objects\(i)")
    }
    let boxTable = try l.reshaped(boxes, to: [Dim(s.sets), p, 4], "box_table\(i)")
    var all =
      s.eta < 1
      ? try AdaptiveSuppression.places(l, s, i, boxes: boxTable, scores: table)
      : try places(l, s, i, boxes: boxTable, scores: table)
    var score = try l.add(GatherND(), [table, all], "kept_scores\(i)")
    if s.keepTopK >= 0 { (all, score) = try best(l, s, i, all, score) }
    let columns = try l.pieces(all, axis: 1, count: 2, "columns\(i)")
    let boxPlace =
      s.sets == 1
      ? try l.add(
        Concat(axis: 1), [try l.binary(.subtract, columns[0], columns[0], "set\(i)"), columns[1]], "box_place\(i)")
      : all
    let box = try l.add(GatherND(), [boxTable, boxPlace], "kept_boxes\(i)")
    let label = try l.cast(columns[0], .float32, "labels\(i)")
    let zero = try l.binary(.subtract, label, label, "zeros\(i)")
    let number = try l.binary(.add, zero, try l.constant("image", scalar: Float(i)), "image\(i)")
    let column = try l.add(Unsqueeze(), [score, try l.constant("column", ints: [1])], "score_column\(i)")
    return try l.add(Concat(axis: 1), [number, label, column, box], "rows\(i)")
  }

  /// Class and prior [K, 2] of the boxes that suppression keeps; boxes [L, P, 4], scores [C, P].
  private static func places(
    _ l: LayerBuilder, _ s: DetectionSettings, _ i: Int, boxes: ValueID, scores: ValueID
  ) throws(Diagnostic) -> ValueID {
    let (c, p) = (Dim(s.classes), Dim(s.priors))
    var table = scores
    if s.topK >= 0, s.topK < s.priors {
      // The best of each class stay where they are; of equal scores the earlier priors.
      let none = try Tensor([Float](repeating: -.infinity, count: s.classes * s.priors), shape: [s.classes, s.priors])
      table = l.constant("no_candidates\(i)", none)
      if s.topK > 0 {
        let best = try l.addAll(TopK(axis: 1), [scores, try l.constant("top_k", ints: [s.topK])], "candidates\(i)")
        guard best.count == 2, let values = best[0], let index = best[1] else {
          throw l.error("caffe.layer.internal", "TopK gives no result")
        }
        table = try l.add(ScatterElements(axis: 1), [table, index, values], "candidate_scores\(i)")
      }
    }
    // Shared boxes: one batch of C classes. Boxes by class: C batches of one class.
    let isShared = s.sets == 1
    let nmsBoxes = try l.reshaped(try s.upright(l, boxes, i), to: isShared ? [1, p, 4] : [c, p, 4], "nms_boxes\(i)")
    let nmsScores = try l.reshaped(table, to: isShared ? [1, c, p] : [c, 1, p], "nms_scores\(i)")
    let limit = s.topK >= 0 ? min(s.topK, s.priors) : s.priors
    let kept = try l.add(
      NonMaxSuppression(),
      [
        nmsBoxes, nmsScores, try l.constant("limit", ints: [limit]),
        l.constant("overlap", try Tensor([min(s.overlap, 1)])),
        l.constant("threshold", try Tensor([s.threshold])),
      ], "kept\(i)")
    let columns = try l.constant("place_columns", ints: [isShared ? 1 : 0, 2])
    return try l.add(Gather(axis: 1), [kept, columns], "places\(i)")
  }

  /// The `keep_top_k` best of all classes, in the order they had.
  private static func best(
    _ l: LayerBuilder, _ s: DetectionSettings, _ i: Int, _ places: ValueID, _ score: ValueID
  ) throws(Diagnostic) -> (ValueID, ValueID) {
    let count = try l.add(ShapeOf(), [score], "count\(i)")
    let k = try l.binary(.minimum, count, try l.constant("keep_top_k", ints: [s.keepTopK]), "keep\(i)")
    let ranked = try l.addAll(TopK(axis: 0), [score, k], "ranked\(i)")
    guard let order = ranked[1] else { throw l.error("caffe.layer.internal", "TopK gives no result") }
    let sorted = try l.addAll(TopK(axis: 0, isLargest: false), [order, k], "sorted\(i)")
    guard let indices = sorted[0] else { throw l.error("caffe.layer.internal", "TopK gives no result") }
    return (
      try l.add(Gather(axis: 0), [places, indices], "best_places\(i)"),
      try l.add(Gather(axis: 0), [score, indices], "best_scores\(i)")
    )
  }
}

/// The settings of a detection layer, checked against its bottoms.
struct DetectionSettings {
  let images: Int
  let priors: Int
  let classes: Int
  /// Sets of boxes: 1 where classes share them.
  let sets: Int
  let background: Int
  let code: String
  let isVarianceInTarget: Bool
  let threshold: Float
  let overlap: Float
  /// Candidates a class; negative for all.
  let topK: Int
  let keepTopK: Int
  /// What the overlap threshold is multiplied by at each kept box while it is above ½.
  let eta: Float

  init(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) {
    guard p.has("num_classes"), p.int("num_classes") > 0 else {
      throw l.error("caffe.detection.num-classes", "num_classes must be given", p, "num_classes")
    }
    classes = p.int("num_classes")
    sets = p.bool("share_location", default: true) ? 1 : classes
    background = p.int("background_label_id")
    code = p.name(of: "code_type", default: "CORNER")
    isVarianceInTarget = p.bool("variance_encoded_in_target")
    keepTopK = p.int("keep_top_k", default: -1)
    threshold = p.has("confidence_threshold") ? p.float("confidence_threshold") : -.greatestFiniteMagnitude
    let nms = p.block("nms_param")
    overlap = nms.float("nms_threshold", default: 0.3)
    topK = nms.has("top_k") ? nms.int("top_k") : -1
    eta = nms.float("eta", default: 1)
    guard overlap >= 0 else {
      throw l.error("caffe.detection.nms", "nms_threshold must not be negative", nms, "nms_threshold")
    }
    guard eta > 0, eta <= 1 else {
      throw l.error("caffe.detection.eta", "eta \(eta) must be above 0 and at most 1", nms, "eta")
    }
    images = try l.size(0, "the batch size")
    priors = try l.number(l.count(l.shape(2)), "the number of priors") / 8
    let locations = try l.number(l.count(l.shape().dropFirst()), "the number of locations")
    let scores = try l.number(l.count(l.shape(1).dropFirst()), "the number of scores")
    guard images <= 1 << 10 else { throw l.error("caffe.detection.batch", "a batch of \(images) is too large") }
    guard locations == checkedProduct([priors, sets, 4]), scores == checkedProduct([priors, classes]), priors > 0 else {
      throw l.error(
        "caffe.detection.shape",
        "\(locations) locations and \(scores) scores do not fit \(priors) priors, \(classes) "
          + "classes and \(sets) sets of boxes", p)
    }
  }
}

extension DetectionSettings {
  /// The boxes as suppression sees them: one whose far corner lies before its near corner overlaps nothing.
  func upright(_ l: LayerBuilder, _ boxes: ValueID, _ i: Int) throws(Diagnostic) -> ValueID {
    if code == "CENTER_SIZE" { return boxes }
    let c = try l.pieces(boxes, axis: 2, count: 4, "box_corner\(i)")
    let far = [
      try l.binary(.maximum, c[0], c[2], "box_right\(i)"), try l.binary(.maximum, c[1], c[3], "box_bottom\(i)"),
    ]
    return try l.add(Concat(axis: 2), [c[0], c[1]] + far, "upright\(i)")
  }
}

extension Range<Int> {
  /// `map` whose errors keep their type.
  fileprivate func map4(_ body: (Int) throws(Diagnostic) -> ValueID) throws(Diagnostic) -> [ValueID] {
    var out: [ValueID] = []
    for i in self { out.append(try body(i)) }
    return out
  }
}
