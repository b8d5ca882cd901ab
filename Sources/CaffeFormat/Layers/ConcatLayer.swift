import Diagnostics
import ModelGraph

/// Bottoms one after another along an axis. Source: concat_layer.cpp.
enum ConcatLayer: LayerTranslator {
  static var types: [String] { ["Concat"] }
  static var bottoms: ClosedRange<Int> { 1...unlimited }
  static func sharesMemory(_ layer: CaffeLayer) -> Bool { layer.bottoms.count == 1 }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { layer.bottoms.count == 1 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let axis = try joinAxis(l, l.parameters("concat_param"), legacy: "concat_dim")
    for i in 1..<max(l.bottoms.count, 1) {
      guard l.rank(i) == l.rank() else {
        throw l.error(
          "caffe.concat.shape",
          "bottoms 0 and \(i) have shapes \(shapeText(l.shape())) and \(shapeText(l.shape(i))): the ranks differ")
      }
      for (a, (x, y)) in zip(l.shape(), l.shape(i)).enumerated() where a != axis {
        if let m = x.value, let n = y.value, m != n {
          throw l.error(
            "caffe.concat.shape",
            "bottoms 0 and \(i) have shapes \(shapeText(l.shape())) and \(shapeText(l.shape(i))): axis \(a) differs")
        }
      }
    }
    if l.bottoms.count == 1 { return l.setTop(0, try l.bottom()) }
    try l.emit(Concat(axis: axis), l.bottoms)
  }
}

/// The axis of Concat or Slice: `axis`, or the old unsigned field, not both.
func joinAxis(_ l: LayerBuilder, _ p: ParameterBlock, legacy: String) throws(Diagnostic) -> Int {
  guard p.has(legacy) else { return try l.axis(p.int("axis", default: 1), p) }
  guard !p.has("axis") else {
    throw l.error("caffe.layer.axis-twice", "axis and \(legacy) are both given", p, legacy)
  }
  let axis = p.int(legacy)
  guard axis < l.rank() else {
    throw l.error(
      "caffe.layer.axis-range", "\(legacy) \(axis) is out of range for a bottom of shape \(shapeText(l.shape()))", p,
      legacy)
  }
  return axis
}
