import Diagnostics
import ModelGraph

/// Parts along an axis, cut at points or into equal parts. Source: slice_layer.cpp.
enum SliceLayer: LayerTranslator {
  static var types: [String] { ["Slice"] }
  static var tops: ClosedRange<Int> { 1...unlimited }
  static func sharesMemory(_ layer: CaffeLayer) -> Bool { layer.tops.count == 1 }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { layer.tops.count == 1 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("slice_param")
    let axis = try joinAxis(l, p, legacy: "slice_dim")
    let extent = try l.size(axis, "the sliced extent")
    let points = p.ints("slice_point")
    var sizes: [Int] = []
    if points.isEmpty {
      guard extent % l.topCount == 0 else {
        throw l.error(
          "caffe.slice.uneven", "\(extent) elements of axis \(axis) do not divide into \(l.topCount) tops", p, "axis",
          help: "give slice_point \(l.topCount - 1) times")
      }
      sizes = Array(repeating: extent / l.topCount, count: l.topCount)
    } else {
      guard points.count == l.topCount - 1 else {
        throw l.error(
          "caffe.slice.point-count",
          "\(points.count) slice points for \(l.topCount) tops, but \(l.topCount - 1) are needed",
          p, "slice_point")
      }
      guard l.topCount <= extent else {
        throw l.error("caffe.slice.too-many", "\(l.topCount) tops of \(extent) elements of axis \(axis)", p, "axis")
      }
      var previous = 0
      for point in points {
        guard point > previous else {
          throw l.error(
            "caffe.slice.point-order", "slice point \(point) is not greater than \(previous)", p, "slice_point")
        }
        sizes.append(point - previous)
        previous = point
      }
      guard previous <= extent else {
        throw l.error(
          "caffe.slice.point-range", "slice point \(previous) is past the \(extent) elements of axis \(axis)", p,
          "slice_point")
      }
      sizes.append(extent - previous)
    }
    if l.topCount == 1 { return l.setTop(0, try l.bottom()) }
    try l.emitAll(Split(axis: axis, count: l.topCount), [try l.bottom(), try l.constant("sizes", ints: sizes)])
  }
}
