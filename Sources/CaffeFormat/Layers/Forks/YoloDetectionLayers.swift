import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// What the two layers share: entries of each anchor as columns, boxes from them, suppression over all classes at once.
private enum YoloRows {
  /// Bottom `i` as [N · H · W · anchors, entries], rows in the order of images, cells, anchors.
  static func table(_ l: LayerBuilder, _ i: Int, anchors: Int, entries: Int) throws(Diagnostic) -> ValueID {
    let (h, w) = try l.plane(i)
    let n = try l.size(0, of: i, "the batch size")
    let total = anchors > 0 ? checkedProduct([n, h, w, anchors, entries]) : nil
    guard let total, total <= 1 << 28, try l.size(1, of: i, "the number of channels") == anchors * entries else {
      throw l.error(
        "caffe.yolo.channels",
        "bottom \(i) of shape \(shapeText(l.shape(i))) must have \(anchors) anchors of \(entries) "
          + "channels")
    }
    let apart = try l.reshaped(
      try l.bottom(i), to: [Dim(n), Dim(anchors), Dim(entries), Dim(h), Dim(w)], "anchors\(i)")
    let ordered = try l.add(Transpose([0, 3, 4, 1, 2]), [apart], "by_cell\(i)")
    return try l.reshaped(ordered, to: [Dim(n * h * w * anchors), Dim(entries)], "entries\(i)")
  }

  /// Columns `from ..< to` of a table.
  static func columns(
    _ l: LayerBuilder, _ table: ValueID, _ from: Int, _ to: Int, _ role: String
  ) throws(Diagnostic) -> ValueID {
    try l.add(
      Slice(),
      [
        table, try l.constant(role + "_from", ints: [from]), try l.constant(role + "_to", ints: [to]),
        try l.constant(role + "_axis", ints: [1]),
      ], role)
  }

  /// Centres (cell + σ(t)) / cells and sizes eᵗ · anchor / divisor.
  static func boxes(
    _ l: LayerBuilder, _ i: Int, _ table: ValueID, anchors: [(Float, Float)], divisor: (Int, Int)
  ) throws(Diagnostic) -> [ValueID] {
    let (h, w) = try l.plane(i)
    let n = try l.size(0, of: i, "the batch size")
    let cells = n * h * w
    var places: [[Float]] = [[], []]
    var sizes: [[Float]] = [[], []]
    for cell in 0..<cells {
      for anchor in anchors {
        places[0].append(Float(cell % w))
        places[1].append(Float(cell / w % h))
        sizes[0].append(anchor.0)
        sizes[1].append(anchor.1)
      }
    }
    let rows = cells * anchors.count
    var out: [ValueID] = []
    for (k, extent) in [w, h].enumerated() {
      let t = try l.map(.sigmoid, try columns(l, table, k, k + 1, "shift\(i)_\(k)"), "part\(i)_\(k)")
      let place = try l.binary(
        .add, l.constant("cell\(i)_\(k)", try Tensor(places[k], shape: [rows, 1])), t, "place\(i)_\(k)")
      out.append(
        try l.binary(.divide, place, try l.constant("cells\(i)_\(k)", scalar: Float(extent)), "centre\(i)_\(k)"))
    }
    for (k, extent) in [divisor.0, divisor.1].enumerated() {
      let growth = try l.map(.exponential, try columns(l, table, k + 2, k + 3, "stretch\(i)_\(k)"), "growth\(i)_\(k)")
      let size = try l.binary(
        .multiply, growth, l.constant("anchor\(i)_\(k)", try Tensor(sizes[k], shape: [rows, 1])), "size\(i)_\(k)")
      out.append(
        try l.binary(.divide, size, try l.constant("whole\(i)_\(k)", scalar: Float(extent)), "extent\(i)_\(k)"))
    }
    return out
  }

  /// Emits rows 0, class + 1, score, x₁, y₁, x₂, y₂ of what is left after suppression.
  ///
  /// - Parameters:
  ///   - places: [K, 2]: row among the boxes, class.
  ///   - scores: [K].
  ///   - boxes: x, y, width, height, each [P, 1].
  static func emit(
    _ l: LayerBuilder, places: ValueID, scores: ValueID, boxes: [ValueID], overlap: Float
  ) throws(Diagnostic) {
    let parts = try l.pieces(places, axis: 1, count: 2, "candidate")
    let index = try l.add(Squeeze(), [parts[0], try l.constant("index_axis", ints: [1])], "candidate_rows")
    let chosen = try l.add(Gather(axis: 0), [try l.add(Concat(axis: 1), boxes, "boxes"), index], "candidate_boxes")
    let outer = try l.constant("outer_axis", ints: [0])
    // A box that overlaps by just the threshold goes, so the limit is the next smaller number; IoU never exceeds 1.
    let limit = overlap > 0 ? min(overlap.nextDown, 1) : 0
    let count = try l.constant("limit", ints: [overlap > 0 ? Int(Int32.max) : 1])
    let kept = try l.add(
      NonMaxSuppression(isCenterAndSize: true),
      [
        try l.add(Unsqueeze(), [chosen, outer], "nms_boxes"),
        try l.add(Unsqueeze(), [scores, try l.constant("score_axes", ints: [0, 1])], "nms_scores"), count,
        l.constant("overlap", try Tensor([limit])), l.constant("least", try Tensor([-Float.greatestFiniteMagnitude])),
      ], "kept")
    let column = try l.add(Gather(axis: 1), [kept, try l.constant("box_column", ints: [2])], "kept_column")
    let order = try l.add(Squeeze(), [column, try l.constant("column_axis", ints: [1])], "kept_places")
    func picked(_ x: ValueID, _ role: String) throws(Diagnostic) -> ValueID {
      try l.add(Gather(axis: 0), [x, order], role)
    }
    let one = try l.constant("one", scalar: 1)
    let label = try l.binary(.add, try l.cast(try picked(parts[1], "kept_class"), .float32, "class"), one, "label")
    let image = try l.binary(.subtract, label, label, "image")
    let score = try l.add(
      Unsqueeze(), [try picked(scores, "kept_scores"), try l.constant("score_column_axis", ints: [1])], "score")
    let box = try l.pieces(try picked(chosen, "kept_boxes"), axis: 1, count: 4, "kept_box")
    let half = try l.constant("half", scalar: 0.5)
    var corners: [ValueID] = []
    for f in [BinaryFunction.subtract, .add] {
      for k in 0..<2 {
        let reach = try l.binary(.multiply, box[k + 2], half, "reach\(k)")
        corners.append(try l.binary(f, box[k], reach, "corner\(k)"))
      }
    }
    let rows = try l.add(Concat(axis: 1), [image, label, score] + corners, "rows")
    try l.emitDetections(rows, images: try l.size(0, "the batch size"))
  }

  /// Index tuples [K, 2] and values [K] where `isWanted` [P, C] is true.
  static func wanted(
    _ l: LayerBuilder, _ isWanted: ValueID, of scores: ValueID
  ) throws(Diagnostic) -> (places: ValueID, scores: ValueID) {
    let places = try l.add(Transpose([1, 0]), [try l.add(NonZero(), [isWanted], "wanted")], "wanted_places")
    return (places, try l.add(GatherND(), [scores, places], "wanted_scores"))
  }
}

/// YOLO v2's last layer: each anchor's best class, suppression over all classes (and, as the layer does it, over all
/// images) at once. Result [1, 1, K, 7]: 0, class + 1, score, corners as parts of the picture, scores falling.
/// Source: MobileNet-YOLO yolo_detection_output_layer.cpp.
enum YoloDetectionOutputLayer: LayerTranslator {
  static var types: [String] { ["YoloDetectionOutput"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("yolo_detection_output_param")
    guard p.has("num_classes") else {
      throw l.error("caffe.yolo.num-classes", "num_classes must be given", p, "num_classes")
    }
    let classes = p.int("num_classes", default: 20)
    let anchors = try pairs(l, p, p.int("num_box", default: 5))
    guard classes > 0, classes <= 1 << 16 else { throw l.error("caffe.yolo.num-classes", "\(classes) classes", p) }
    let least = try l.constant("confidence", scalar: p.float("confidence_threshold", default: 0.01))
    var boxes: [[ValueID]] = []
    var scores: [ValueID] = []
    var labels: [ValueID] = []
    for i in l.bottoms.indices {
      let (h, w) = try l.plane(i)
      guard h == w else { throw l.error("caffe.yolo.square", "bottom \(i) of \(h) by \(w) cells is not square") }
      let table = try YoloRows.table(l, i, anchors: anchors.count, entries: 5 + classes)
      boxes.append(try YoloRows.boxes(l, i, table, anchors: anchors, divisor: (w, h)))
      let object = try l.map(.sigmoid, try YoloRows.columns(l, table, 4, 5, "object_entry\(i)"), "object\(i)")
      let logits = try YoloRows.columns(l, table, 5, 5 + classes, "class_entries\(i)")
      let probability = try l.add(Softmax(axis: 1), [logits], "probability\(i)")
      let best = try l.add(
        Reduction(.maximum), [probability, try l.constant("class_axis\(i)", ints: [1])], "best\(i)")
      scores.append(try l.binary(.multiply, object, best, "score\(i)"))
      labels.append(try l.add(ArgExtreme(isMaximum: true, axis: 1), [probability], "best_class\(i)"))
    }
    func joined(_ v: [ValueID], _ role: String) throws(Diagnostic) -> ValueID {
      v.count == 1 ? v[0] : try l.add(Concat(axis: 0), v, role)
    }
    let all = try joined(scores, "scores")
    var list: [ValueID] = []
    for k in 0..<4 { list.append(try joined(boxes.map { $0[k] }, "box\(k)")) }
    let isWanted = try l.binary(.greaterOrEqual, all, least, "is_wanted")
    let found = try YoloRows.wanted(l, isWanted, of: all)
    // The second index is 0 here: the class stands in a table of its own.
    let row = try l.pieces(found.places, axis: 1, count: 2, "wanted_part")[0]
    let index = try l.add(Squeeze(), [row, try l.constant("row_index_axis", ints: [1])], "wanted_rows")
    let label = try l.add(Gather(axis: 0), [try joined(labels, "classes"), index], "wanted_classes")
    let places = try l.add(Concat(axis: 1), [row, label], "wanted_with_class")
    try YoloRows.emit(
      l, places: places, scores: found.scores, boxes: list, overlap: p.float("nms_threshold", default: 0.45))
  }

  static func pairs(_ l: LayerBuilder, _ p: ParameterBlock, _ count: Int) throws(Diagnostic) -> [(Float, Float)] {
    let biases = p.floats("biases")
    guard count > 0, count <= 1 << 12, biases.count >= 2 * count else {
      throw l.error(
        "caffe.yolo.biases", "\(biases.count) biases for \(count) anchors: two are needed for each", p, "biases")
    }
    return (0..<count).map { (biases[2 * $0], biases[2 * $0 + 1]) }
  }
}

/// YOLO v3's last layer: every class of every anchor above the threshold, suppression as above. Bottoms: one a scale; the
/// anchors of scale t are `biases` at the `mask` entries of its group. Source: MobileNet-YOLO yolov3_detection_output_layer.cpp.
enum Yolov3DetectionOutputLayer: LayerTranslator {
  static var types: [String] { ["Yolov3DetectionOutput"] }
  static var bottoms: ClosedRange<Int> { 1...unlimited }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("yolov3_detection_output_param")
    guard p.has("num_classes") else {
      throw l.error("caffe.yolo.num-classes", "num_classes must be given", p, "num_classes")
    }
    guard !p.bool("gaussian_box") else {
      throw l.error("caffe.yolo.gaussian", "boxes with uncertainties are not supported", p, "gaussian_box")
    }
    let classes = p.int("num_classes", default: 20)
    let count = p.int("num_box", default: 3)
    let groups = p.int("mask_group_num", default: 2)
    let (mask, scales, biases) = (p.ints("mask"), p.ints("anchors_scale"), p.floats("biases"))
    guard classes > 0, classes <= 1 << 16, count > 0, count <= 1 << 12 else {
      throw l.error("caffe.yolo.num-classes", "\(classes) classes and \(count) anchors", p)
    }
    guard groups == l.bottoms.count, scales.count >= groups, scales.allSatisfy({ $0 > 0 && $0 <= 1 << 16 }) else {
      throw l.error(
        "caffe.yolo.groups", "\(l.bottoms.count) bottoms, \(groups) groups and \(scales.count) scales do not fit", p,
        "mask_group_num")
    }
    let step = mask.count / groups
    guard (groups - 1) * step + count <= mask.count, mask.allSatisfy({ $0 >= 0 && 2 * $0 + 1 < biases.count }) else {
      throw l.error(
        "caffe.yolo.mask", "the mask of \(mask.count) entries does not fit \(groups) groups of \(count)", p, "mask")
    }
    var boxes: [[ValueID]] = []
    var scores: [ValueID] = []
    for i in 0..<groups {
      let (h, w) = try l.plane(i)
      let anchors = (0..<count).map { n in (biases[2 * mask[i * step + n]], biases[2 * mask[i * step + n] + 1]) }
      let table = try YoloRows.table(l, i, anchors: count, entries: 5 + classes)
      boxes.append(try YoloRows.boxes(l, i, table, anchors: anchors, divisor: (w * scales[i], h * scales[i])))
      let all = try l.map(
        .sigmoid, try YoloRows.columns(l, table, 4, 5 + classes, "score_entries\(i)"), "activated\(i)")
      let object = try YoloRows.columns(l, all, 0, 1, "object\(i)")
      let each = try YoloRows.columns(l, all, 1, 1 + classes, "class\(i)")
      scores.append(try l.binary(.multiply, each, object, "score\(i)"))
    }
    func joined(_ v: [ValueID], _ role: String) throws(Diagnostic) -> ValueID {
      v.count == 1 ? v[0] : try l.add(Concat(axis: 0), v, role)
    }
    let all = try joined(scores, "scores")
    var list: [ValueID] = []
    for k in 0..<4 { list.append(try joined(boxes.map { $0[k] }, "box\(k)")) }
    let least = try l.constant("confidence", scalar: p.float("confidence_threshold", default: 0.01))
    let found = try YoloRows.wanted(l, try l.binary(.greater, all, least, "is_wanted"), of: all)
    try YoloRows.emit(
      l, places: found.places, scores: found.scores, boxes: list, overlap: p.float("nms_threshold", default: 0.45))
  }
}
