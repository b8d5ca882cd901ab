import Diagnostics
import ModelGraph
import TensorCore

/// R-FCN's position-sensitive pooling: bin (i, j) of a region is the mean of its own group of channels there. Bottoms:
/// features [N, outputs · G², H, W], regions [R, 5]. Result [R, outputs, G, G]. Source: psroi_pooling_layer.cu.
///
/// The bins are products of a range of rows and a range of columns, so the sums are matrix products with masks.
enum PSROIPoolingLayer: LayerTranslator {
  static var types: [String] { ["PSROIPooling"] }
  static var bottoms: ClosedRange<Int> { 2...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("psroi_pooling_param")
    let outputs = p.int("output_dim")
    let group = p.int("group_size")
    guard outputs > 0, group > 0, group <= 64, outputs <= 1 << 20 else {
      throw l.error("caffe.psroi.size", "output_dim and group_size must be positive", p, "output_dim")
    }
    guard l.rank() == 4, try l.size(1, "channels") == outputs * group * group else {
      throw l.error(
        "caffe.psroi.channels", "features of shape \(shapeText(l.shape())) must be [N,\(outputs * group * group),H,W]",
        p)
    }
    let images = try l.size(0, "the batch size")
    guard images <= 1 << 10 else { throw l.error("caffe.psroi.batch", "a batch of \(images) is too large") }
    let (h, w) = (try l.size(2, "the height"), try l.size(3, "the width"))
    guard h <= 1 << 16, w <= 1 << 16 else { throw l.error("caffe.psroi.size", "a plane of \(h) by \(w) is too large") }
    let regions = try RegionShape.regions(l)
    let columns = try l.pieces(regions, axis: 1, count: 5, "column")
    let scale = p.float("spatial_scale", default: 1)
    let x = try bins(l, columns[1], columns[3], scale, group, w, "x")
    let y = try bins(l, columns[2], columns[4], scale, group, h, "y")
    let features = try l.reshaped(
      try l.bottom(), to: [Dim(images), Dim(outputs), Dim(group), Dim(group), Dim(h), Dim(w)], "features")
    let featureRows = try l.pieces(features, axis: 2, count: group, "group_row")
    let maskRows = try l.pieces(y.mask, axis: 1, count: group, "mask_row")
    let across = try l.add(Unsqueeze(), [x.mask, try l.constant("mask_axis", ints: [1])], "mask_columns")
    let r = l.shape(1)[0]
    var isOwn: ValueID?
    if images > 1 {
      let number = l.constant("image_numbers", try Tensor((0..<images).map { Float($0) }, shape: [1, images]))
      let same = try l.cast(try l.binary(.equal, columns[0], number, "is_own_image"), .float32, "own_image")
      isOwn = try l.reshaped(same, to: [r, Dim(images), 1], "own_images")
    }
    let row = [r, Dim(outputs), 1, Dim(group)]
    var rows: [ValueID] = []
    for i in 0..<group {
      // One block of rows an image; a region's mask is 0 outside its own.
      let byRow = try l.add(Transpose([0, 4, 1, 2, 3, 5]), [featureRows[i]], "rows_first\(i)")
      let matrix = try l.reshaped(byRow, to: [Dim(images * h), Dim(outputs * group * w)], "matrix\(i)")
      var mask = try l.reshaped(maskRows[i], to: [r, 1, Dim(h)], "row_mask\(i)")
      if let isOwn { mask = try l.binary(.multiply, mask, isOwn, "image_mask\(i)") }
      mask = try l.reshaped(mask, to: [r, Dim(images * h)], "flat_mask\(i)")
      let sums = try l.reshaped(
        try l.add(MatMul(), [mask, matrix], "row_sums\(i)"), to: [r, Dim(outputs), Dim(group), Dim(w)],
        "row_sums_4d\(i)")
      let picked = try l.binary(.multiply, sums, across, "picked\(i)")
      rows.append(try l.reshaped(try l.sum(picked, axes: [3], "bin_sums\(i)"), to: row, "bin_row\(i)"))
    }
    let total = rows.count == 1 ? rows[0] : try l.add(Concat(axis: 2), rows, "bins")
    let area = try l.binary(
      .multiply, try l.reshaped(y.count, to: [r, 1, Dim(group), 1], "heights"),
      try l.reshaped(x.count, to: [r, 1, 1, Dim(group)], "widths"), "area")
    try l.emit(BinaryMap(.divide), [total, try l.binary(.maximum, area, try l.constant("one", scalar: 1), "divisor")])
  }

  /// Of one axis: [R, G, size] with 1 inside a bin, and the bins' extents [R, G].
  private static func bins(
    _ l: LayerBuilder, _ first: ValueID, _ last: ValueID, _ scale: Float, _ group: Int, _ size: Int, _ axis: String
  ) throws(Diagnostic) -> (mask: ValueID, count: ValueID) {
    let half = try l.constant("half", scalar: 0.5)
    let one = try l.constant("unit", scalar: 1)
    let factor = try l.constant("spatial_scale", scalar: scale)
    // C's round: halves away from 0.
    func rounded(_ v: ValueID, _ role: String) throws(Diagnostic) -> ValueID {
      let size = try l.map(
        .floor, try l.binary(.add, try l.map(.absolute, v, role + "_size"), half, role + "_half"), role)
      return try l.binary(.multiply, size, try l.map(.sign, v, role + "_sign"), role + "_rounded")
    }
    let start = try l.binary(.multiply, try rounded(first, "first_\(axis)"), factor, "start_\(axis)")
    let past = try l.binary(.add, try rounded(last, "last_\(axis)"), one, "past_\(axis)")
    let end = try l.binary(.multiply, past, factor, "end_\(axis)")
    let extent = try l.binary(
      .maximum, try l.binary(.subtract, end, start, "span_\(axis)"), try l.constant("least", scalar: 0.1),
      "extent_\(axis)")
    let bin = try l.binary(.divide, extent, try l.constant("group", scalar: Float(group)), "bin_\(axis)")
    func edge(_ from: Int, _ f: UnaryFunction, _ role: String) throws(Diagnostic) -> ValueID {
      let steps = l.constant(role + "_steps", try Tensor((0..<group).map { Float($0 + from) }, shape: [1, group]))
      let place = try l.binary(.add, try l.binary(.multiply, steps, bin, role + "_offset"), start, role + "_place")
      return try l.map(.clamp(lower: 0, upper: FloatBits(Float(size))), try l.map(f, place, role + "_edge"), role)
    }
    let low = try edge(0, .floor, "low_\(axis)")
    let high = try edge(1, .ceil, "high_\(axis)")
    let positions = l.constant("positions_\(axis)", try Tensor((0..<size).map { Float($0) }, shape: [1, 1, size]))
    let deep = try l.constant("deep_\(axis)", ints: [2])
    let isPast = try l.binary(
      .greaterOrEqual, positions, try l.add(Unsqueeze(), [low, deep], "low_\(axis)_3d"), "is_past_\(axis)")
    let isBefore = try l.binary(
      .less, positions, try l.add(Unsqueeze(), [high, deep], "high_\(axis)_3d"), "is_before_\(axis)")
    let mask = try l.cast(try l.binary(.and, isPast, isBefore, "is_inside_\(axis)"), .float32, "inside_\(axis)")
    return (mask, try l.map(.relu, try l.binary(.subtract, high, low, "width_\(axis)"), "count_\(axis)"))
  }
}
