import Diagnostics
import ModelGraph

/// Σ w_out · f(w_in · (a − b)) / N with f quadratic below 1/σ² and linear above. Source: Fast R-CNN smooth_L1_loss_layer.
enum SmoothL1LossLayer: LossTranslator {
  static var types: [String] { ["SmoothL1Loss"] }
  static var bottoms: ClosedRange<Int> { 2...4 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    try requireBatch(l)
    let (num, _) = try sizes(l)
    for i in 1..<l.bottoms.count { try l.requireSameShape(0, i, "caffe.loss.shape") }
    let sigma = l.parameters("smooth_l1_loss_param").float("sigma", default: 1)
    let square = sigma * sigma
    guard square > 0, square.isFinite else { throw l.error("caffe.smooth-l1.sigma", "sigma must not be 0") }
    var x = try l.binary(.subtract, try l.bottom(), try l.bottom(1), "difference")
    if l.bottoms.count > 2 { x = try l.binary(.multiply, x, try l.bottom(2), "inside") }
    let size = try l.map(.absolute, x, "size")
    let isSmall = try l.binary(.less, size, try l.constant("knee", scalar: 1 / square), "is_small")
    let power = try l.binary(.multiply, x, x, "square")
    let low = try l.binary(.multiply, power, try l.constant("factor", scalar: 0.5 * square), "quadratic")
    let high = try l.binary(.subtract, size, try l.constant("shift", scalar: 0.5 / square), "linear")
    var terms = try l.select(isSmall, low, high, "terms")
    if l.bottoms.count > 3 { terms = try l.binary(.multiply, terms, try l.bottom(3), "outside") }
    let sum = try l.sum(terms, axes: nil, "sum")
    try l.emit(BinaryMap(.divide), [sum, try l.constant("normalizer", scalar: Float(max(num, 1)))])
  }
}
