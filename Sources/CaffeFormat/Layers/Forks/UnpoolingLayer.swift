import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// The opposite of a pooling: values put where a mask says (or at the windows' corners), or spread over the windows, each
/// element whole (TILE) or divided by the window's size (AVE). Source: DeconvNet unpooling_layer.cpp.
enum UnpoolingLayer: LayerTranslator {
  static var types: [String] { ["Unpooling"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("unpooling_param")
    let (h, w) = try l.plane()
    func pair(_ field: String, _ fallback: Int) -> (Int, Int) {
      p.has(field + "_h") ? (p.int(field + "_h"), p.int(field + "_w")) : both(p.has(field) ? p.int(field) : fallback)
    }
    func both(_ v: Int) -> (Int, Int) { (v, v) }
    let kernel = p.has("kernel_size") ? both(p.int("kernel_size")) : pair("kernel", 0)
    let stride = pair("stride", 1)
    guard pair("pad", 0) == (0, 0) else {
      throw l.error("caffe.unpooling.pad", "the layer allows no padding", p, "pad")
    }
    guard [kernel.0, kernel.1, stride.0, stride.1].allSatisfy({ $0 > 0 && $0 <= 1 << 16 }) else {
      throw l.error("caffe.unpooling.kernel", "kernel and stride must be positive", p, "kernel_size")
    }
    var size = p.has("unpool_size") ? both(p.int("unpool_size")) : (p.int("unpool_h"), p.int("unpool_w"))
    if size == (0, 0) {
      size = (
        max((h - 1) * stride.0 + kernel.0, h * stride.0 + 1), max((w - 1) * stride.1 + kernel.1, w * stride.1 + 1)
      )
    }
    guard size.0 > 0, size.1 > 0, size.0 <= 1 << 20, size.1 <= 1 << 20 else {
      throw l.error("caffe.unpooling.size", "an output of \(size.0) by \(size.1) is empty or too large", p)
    }
    switch p.name(of: "unpool", default: "MAX") {
    case "MAX": try place(l, h, w, stride, size)
    case "AVE": try spread(l, h, w, kernel, stride, size, divides: true)
    case "TILE": try spread(l, h, w, kernel, stride, size, divides: false)
    case let m: throw l.error("caffe.unpooling.method", "unknown unpooling method \(m)", p, "unpool")
    }
  }

  private static func place(
    _ l: LayerBuilder, _ h: Int, _ w: Int, _ stride: (Int, Int), _ size: (Int, Int)
  ) throws(Diagnostic) {
    if l.bottoms.count == 2 {
      try l.requireSameShape(0, 1, "caffe.unpooling.shape")
      return try l.emitUnpooled(try l.bottom(), mask: try l.bottom(1), size.0, size.1)
    }
    let corners = (0..<h * w).map {
      Float(min($0 / w * stride.0, size.0 - 1) * size.1 + min($0 % w * stride.1, size.1 - 1))
    }
    try l.emitUnpooled(
      try l.bottom(), mask: l.constant("corners", try Tensor(corners, shape: [1, 1, h, w])), size.0, size.1)
  }

  private static func spread(
    _ l: LayerBuilder, _ h: Int, _ w: Int, _ kernel: (Int, Int), _ stride: (Int, Int), _ size: (Int, Int), divides: Bool
  ) throws(Diagnostic) {
    let channels = try l.size(1, "the number of channels")
    guard let taps = checkedProduct([channels, kernel.0, kernel.1]), taps <= 1 << 24 else {
      throw l.error("caffe.unpooling.size", "\(channels) channels of \(kernel.0) by \(kernel.1) are too many")
    }
    var x = try l.bottom()
    if divides {
      // Windows are cut at the far edges.
      var counts: [Float] = []
      for i in 0..<h {
        for j in 0..<w {
          let rows = min(i * stride.0 + kernel.0, size.0) - i * stride.0
          let columns = min(j * stride.1 + kernel.1, size.1) - j * stride.1
          counts.append(Float(rows * columns))
        }
      }
      x = try l.binary(.divide, x, l.constant("window_sizes", try Tensor(counts, shape: [1, 1, h, w])), "shares")
    }
    let ones = try Tensor([Float](repeating: 1, count: taps), shape: [channels, 1, kernel.0, kernel.1])
    let geometry = WindowGeometry(kernel: [kernel.0, kernel.1], strides: [stride.0, stride.1])
    let y = try l.add(
      TransposedConvolution(geometry: geometry, groups: channels), [x, l.constant("taps", ones)], "spread")
    let missing = (size.0 - ((h - 1) * stride.0 + kernel.0), size.1 - ((w - 1) * stride.1 + kernel.1))
    guard missing != (0, 0) else { return l.setTop(0, y) }
    try l.emit(Pad(), [y, try l.constant("ends", ints: [0, 0, 0, 0, 0, 0, missing.0, missing.1])])
  }
}

extension LayerBuilder {
  /// Makes top 0 a plane of `height` by `width` zeros with the elements of `x` where `mask` counts within the plane.
  func emitUnpooled(_ x: ValueID, mask: ValueID, _ height: Int, _ width: Int) throws(Diagnostic) {
    let (n, c) = (try size(0, "the batch size"), try size(1, "the number of channels"))
    guard let whole = checkedProduct([n, c, height, width]), whole <= Int(Int32.max) else {
      throw error("caffe.upsample.size", "a result of \(n)x\(c)x\(height)x\(width) is too large")
    }
    let (rows, columns) = try plane()
    let points = rows * columns
    let empty = try add(Fill(try Tensor([Float(0)])), [try constant("planes", ints: [n, c, height * width])], "empty")
    let flat: [Dim] = [Dim(n), Dim(c), Dim(points)]
    var index = try cast(mask, .int64, "mask_int")
    if shape(of: index).prefix(2) != [Dim(n), Dim(c)] {
      index = try add(Expand(), [index, try constant("mask_shape", ints: [n, c, rows, columns])], "mask_everywhere")
    }
    let indices = try reshaped(index, to: flat, "indices")
    let filled = try add(ScatterElements(axis: 2), [empty, indices, try reshaped(x, to: flat, "values")], "filled")
    try emitReshaped(filled, to: [Dim(n), Dim(c), Dim(height), Dim(width)])
  }
}
