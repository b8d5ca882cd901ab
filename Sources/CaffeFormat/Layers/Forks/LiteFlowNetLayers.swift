import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// The place of each element of a plane: columns, then rows, counted from 0. Result [N, 2, H, W] of a bottom
/// [N, C, H, W], of which the extents alone count. Source: LiteFlowNet's grid_layer.cpp.
enum GridLayer: LayerTranslator {
  static var types: [String] { ["Grid"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let (h, w) = try l.plane()
    let n = try l.size(0, "the batch size")
    guard n > 0, let points = checkedProduct([h, w]), let total = checkedProduct([n, 2, points]), total <= 1 << 26
    else {
      throw l.error("caffe.grid.size", "a grid of \(n) items of \(h) by \(w) places is empty or too large")
    }
    let one = (0..<points).map { Float($0 % w) } + (0..<points).map { Float($0 / w) }
    let all = (0..<n).flatMap { _ in one }
    l.setTop(0, l.constant("places", try Tensor(all, shape: [n, 2, h, w])))
  }
}

/// Bilinear samples of a picture where the second bottom says, columns first, counted from 0; elements outside the picture
/// are 0. Bottoms [N, C, H, W] and [N, 2, H, W]. Source: LiteFlowNet's warp_layer.cpp, warp_layer.cu.
enum WarpLayer: LayerTranslator {
  static var types: [String] { ["Warp"] }
  static var bottoms: ClosedRange<Int> { 2...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let (h, w) = try l.plane()
    let n = l.shape()[0]
    guard l.shape(1) == [n, 2, Dim(h), Dim(w)], let points = checkedProduct([h, w]) else {
      throw l.error(
        "caffe.warp.shape", "the places of shape \(shapeText(l.shape(1))) must be [\(n),2,\(h),\(w)]",
        help: "the second bottom holds a column and a row for each element of the first")
    }
    let flat = try l.reshaped(try l.bottom(1), to: [n, 2, Dim(points)], "places")
    let parts = try l.pieces(flat, axis: 1, count: 2, "place")
    var index: [ValueID] = []
    for (k, extent) in [w, h].enumerated() {
      // What is this far outside is 0 in any case.
      index.append(try l.map(.clamp(lower: -2, upper: FloatBits(Float(extent) + 1)), parts[k], "column_or_row\(k)"))
    }
    let samples = try l.bilinear(try l.bottom(), columns: index[0], rows: index[1], edge: .zero, "image")
    try l.emitReshaped(samples, to: l.shape())
  }
}

/// −x². Source: LiteFlowNet's negsquare_layer.cu.
enum NegSquareLayer: NeuronTranslator {
  static var types: [String] { ["NegSquare"] }
  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let square = try l.binary(.multiply, try l.bottom(), try l.bottom(), "square")
    try l.emit(UnaryMap(.negate), [square])
  }
}

/// base^(shift + scale · (x − greatest of the channels)); a base of −1 means e. Source: LiteFlowNet's expmax_layer.cu, whose
/// kernels find the greatest for the first item alone: more items are refused.
enum ExpMaxLayer: NeuronTranslator {
  static var types: [String] { ["ExpMax"] }
  static var support: LayerSupport { .limited("one item: LiteFlowNet's kernels are wrong for more") }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("expmax_param")
    let base = p.float("base", default: -1)
    guard base == -1 || (base > 0 && base.isFinite) else {
      throw l.error("caffe.exp-max.base", "base \(base) must be positive, or -1 for e", p, "base")
    }
    guard l.rank() == 4, try l.size(0, "the batch size") == 1 else {
      throw l.error(
        "caffe.exp-max.batch", "a bottom of shape \(shapeText(l.shape())) is not one item of 4 axes",
        help: "run the net with a batch of 1, as LiteFlowNet's deploy nets do")
    }
    let x = try l.bottom()
    let greatest = try l.add(Reduction(.maximum), [x, try l.constant("channel_axis", ints: [1])], "greatest")
    let below = try l.binary(.subtract, x, greatest, "below")
    let scale = p.float("scale", default: 1)
    try l.emit(
      UnaryMap(.exponentialBase(base: FloatBits(base), scale: FloatBits(scale), shift: FloatBits(p.float("shift")))),
      [below])
  }
}
