import Diagnostics
import ModelGraph

/// Pooling into 1, 4, 16, … bins, flattened and joined; with one level the pooling alone. Source: spp_layer.cpp.
enum SPPLayer: LayerTranslator {
  static var types: [String] { ["SPP"] }
  static var support: LayerSupport { .limited("the plane must be known; STOCHASTIC with one level only") }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("spp_param")
    guard l.rank() == 4 else {
      throw l.error("caffe.spp.rank", "the bottom must have 4 axes, but has shape \(shapeText(l.shape()))")
    }
    let plane = [try l.size(2, "the height"), try l.size(3, "the width")]
    guard plane.allSatisfy({ $0 > 0 }) else { throw l.error("caffe.spp.empty", "the bottom's plane is empty") }
    let levels = p.int("pyramid_height")
    guard levels >= 1, levels <= 24 else {
      throw l.error("caffe.spp.height", "pyramid_height \(levels) is not positive or too large", p, "pyramid_height")
    }
    let method = p.name(of: "pool", default: "MAX")
    if levels == 1 { return try PoolingLayer.emit(l, p, method, try geometry(l, p, plane, level: 0)) }
    var parts: [ValueID] = []
    for level in 0..<levels {
      let g = try geometry(l, p, plane, level: level)
      let pooled: ValueID
      switch method {
      case "MAX":
        pooled = try l.add(MaxPool(g, emptyValue: .lowestFinite, nanRule: .ignore), [try l.bottom()], "pool\(level)")
      case "AVE": pooled = try l.add(AveragePool(g, divisor: .paddedExtent), [try l.bottom()], "pool\(level)")
      default: throw l.error("caffe.spp.method", "pooling method \(method) is not supported", p, "pool")
      }
      parts.append(try l.add(Flatten(axis: 1), [pooled], "flat\(level)"))
    }
    try l.emit(Concat(axis: 1), parts)
  }

  /// The window of one level: 2^level bins on each axis.
  private static func geometry(
    _ l: LayerBuilder, _ p: ParameterBlock, _ plane: [Int], level: Int
  ) throws(Diagnostic) -> WindowGeometry {
    let bins = 1 << level
    let kernel = plane.map { ($0 + bins - 1) / bins }
    let pad = zip(kernel, plane).map { k, n in (k * bins - n + 1) / 2 }
    if pad != [0, 0] {
      for i in 0..<2 where pad[i] >= kernel[i] {
        throw l.error(
          "caffe.spp.too-many-bins", "\(bins) bins do not fit an extent of \(plane[i])", p, "pyramid_height",
          help: "lower pyramid_height")
      }
    }
    return WindowGeometry(
      kernel: kernel, strides: kernel, padding: .explicit(begin: pad, end: pad), rounding: .ceil,
      lastWindow: .dropInPaddingIfAnyPadded)
  }
}
