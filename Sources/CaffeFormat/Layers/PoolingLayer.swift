import Diagnostics
import ModelGraph

/// Max, average and stochastic pooling with Caffe's window rules. Source: pooling_layer.cpp.
enum PoolingLayer: LayerTranslator {
  static var types: [String] { ["Pooling"] }
  static var support: LayerSupport {
    .limited(
      "STOCHASTIC is the weighted mean that Caffe computes at TEST on GPUs",
      "a window that lies wholly outside the input is run, but refused for ONNX")
  }
  static var tops: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("pooling_param")
    guard l.rank() == 4 else {
      throw l.error(
        "caffe.pooling.rank",
        "the bottom must have 4 axes (num, channels, height, width), but has shape "
          + shapeText(l.shape()))
    }
    let isGlobal = p.bool("global_pooling")
    let kernel = try self.kernel(l, p, isGlobal)
    let pad = try pair(l, p, "pad", 0)
    let stride = try pair(l, p, "stride", 1)
    if isGlobal, pad != [0, 0] || stride != [1, 1] {
      throw l.error(
        "caffe.pooling.global-window", "with global_pooling, pad must be 0 and stride 1", p,
        stride == [1, 1] ? "pad" : "stride")
    }
    guard stride.allSatisfy({ $0 > 0 }) else {
      throw l.error("caffe.pooling.stride-zero", "stride must be positive", p, p.has("stride") ? "stride" : "stride_h")
    }
    let method = p.name(of: "pool", default: "MAX")
    try FixedPoint.refuse(l, p)
    let sides =
      SidePadding.isIn(p) && !isGlobal
      ? try SidePadding(l, p, kernel: kernel, extent: kernel, stride: stride, firstAxis: 2)
      : SidePadding(begin: pad, end: pad)
    if pad != [0, 0] {
      guard ["MAX", "AVE", "AVE_EXC_PAD", "AVE_TF"].contains(method) else {
        throw l.error("caffe.pooling.pad-method", "padding is for MAX and AVE pooling", p, "pad")
      }
      for (i, k) in kernel.enumerated() where pad[i] >= k {
        throw l.error(
          "caffe.pooling.pad", "pad \(pad[i]) must be smaller than the kernel (\(k))", p,
          p.has("pad") ? "pad" : i == 0 ? "pad_h" : "pad_w")
      }
    }
    // Some forks say the same with `ceil_mode: false`.
    let isFloor =
      p.has("round_mode")
      ? p.name(of: "round_mode") == "FLOOR"
      : !p.bool("ceil_mode", default: true) || p.bool("torch_pooling") || sides.isSame
    let rounding = isFloor ? WindowGeometry.Rounding.floor : .ceil
    try emit(
      l, p, method,
      WindowGeometry(
        kernel: isGlobal ? [] : kernel, strides: stride, padding: .explicit(begin: sides.begin, end: sides.end),
        rounding: rounding,
        lastWindow: .dropInPaddingIfAnyPadded, isGlobal: isGlobal))
  }

  static func emit(
    _ l: LayerBuilder, _ p: ParameterBlock, _ method: String, _ geometry: WindowGeometry
  ) throws(Diagnostic) {
    if !geometry.isGlobal { try checkFits(l, p, geometry) }
    switch method {
    case "MAX":
      let hasMask = l.topCount > 1
      try l.emitAll(
        MaxPool(geometry, indices: hasMask ? .planeFloat : .none, emptyValue: .lowestFinite, nanRule: .ignore),
        [try l.bottom()])
    case "AVE":
      guard l.topCount == 1 else {
        throw l.error("caffe.layer.top-count", "only MAX pooling has a second top")
      }
      // Intel's Caffe can leave padding out of the mean.
      let counts = p.bool("avg_include_pad", default: true)
      try l.emit(AveragePool(geometry, divisor: counts ? .paddedExtent : .validOnly), [try l.bottom()])
    case "AVE_EXC_PAD", "AVE_TF":
      guard l.topCount == 1 else {
        throw l.error("caffe.layer.top-count", "only MAX pooling has a second top")
      }
      try l.emit(AveragePool(geometry, divisor: .validOnly), [try l.bottom()])
    case "STOCHASTIC":
      guard l.topCount == 1 else {
        throw l.error("caffe.layer.top-count", "only MAX pooling has a second top")
      }
      l.note("caffe.pooling.stochastic", "STOCHASTIC pooling at TEST is the weighted mean that Caffe computes on GPUs")
      try l.emit(StochasticPool(geometry), [try l.bottom()])
    default: throw l.error("caffe.pooling.method", "unknown pooling method \(method)", p, "pool")
    }
  }

  private static func checkFits(_ l: LayerBuilder, _ p: ParameterBlock, _ g: WindowGeometry) throws(Diagnostic) {
    for i in 0..<2 {
      guard let d = l.shape()[2 + i].value else { continue }
      let (b, e) = g.explicitPads(i)
      let span = d + b + e - g.kernel[i]
      let fits = span >= 0 || (g.rounding == .ceil && span > -g.stride(i))
      guard fits else {
        throw l.error(
          "caffe.pooling.kernel-exceeds-input",
          "the kernel (\(g.kernel[i])) is greater than the padded input (\(d + b + e)) on spatial axis \(i)", p,
          p.has("kernel_size") ? "kernel_size" : i == 0 ? "kernel_h" : "kernel_w")
      }
    }
  }

  private static func kernel(_ l: LayerBuilder, _ p: ParameterBlock, _ isGlobal: Bool) throws(Diagnostic) -> [Int] {
    let square = p.has("kernel_size")
    let h = p.has("kernel_h")
    let w = p.has("kernel_w")
    if isGlobal {
      guard !square, !h, !w else {
        throw l.error(
          "caffe.pooling.global-kernel", "with global_pooling no kernel may be given", p,
          square ? "kernel_size" : h ? "kernel_h" : "kernel_w",
          help: "remove the kernel, or global_pooling")
      }
      return [1, 1]
    }
    guard square || (h && w) else {
      throw l.error(
        "caffe.pooling.kernel-missing", "kernel_size, or kernel_h and kernel_w, is required", p, h ? "kernel_h" : nil)
    }
    guard !(square && h && w) else {
      throw l.error(
        "caffe.pooling.kernel-twice", "kernel_size and kernel_h/kernel_w are both given", p, "kernel_size",
        help: "keep one of the two")
    }
    let out = square ? [p.int("kernel_size"), p.int("kernel_size")] : [p.int("kernel_h"), p.int("kernel_w")]
    guard out.allSatisfy({ $0 > 0 }) else {
      throw l.error("caffe.pooling.kernel-zero", "the kernel must be positive", p, square ? "kernel_size" : "kernel_h")
    }
    return out
  }

  /// `pad`/`stride` or its _h and _w pair, which stand only together and without the single field.
  private static func pair(
    _ l: LayerBuilder, _ p: ParameterBlock, _ field: String, _ fallback: Int
  ) throws(Diagnostic) -> [Int] {
    let h = p.has(field + "_h")
    let w = p.has(field + "_w")
    if !h, !w {
      let v = p.has(field) ? p.int(field) : fallback
      return [v, v]
    }
    guard h, w, !p.has(field) else {
      throw l.error(
        "caffe.pooling.\(field)-pair", "give \(field), or both \(field)_h and \(field)_w", p,
        h ? field + "_h" : field + "_w")
    }
    return [p.int(field + "_h"), p.int(field + "_w")]
  }
}
