import ByteSource
import Diagnostics
import ModelGraph

/// Windows of C3D's volumes [N, C, L, H, W]: `kernel_size`, `stride`, `pad` in the plane, `kernel_depth`, `temporal_stride`,
/// `temporal_pad` along L. Sources: C3D convolution3d_layer.cpp, pooling3d_layer.cpp.
private struct VolumeWindow {
  var kernel: [Int]
  var stride: [Int]
  var pad: (begin: [Int], end: [Int])

  init(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) {
    guard l.rank() == 5 else {
      throw l.error("caffe.volume.rank", "the bottom must have 5 axes, but has shape \(shapeText(l.shape()))")
    }
    func plane(_ field: String, _ fallback: Int) -> [Int] {
      if p.has(field + "_h") || p.has(field + "_w") { return [p.int(field + "_h"), p.int(field + "_w")] }
      return Array(repeating: p.has(field) ? p.int(field) : fallback, count: 2)
    }
    func depth(_ fields: [String], _ fallback: Int) -> Int {
      for f in fields where p.has(f) { return p.int(f) }
      return fallback
    }
    let flat = p.has("kernel_size") ? Array(repeating: p.int("kernel_size"), count: 2) : plane("kernel", 0)
    let step = plane("stride", 1)
    kernel = [depth(["kernel_depth", "kernel_d"], p.has("kernel_size") ? flat[0] : 0)] + flat
    // C3D's temporal fields have defaults of their own; the other form's stride is for all axes.
    let isC3D = p.has("kernel_depth")
    stride = [depth(["temporal_stride", "stride_d"], isC3D ? 1 : step[0])] + step
    let around = plane("pad", 0)
    let before = [depth(["temporal_pad", "pad_d0"], isC3D ? 0 : around[0])] + around
    pad = (before, before)
    if p.has("pad_h0") || p.has("pad_w0") || p.has("pad_d0") || p.has("pad_h1") || p.has("pad_w1") || p.has("pad_d1") {
      pad = (["pad_d0", "pad_h0", "pad_w0"].map { p.int($0) }, ["pad_d1", "pad_h1", "pad_w1"].map { p.int($0) })
    }
    guard (kernel + stride).allSatisfy({ $0 > 0 && $0 <= 1 << 20 }),
      (pad.begin + pad.end).allSatisfy({ $0 >= 0 && $0 <= 1 << 20 })
    else { throw l.error("caffe.volume.window", "kernel and stride must be positive, pads not negative", p) }
  }
}

/// Convolution over volumes. Blobs: weights [outputs, C / groups, L, H, W], bias.
enum Convolution3DLayer: LayerTranslator {
  static var types: [String] { ["Convolution3D"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let own = l.parameters("convolution3d_param")
    let p = own.isPresent ? own : l.parameters("convolution_param")
    let window = try VolumeWindow(l, p)
    let (channels, outputs, groups) = (try l.size(1, "channels"), p.int("num_output"), p.int("group", default: 1))
    guard outputs > 0, groups > 0, channels % groups == 0, outputs % groups == 0 else {
      throw l.error(
        "caffe.volume.outputs", "\(channels) channels and num_output \(outputs) do not divide into \(groups) groups", p,
        "num_output")
    }
    let weights = try l.blob(
      "weights", shape: [outputs, channels / groups] + window.kernel,
      filler: Filler(p.block("weight_filler"), layer: l.layer))
    var bias: ValueID?
    if p.bool("bias_term", default: true) {
      bias = try l.blob("bias", shape: [outputs], filler: Filler(p.block("bias_filler"), layer: l.layer))
    }
    let geometry = WindowGeometry(
      kernel: window.kernel, strides: window.stride, padding: .explicit(begin: window.pad.begin, end: window.pad.end))
    try l.emit(Convolution(geometry: geometry, groups: groups), [try l.bottom(), weights, bias])
  }
}

/// Pooling over volumes. C3D rounds sizes up; the form with `ceil_mode` rounds down unless told.
enum Pooling3DLayer: LayerTranslator {
  static var types: [String] { ["Pooling3D"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let own = l.parameters("pooling3d_param")
    let p = own.isPresent ? own : l.parameters("pooling_param")
    let method = p.name(of: "pool", default: "MAX")
    let isGlobal = p.bool("global_pooling")
    let isC3D = !own.isPresent || p.has("kernel_depth")
    let isCeil = p.has("ceil_mode") ? p.bool("ceil_mode") : isC3D
    let geometry: WindowGeometry
    if isGlobal {
      guard l.rank() == 5 else { throw l.error("caffe.volume.rank", "the bottom must have 5 axes") }
      geometry = WindowGeometry(strides: [1, 1, 1], isGlobal: true)
    } else {
      let w = try VolumeWindow(l, p)
      geometry = WindowGeometry(
        kernel: w.kernel, strides: w.stride, padding: .explicit(begin: w.pad.begin, end: w.pad.end),
        rounding: isCeil ? .ceil : .floor, lastWindow: .dropInPaddingIfAnyPadded)
    }
    switch method {
    case "MAX":
      try l.emit(MaxPool(geometry, indices: .none, emptyValue: .lowestFinite, nanRule: .ignore), [try l.bottom()])
    case "AVE": try l.emit(AveragePool(geometry, divisor: .paddedExtent), [try l.bottom()])
    case "AVE_EXC_PAD": try l.emit(AveragePool(geometry, divisor: .validOnly), [try l.bottom()])
    default: throw l.error("caffe.pooling.method", "unknown pooling method \(method)", p, "pool")
    }
  }
}
