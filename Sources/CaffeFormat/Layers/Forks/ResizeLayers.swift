import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Bilinear resizing with corners aligned, of the input without its (negative) padding. The size is given, follows from
/// zoom and shrink factors, or is a second bottom's. Source: DeepLab and PSPNet interp_layer.cpp.
enum InterpLayer: LayerTranslator {
  static var types: [String] { ["Interp"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("interp_param")
    guard l.rank() == 4 else { throw l.error("caffe.interp.rank", "the bottom must have 4 axes") }
    let begin = p.int("pad_beg")
    let end = p.int("pad_end")
    guard begin <= 0, end <= 0 else {
      throw l.error("caffe.interp.pad", "pads must be 0 or negative: they crop", p, begin > 0 ? "pad_beg" : "pad_end")
    }
    var x = try l.bottom()
    if begin < 0 || end < 0 {
      let pads = try l.constant("pads", ints: [0, 0, begin, begin, 0, 0, end, end])
      x = try l.add(Pad(), [x, pads], "cropped")
    }
    let plane = Array(l.shape(of: x)[2...])
    let size = try target(l, p, plane)
    try l.emit(
      Resize(mode: .linear, coordinates: .alignCorners, axes: [2, 3]),
      [x, nil, nil, try l.constant("size", ints: size)])
  }

  private static func target(_ l: LayerBuilder, _ p: ParameterBlock, _ plane: [Dim]) throws(Diagnostic) -> [Int] {
    if l.bottoms.count == 2 { return [try l.size(2, of: 1, "the height"), try l.size(3, of: 1, "the width")] }
    var size: [Int] = []
    for d in plane { size.append(try l.number(d, "the input's size")) }
    let shrink = p.has("shrink_factor") ? p.int("shrink_factor") : nil
    let zoom = p.has("zoom_factor") ? p.int("zoom_factor") : nil
    if let factor = shrink ?? zoom, factor < 1 {
      throw l.error("caffe.interp.factor", "the factor \(factor) must be positive", p)
    }
    if shrink == nil, zoom == nil {
      guard p.int("height") > 0, p.int("width") > 0 else {
        throw l.error("caffe.interp.size", "neither height and width nor a factor is given", p)
      }
      return [p.int("height"), p.int("width")]
    }
    if let shrink { size = size.map { ($0 - 1) / shrink + 1 } }
    if let zoom { size = size.map { $0 + ($0 - 1) * (zoom - 1) } }
    return size
  }
}

/// SegNet's Upsample puts values where a pooling mask says (two bottoms); darknet's repeats elements `scale` times.
enum UpsampleLayer: LayerTranslator {
  static var types: [String] { ["Upsample"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("upsample_param")
    guard l.rank() == 4 else { throw l.error("caffe.upsample.rank", "the bottom must have 4 axes") }
    guard l.bottoms.count == 2 else { return try repeatElements(l, p) }
    try l.requireSameShape(0, 1, "caffe.upsample.shape")
    let (n, c) = (try l.size(0, "the batch size"), try l.size(1, "the number of channels"))
    let (h, w) = (try l.size(2, "the height"), try l.size(3, "the width"))
    let height = try extent(l, p, "upsample_h", "scale_h", "pad_out_h", h)
    let width = try extent(l, p, "upsample_w", "scale_w", "pad_out_w", w)
    guard let planes = checkedProduct([n, c]), planes <= 1 << 24, let whole = checkedProduct([n, c, height, width]),
      whole <= Int(Int32.max)
    else { throw l.error("caffe.upsample.size", "a result of \(n)x\(c)x\(height)x\(width) is too large") }
    // The mask counts within a plane, MaxUnpool over the whole tensor.
    let plane = height * width
    let base = try Tensor((0..<planes).map { Int64($0 * plane) }, shape: [n, c, 1, 1])
    let mask = try l.cast(try l.bottom(1), .int64, "mask_int")
    let indices = try l.binary(.add, mask, l.constant("plane_start", base), "indices")
    // Windows that give this very size: runtimes differ in what an index counts where another size is given.
    let strides = [(height, h), (width, w)].map { out, d in out >= 2 * d - 1 ? 2 : 1 }
    let geometry = WindowGeometry(
      kernel: [height - (h - 1) * strides[0], width - (w - 1) * strides[1]], strides: strides)
    try l.emit(
      MaxUnpool(geometry), [try l.bottom(), indices, try l.constant("size", ints: [n, c, height, width])])
  }

  private static func extent(
    _ l: LayerBuilder, _ p: ParameterBlock, _ size: String, _ scale: String, _ pad: String, _ input: Int
  ) throws(Diagnostic) -> Int {
    if p.has(size) {
      guard p.int(size) >= input else {
        throw l.error("caffe.upsample.size", "\(size) is smaller than the input", p, size)
      }
      return p.int(size)
    }
    let factor = p.has(scale) ? p.int(scale) : p.int("scale", default: 2)
    guard factor >= 1, factor <= 1 << 16 else {
      throw l.error("caffe.upsample.scale", "the scale \(factor) must be positive", p)
    }
    return input * factor - (p.bool(pad) ? 1 : 0)
  }

  private static func repeatElements(_ l: LayerBuilder, _ p: ParameterBlock) throws(Diagnostic) {
    let scale = p.has("scale") ? max(p.float("scale"), Float(p.int("scale"))) : 2
    guard scale >= 1, scale.isFinite else {
      throw l.error("caffe.upsample.scale", "the scale \(scale) must be at least 1", p, "scale")
    }
    let scales = l.constant("scales", try Tensor([scale, scale]))
    try l.emit(
      Resize(mode: .nearest, coordinates: .asymmetric, nearest: .floor, axes: [2, 3]), [try l.bottom(), nil, scales])
  }
}
