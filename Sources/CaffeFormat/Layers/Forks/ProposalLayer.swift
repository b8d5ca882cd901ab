import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Faster R-CNN's region proposals: anchors moved by predictions, clipped, the best kept after suppression. Result
/// [K, 5] of image 0, second top the scores [K, 1]. Bottoms: scores [1, 2A, H, W], moves [1, 4A, H, W], image [1, 3].
///
/// Known as layer type Proposal, and as a Python layer whose settings are in `param_str`. SimplerNMS is a form of it that
/// cuts the picture's height, width and scale to whole numbers, and drops boxes whose score is not positive.
/// Sources: py-faster-rcnn lib/rpn/proposal_layer.py, generate_anchors.py; Intel Caffe's simpler_nms_layer.cpp,
/// gen_anchors.cpp.
enum ProposalLayer: LayerTranslator {
  static var types: [String] { ["Proposal", "SimplerNMS"] }
  static var bottoms: ClosedRange<Int> { 3...3 }
  static var tops: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let s = try ProposalSettings(l)
    let anchors = s.anchors()
    guard l.rank() == 4, l.rank(1) == 4, try l.size(0, "the batch size") == 1 else {
      throw l.error("caffe.proposal.shape", "bottoms 0 and 1 must have 4 axes and one item")
    }
    let (h, w) = (try l.size(2, "the height"), try l.size(3, "the width"))
    let a = anchors.count
    guard try l.size(1, "the number of scores") == 2 * a, l.shape(1) == [1, Dim(4 * a), Dim(h), Dim(w)] else {
      throw l.error(
        "caffe.proposal.anchors",
        "bottoms of shapes \(shapeText(l.shape())) and \(shapeText(l.shape(1))) do not fit "
          + "\(a) anchors")
    }
    guard let total = checkedProduct([h, w, a]), total <= 1 << 24 else {
      throw l.error("caffe.proposal.size", "anchors on \(h) by \(w) places are too many")
    }
    // Lists of images have more numbers in a row: the height, the width and the scale come first.
    let numbers = try l.number(l.count(l.shape(2)), "the picture's size")
    guard numbers >= 3, numbers <= 64 else {
      throw l.error("caffe.proposal.image", "the third bottom has \(numbers) numbers, not 3")
    }
    let row = try l.reshaped(try l.bottom(2), to: [Dim(numbers)], "image_flat")
    let isSimpler = l.layer.type == "SimplerNMS"
    let sizes = isSimpler ? try l.map(.floor, row, "image_whole") : row
    let image = try l.pieces(sizes, axis: 0, count: numbers, "image")
    let boxes = try clipped(l, try moved(l, s, anchors, h, w), image)
    let scores = try foreground(l, a, total)
    try keep(l, s, boxes, scores, image, total)
  }

  /// Scores of the second half of channels by place and anchor, [total].
  private static func foreground(_ l: LayerBuilder, _ a: Int, _ total: Int) throws(Diagnostic) -> ValueID {
    let half = try l.equalParts(try l.bottom(), axis: 1, count: 2, of: a, "score_halves")
    return try l.reshaped(try l.add(Transpose([0, 2, 3, 1]), [half[1]], "scores_by_place"), to: [Dim(total)], "scores")
  }

  /// Anchors at every place moved by the predictions: x1, y1, x2, y2, each [total, 1].
  private static func moved(
    _ l: LayerBuilder, _ s: ProposalSettings, _ anchors: [[Float]], _ h: Int, _ w: Int
  ) throws(Diagnostic) -> [ValueID] {
    var centers: [[Float]] = [[], []]
    var sizes: [[Float]] = [[], []]
    for y in 0..<h {
      for x in 0..<w {
        for box in anchors {
          for k in 0..<2 {
            let shift = Float(k == 0 ? x : y) * Float(s.stride)
            let size = box[k + 2] - box[k] + 1
            sizes[k].append(size)
            centers[k].append(box[k] + shift + 0.5 * size)
          }
        }
      }
    }
    let total = h * w * anchors.count
    let moves = try l.reshaped(
      try l.add(Transpose([0, 2, 3, 1]), [try l.bottom(1)], "moves_by_place"), to: [Dim(total), 4], "moves")
    let d = try l.pieces(moves, axis: 1, count: 4, "move")
    let half = try l.constant("half", scalar: 0.5)
    var low: [ValueID] = []
    var high: [ValueID] = []
    for k in 0..<2 {
      let size = l.constant("anchor_size\(k)", try Tensor(sizes[k], shape: [total, 1]))
      let middle = l.constant("anchor_center\(k)", try Tensor(centers[k], shape: [total, 1]))
      let center = try l.binary(.add, try l.binary(.multiply, d[k], size, "shift\(k)"), middle, "center\(k)")
      let extent = try l.binary(.multiply, try l.map(.exponential, d[k + 2], "growth\(k)"), size, "size\(k)")
      let reach = try l.binary(.multiply, extent, half, "reach\(k)")
      low.append(try l.binary(.subtract, center, reach, "low\(k)"))
      high.append(try l.binary(.add, center, reach, "high\(k)"))
    }
    return low + high
  }

  /// Coordinates inside the image.
  private static func clipped(
    _ l: LayerBuilder, _ boxes: [ValueID], _ image: [ValueID]
  ) throws(Diagnostic) -> [ValueID] {
    let zero = try l.constant("zero", scalar: 0)
    let one = try l.constant("one", scalar: 1)
    var out: [ValueID] = []
    for (k, v) in boxes.enumerated() {
      let limit = try l.binary(.subtract, image[k % 2 == 0 ? 1 : 0], one, "limit\(k)")
      out.append(try l.binary(.maximum, try l.binary(.minimum, v, limit, "below\(k)"), zero, "clipped\(k)"))
    }
    return out
  }

  /// Large enough boxes, the best of them, without those that overlap a better one.
  private static func keep(
    _ l: LayerBuilder, _ s: ProposalSettings, _ b: [ValueID], _ scores: ValueID, _ image: [ValueID], _ total: Int
  ) throws(Diagnostic) {
    let one = try l.constant("unit", scalar: 1)
    let least = try l.binary(.multiply, image[2], try l.constant("min_size", scalar: s.minimumSize), "least_size")
    var isLarge: [ValueID] = []
    for k in 0..<2 {
      let size = try l.binary(.add, try l.binary(.subtract, b[k + 2], b[k], "span\(k)"), one, "extent\(k)")
      isLarge.append(try l.binary(.greaterOrEqual, size, least, "is_large\(k)"))
    }
    let fits = try l.reshaped(try l.binary(.and, isLarge[0], isLarge[1], "fits"), to: [Dim(total)], "fits_flat")
    let usable = try l.select(fits, scores, try l.constant("never", scalar: -.infinity), "usable")
    let count = s.before > 0 ? min(s.before, total) : total
    let best = try l.addAll(TopK(axis: 0), [usable, try l.constant("pre_nms", ints: [count])], "best")
    guard best.count == 2, let bestScores = best[0], let order = best[1] else {
      throw l.error("caffe.layer.internal", "TopK gives no results")
    }
    let candidates = try l.add(
      Gather(axis: 0), [try l.add(Concat(axis: 1), b, "boxes"), order], "candidates")
    // Extents count both ends here: one more on the far side makes areas and overlaps the same.
    let far = l.constant("far_side", try Tensor([Float](arrayLiteral: 0, 0, 1, 1), shape: [1, 4]))
    let grown = try l.reshaped(try l.binary(.add, candidates, far, "grown"), to: [1, Dim(count), 4], "nms_boxes")
    let limit = s.after > 0 ? min(s.after, count) : count
    let kept = try l.add(
      NonMaxSuppression(),
      [
        grown, try l.reshaped(bestScores, to: [1, 1, Dim(count)], "nms_scores"),
        try l.constant("post_nms", ints: [limit]),
        l.constant("overlap", try Tensor([s.overlap])),
        l.constant("threshold", try Tensor([s.leastScore])),
      ], "kept")
    let third = try l.add(Gather(axis: 1), [kept, try l.constant("box_column", ints: [2])], "kept_column")
    let places = try l.add(Squeeze(), [third, try l.constant("column_axis", ints: [1])], "places")
    let boxes = try l.add(Gather(axis: 0), [candidates, places], "kept_boxes")
    let first = try l.pieces(boxes, axis: 1, count: 4, "kept_corner")[0]
    let batch = try l.binary(.subtract, first, first, "batch")
    try l.emit(Concat(axis: 1), [batch, boxes])
    guard l.topCount > 1 else { return }
    let keptScores = try l.add(Gather(axis: 0), [bestScores, places], "kept_scores")
    try l.emit(Unsqueeze(), [keptScores, try l.constant("score_axis", ints: [1])], top: 1)
  }
}

/// Settings of a proposal layer, from its block or from a Python layer's text.
struct ProposalSettings {
  var stride = 16
  var base = 16
  var minimumSize: Float = 16
  var ratios: [Float] = [0.5, 1, 2]
  var scales: [Float] = [8, 16, 32]
  var before = 6000
  var after = 300
  var overlap: Float = 0.7
  /// Scores must be greater.
  var leastScore = -Float.greatestFiniteMagnitude

  init(_ l: LayerBuilder) throws(Diagnostic) {
    if l.layer.type == "Python" {
      let text = PythonText(l.parameters("python_param").string("param_str"))
      if let v = text.numbers("feat_stride").first { stride = Self.whole(v) }
      if !text.numbers("scales").isEmpty { scales = text.numbers("scales") }
      if !text.numbers("ratios").isEmpty { ratios = text.numbers("ratios") }
    } else if l.layer.type == "SimplerNMS" {
      let p = l.parameters("simpler_nms_param")
      stride = p.int("feat_stride", default: 16)
      minimumSize = Float(p.int("min_bbox_size", default: 16))
      scales = p.floats("scale")
      before = p.int("pre_nms_topn", default: 6000)
      after = p.int("post_nms_topn", default: 300)
      overlap = p.float("iou_threshold", default: 0.7)
      leastScore = 0
    } else {
      let p = l.parameters("proposal_param")
      func number(_ names: [String]) -> Float? {
        for n in names where p.has(n) { return p.floats(n).last ?? Float(p.int(n)) }
        return nil
      }
      stride = Self.whole(number(["feat_stride"]) ?? 16)
      base = Self.whole(number(["base_size", "anchor_base_size"]) ?? 16)
      minimumSize = number(["min_size", "rpn_min_size"]) ?? 16
      if !p.floats("ratio").isEmpty { ratios = p.floats("ratio") }
      if !p.floats("scale").isEmpty { scales = p.floats("scale") }
      // One form gives only how many: three are the usual ones, else there is one.
      if p.has("anchor_scale"), number(["anchor_scale"]) != 3 { scales = [32] }
      if p.has("anchor_ratio"), number(["anchor_ratio"]) != 3 { ratios = [1] }
      before = Self.whole(number(["pre_nms_topn"]) ?? 6000)
      after = Self.whole(number(["post_nms_topn", "max_rois"]) ?? 300)
      overlap = number(["nms_thresh", "iou_threshold", "rpn_nms_thresh"]) ?? 0.7
    }
    guard stride >= 1, base >= 1, base < 1 << 16, ratios.count * scales.count <= 1 << 12, !scales.isEmpty,
      (ratios + scales).allSatisfy({ $0 > 0 && $0 < 1e4 })
    else {
      throw l.error("caffe.proposal.settings", "stride, base size, ratios and scales must be positive")
    }
  }

  /// The nearest whole number; 0 for what is none.
  private static func whole(_ v: Float) -> Int { Int(exactly: min(max(v, -1e9), 1e9).rounded()) ?? 0 }

  /// x1, y1, x2, y2 of each anchor around the first place: ratios outside, scales inside.
  func anchors() -> [[Float]] {
    let size = Float(base)
    let center = 0.5 * (size - 1)
    var out: [[Float]] = []
    for r in ratios {
      // NumPy's round: halves to even.
      let w = (size * size / r).squareRoot().rounded(.toNearestOrEven)
      let h = (w * r).rounded(.toNearestOrEven)
      for s in scales {
        let (x, y) = (0.5 * (w * s - 1), 0.5 * (h * s - 1))
        out.append([center - x, center - y, center + x, center + y])
      }
    }
    return out
  }
}
