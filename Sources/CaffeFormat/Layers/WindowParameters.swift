import Diagnostics
import ModelGraph

/// Kernel, stride, pad and dilation of a convolution-like layer, one entry a spatial axis.
///
/// Source: BaseConvolutionLayer::LayerSetUp. Each list is given once for all axes, once per axis, or as _h and _w.
struct WindowParameters {
  var channelAxis: Int
  var spatialAxes: Int
  var kernel: [Int]
  var stride: [Int]
  var pad: [Int]
  /// At the end of each axis, where it is not the same.
  var padEnd: [Int]
  var dilation: [Int]

  /// - Throws: `caffe.convolution.*` at the field that is wrong.
  init(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) {
    channelAxis = try l.axis(p.int("axis", default: 1), p)
    spatialAxes = l.rank() - channelAxis - 1
    kernel = try Self.list(l, p, "kernel_size", "kernel_h", "kernel_w", spatialAxes, nil)
    for (i, k) in kernel.enumerated() where k <= 0 {
      throw l.error(
        "caffe.convolution.kernel-zero", "kernel extent of spatial axis \(i) is not positive", p,
        p.has("kernel_size") ? "kernel_size" : p.has("kernel_h") ? "kernel_h" : "kernel_w",
        help: p.has("kernel_size") ? nil : "give both kernel_h and kernel_w")
    }
    stride = try Self.list(l, p, "stride", "stride_h", "stride_w", spatialAxes, 1)
    for (i, s) in stride.enumerated() where s <= 0 {
      throw l.error(
        "caffe.convolution.stride-zero", "stride of spatial axis \(i) is not positive", p,
        p.has("stride") ? "stride" : p.has("stride_h") ? "stride_h" : "stride_w")
    }
    pad = try Self.list(l, p, "pad", "pad_h", "pad_w", spatialAxes, 0)
    padEnd = pad
    // DeepLab's and PSPNet's `hole`, and ParseNet's `filter_stride`, are the same under older names, as are the _h and _w forms of another fork.
    // In a binary file, half of a pair is BVLC's `dilation`: some forks have another field under its number.
    let half =
      !l.net.options.isWholeModelFile
      ? nil
      : p.has("hole_h") && !p.has("hole_w") && !p.has("hole")
        ? "hole_h" : p.has("dilation_w") && !p.has("dilation_h") ? "dilation_w" : nil
    dilation =
      half != nil
      ? Array(repeating: p.int(half ?? ""), count: spatialAxes)
      : p.has("hole") || p.has("hole_h")
        ? try Self.list(l, p, "hole", "hole_h", "hole_w", spatialAxes, 1)
        : p.has("filter_stride") || p.has("filter_stride_h")
          ? try Self.list(l, p, "filter_stride", "filter_stride_h", "filter_stride_w", spatialAxes, 1)
          : try Self.list(l, p, "dilation", "dilation_h", "dilation_w", spatialAxes, 1)
    for (i, d) in dilation.enumerated() where d <= 0 {
      throw l.error("caffe.convolution.dilation-zero", "dilation of spatial axis \(i) is not positive", p, "dilation")
    }
    try FixedPoint.refuse(l, p)
    guard SidePadding.isIn(p) else { return }
    var extents: [Int] = []
    for i in 0..<spatialAxes { extents.append(try extent(i, l)) }
    let sides = try SidePadding(l, p, kernel: kernel, extent: extents, stride: stride, firstAxis: channelAxis + 1)
    (pad, padEnd) = (sides.begin, sides.end)
  }

  private static func list(
    _ l: LayerBuilder, _ p: ParameterBlock, _ field: String, _ h: String, _ w: String, _ axes: Int, _ fallback: Int?
  ) throws(Diagnostic) -> [Int] {
    if p.has(h) || p.has(w) {
      guard axes == 2 else {
        throw l.error(
          "caffe.convolution.hw-not-2d", "\(h) and \(w) are for two spatial axes, but the bottom has \(axes)", p,
          p.has(h) ? h : w, help: "give \(field) once per spatial axis")
      }
      guard !p.has(field) else {
        throw l.error("caffe.convolution.given-twice", "\(field) and \(h)/\(w) are both given", p, field)
      }
      return [p.int(h), p.int(w)]
    }
    let given = p.ints(field)
    if given.isEmpty, let fallback { return Array(repeating: fallback, count: axes) }
    guard given.count == 1 || given.count == axes else {
      throw l.error(
        "caffe.convolution.\(field)-count",
        "\(field) must be given once, or once per spatial axis: it is given \(given.count) times for \(axes) spatial "
          + "axes", p, field, help: given.isEmpty ? "add \(field): N" : nil)
    }
    return given.count == axes ? given : Array(repeating: given[0], count: axes)
  }

  /// Extent of the dilated kernel on one axis.
  func extent(_ i: Int, _ l: LayerBuilder) throws(Diagnostic) -> Int {
    let d = try l.dims { () throws(InferenceError) in
      try Dim(kernel[i]).minus(1).times(dilation[i]).plus(1)
    }
    return try l.number(d, "the kernel's extent")
  }
}
