import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

#if canImport(Glibc)
  import Glibc
#endif

/// Another size by a filter that is normalised over the elements inside the plane. Result element i lies at
/// f·i + g/2 − ½ of the input, with f the ratio of this axis and g that of the other one, as the layer computes it.
///
/// The filters factor into rows and columns: the layer is two matrix products. Source: FlowNet 2 resample_layer.cu.
enum ResampleLayer: LayerTranslator {
  static var types: [String] { ["Resample"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("resample_param")
    let (h, w) = try l.plane()
    let (height, width) = try size(l, p, h, w)
    let fx = Float(w) / Float(width)
    let fy = Float(h) / Float(height)
    let kind = p.name(of: "type", default: "LINEAR")
    switch kind {
    case "NEAREST":
      var y = try l.bottom()
      for (axis, (extent, count, f, other)) in [(2, (h, height, fy, fx)), (3, (w, width, fx, fy))] {
        let index = (0..<count).map { min(max(Int(place($0, f, other).rounded()), 0), extent - 1) }
        if index == Array(0..<extent) { continue }
        y = try l.add(Gather(axis: axis), [y, try l.constant("index\(axis)", ints: index)], "nearest\(axis)")
      }
      l.setTop(0, y)
    case "LINEAR", "CUBIC":
      let antialiases = (fx > 1 || fy > 1) && p.bool("antialias", default: true)
      let filter = ResampleFilter(isCubic: kind == "CUBIC", antialiases: antialiases)
      let rows = try filter.rows(l, count: height, of: h, f: fy, other: fx)
      let columns = try filter.rows(l, count: width, of: w, f: fx, other: fy)
      l.setTop(0, try l.separable(try l.bottom(), rows: rows, columns: columns, "resampled"))
    default:
      throw l.error("caffe.resample.type", "type \(kind) is not one of NEAREST, LINEAR, CUBIC", p, "type")
    }
  }

  /// The input's place of result element `i`.
  static func place(_ i: Int, _ f: Float, _ other: Float) -> Float { Float(i) * f + other / 2 - 0.5 }

  private static func size(
    _ l: LayerBuilder, _ p: ParameterBlock, _ h: Int, _ w: Int
  ) throws(Diagnostic) -> (height: Int, width: Int) {
    var out = (height: p.int("height"), width: p.int("width"))
    if l.bottoms.count == 2 {
      let reference = try l.plane(1)
      out = (reference.height, reference.width)
    } else if out == (0, 0), p.has("factor") {
      let factor = p.float("factor", default: 1)
      guard factor > 0, factor <= 4096 else {
        throw l.error("caffe.resample.factor", "factor \(factor) must be positive", p, "factor")
      }
      out = (Int(Float(h) * factor), Int(Float(w) * factor))
    }
    guard out.height > 0, out.width > 0, out.height <= 1 << 20, out.width <= 1 << 20 else {
      throw l.error("caffe.resample.size", "height and width, or a second bottom, must tell the size", p)
    }
    return out
  }
}

/// The triangle and the bicubic filter (a = −½) as rows of weights.
private struct ResampleFilter {
  let isCubic: Bool
  /// Widened by the ratio.
  let antialiases: Bool

  /// For each result element the weights of the input's elements; all 0 where the filter meets none.
  func rows(_ l: LayerBuilder, count: Int, of extent: Int, f: Float, other: Float) throws(Diagnostic) -> [[Float]] {
    guard let size = checkedProduct([count, extent]), size <= 1 << 26 else {
      throw l.error("caffe.resample.size", "\(extent) to \(count) elements are too many")
    }
    let a = 1 / (antialiases ? f : 1)
    let reach = f < 1 ? 2 : min(Int((Float(isCubic ? 4 : 2) / a).rounded(.up)), extent)
    return (0..<count).map { i in
      let at = ResampleLayer.place(i, f, other)
      let middle = Int(at.rounded())
      var row = [Float](repeating: 0, count: extent)
      var sum: Float = 0
      for j in max(0, middle - reach)...max(0, middle + reach) where j < extent {
        row[j] = a * value(a * (at - Float(j)))
        sum += row[j]
      }
      return sum == 0 ? row.map { _ in 0 } : row.map { $0 / sum }
    }
  }

  private func value(_ x: Float) -> Float {
    let d = abs(x)
    guard isCubic else { return d <= 1 ? 1 - d : 0 }
    if d <= 1 { return d * d * (1.5 * d - 2.5) + 1 }
    return d < 2 ? d * (d * (-0.5 * d + 2.5) - 4) + 2 : 0
  }
}

/// A smaller (or larger) plane: result element i lies at i·(n − 1)/(m − 1), and takes the mean of the elements around it
/// weighted by 1 − distance / ((n − 1)/(m − 1)). Elements without a number do not count; where they have more than half of
/// the counted weight, the result is NaN. Source: FlowNet downsample_layer.cu.
enum DownsampleLayer: LayerTranslator {
  static var types: [String] { ["Downsample"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("downsample_param")
    let (h, w) = try l.plane()
    var (height, width) = (p.int("top_height"), p.int("top_width"))
    if l.bottoms.count == 2 { (height, width) = try l.plane(1) }
    guard height > 0, width > 0, height <= 1 << 20, width <= 1 << 20 else {
      throw l.error("caffe.downsample.size", "top_height and top_width, or a second bottom, must tell the size", p)
    }
    guard height != h || width != w else { return l.setTop(0, try l.bottom()) }
    guard height > 1, width > 1, h > 1, w > 1 else {
      throw l.error(
        "caffe.downsample.one", "\(h) by \(w) to \(height) by \(width) divides by 0: the layer has no such size", p)
    }
    let rows = try weights(l, h, height)
    let columns = try weights(l, w, width)
    let x = try l.bottom()
    let isNaN = try l.map(.isNaN, x, "is_nan")
    let zero = try l.constant("zero", scalar: 0)
    let clean = try l.select(isNaN, zero, x, "numbers")
    let bad = try l.cast(isNaN, .float32, "nan")
    let good = try l.cast(try l.map(.not, isNaN, "is_number"), .float32, "counted")
    let value = try l.separable(clean, rows: rows, columns: columns, "value")
    let weight = try l.separable(good, rows: rows, columns: columns, "weight")
    let lost = try l.separable(bad, rows: rows, columns: columns, "lost")
    let share = try l.binary(.divide, lost, weight, "share")
    let isLost = try l.binary(.greater, share, try l.constant("half", scalar: 0.5), "is_lost")
    let nan = try l.constant("no_number", scalar: .nan)
    try l.emit(Select(), [isLost, nan, try l.binary(.divide, value, weight, "mean")])
  }

  private static func weights(_ l: LayerBuilder, _ n: Int, _ m: Int) throws(Diagnostic) -> [[Float]] {
    guard let size = checkedProduct([n, m]), size <= 1 << 26 else {
      throw l.error("caffe.downsample.size", "\(n) to \(m) elements are too many")
    }
    let scale = Float(n - 1) / Float(m - 1)
    let reach = Int(scale.rounded(.up))
    return (0..<m).map { i in
      let at = Float(i) / Float(m - 1) * Float(n - 1)
      let middle = Int(at.rounded())
      var row = [Float](repeating: 0, count: n)
      for j in max(0, middle - reach)...min(n - 1, middle + reach) { row[j] = max(0, 1 - abs(Float(j) - at) / scale) }
      return row
    }
  }
}

/// Bottoms brought to one size by bilinear interpolation with corners aligned, one after another along the channels. The
/// size is a reference bottom's (the last one's), or the greatest, or a greater one that is asked for.
/// Source: FlowNet accum_layer.cpp.
enum AccumLayer: LayerTranslator {
  static var types: [String] { ["Accum"] }
  static var bottoms: ClosedRange<Int> { 1...unlimited }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("accum_param")
    let hasReference = p.bool("have_reference")
    guard !hasReference || l.bottoms.count >= 2 else {
      throw l.error("caffe.accum.reference", "have_reference wants a second bottom", p, "have_reference")
    }
    var planes: [(height: Int, width: Int)] = []
    for i in l.bottoms.indices { planes.append(try l.plane(i)) }
    let count = hasReference ? l.bottoms.count - 1 : l.bottoms.count
    var height = planes.map(\.height).max() ?? 0
    var width = planes.map(\.width).max() ?? 0
    if hasReference, let last = planes.last {
      (height, width) = last
    } else {
      var (h, w) = (p.int("top_height"), p.int("top_width"))
      let divisor = p.int("size_divisible_by")
      if divisor > 0, divisor <= 1 << 20 {
        (h, w) = ((height + divisor - 1) / divisor * divisor, (width + divisor - 1) / divisor * divisor)
      }
      // A size that is not greater on both axes is not taken.
      if h > height, w > width { (height, width) = (h, w) }
    }
    guard height <= 1 << 20, width <= 1 << 20 else {
      throw l.error("caffe.accum.size", "\(height) by \(width) is too large")
    }
    var parts: [ValueID] = []
    for i in 0..<count {
      guard planes[i] != (height, width) else {
        parts.append(try l.bottom(i))
        continue
      }
      guard height > 1, width > 1 else {
        throw l.error("caffe.accum.one", "a size of \(height) by \(width) divides by 0: the layer has no such size", p)
      }
      let size = try l.constant("size\(i)", ints: [height, width])
      parts.append(
        try l.add(
          Resize(mode: .linear, coordinates: .alignCorners, axes: [2, 3]), [try l.bottom(i), nil, nil, size],
          "resized\(i)"))
    }
    if parts.count == 1 { return l.setTop(0, parts[0]) }
    try l.emit(Concat(axis: 1), parts)
  }
}
