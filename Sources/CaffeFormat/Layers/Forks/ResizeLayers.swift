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
    // One factor goes before a given size, a given size before both.
    if (shrink == nil) == (zoom == nil) {
      if p.has("height"), p.has("width") || shrink == nil {
        guard p.int("height") > 0, p.int("width") > 0 else {
          throw l.error("caffe.interp.size", "height and width must be positive", p, "height")
        }
        return [p.int("height"), p.int("width")]
      }
      guard shrink != nil else {
        throw l.error("caffe.interp.size", "neither height and width nor a factor is given", p)
      }
    }
    if let shrink { size = size.map { ($0 - 1) / shrink + 1 } }
    if let zoom { size = size.map { $0 + ($0 - 1) * (zoom - 1) } }
    return size
  }
}

/// SegNet's Upsample puts values where a pooling mask says (two bottoms); darknet's repeats elements `scale` times.
enum UpsampleLayer: LayerTranslator {
  static var types: [String] { ["Upsample", "UpsampleDarknet"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters(l.layer.type == "Upsample" ? "upsample_param" : "upsample_darknet_param")
    guard l.rank() == 4 else { throw l.error("caffe.upsample.rank", "the bottom must have 4 axes") }
    guard l.bottoms.count == 2 else { return try repeatElements(l, p) }
    try l.requireSameShape(0, 1, "caffe.upsample.shape")
    let (h, w) = (try l.size(2, "the height"), try l.size(3, "the width"))
    let height = try extent(l, p, "upsample_h", "scale_h", "pad_out_h", h)
    let width = try extent(l, p, "upsample_w", "scale_w", "pad_out_w", w)
    try l.emitUnpooled(try l.bottom(), mask: try l.bottom(1), height, width)
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
    let field = p.has("stride") ? "stride" : "scale"
    let scale = p.has(field) ? max(p.float(field), Float(p.int(field))) : p.name == "upsample_darknet_param" ? 1 : 2
    guard scale >= 1, scale.isFinite else {
      throw l.error("caffe.upsample.scale", "the scale \(scale) must be at least 1", p, "scale")
    }
    let scales = l.constant("scales", try Tensor([scale, scale]))
    try l.emit(
      Resize(mode: .nearest, coordinates: .asymmetric, nearest: .floor, axes: [2, 3]), [try l.bottom(), nil, scales])
  }
}

/// The plane at another size: bilinear with half-element centres, or the nearest element towards the start. Source: DeePhi's
/// deephi_resize_layer.cpp, which calls OpenCV.
enum DeephiResizeLayer: LayerTranslator {
  static var types: [String] { ["DeephiResize"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("deephi_resize_param")
    let (h, w) = try l.plane()
    var (height, width) = (p.int("new_height"), p.int("new_width"))
    if !p.has("new_height") {
      let (sh, sw) = (p.float("scale_h"), p.float("scale_w"))
      guard sh > 0, sw > 0, sh <= 4096, sw <= 4096 else {
        throw l.error("caffe.resize.scale", "new_height and new_width, or scale_h and scale_w, must be positive", p)
      }
      (height, width) = (Int(Float(h) * sh), Int(Float(w) * sw))
    }
    guard height > 0, width > 0, height <= 1 << 20, width <= 1 << 20 else {
      throw l.error("caffe.resize.size", "a size of \(height) by \(width) is empty or too large", p, "new_height")
    }
    if p.name(of: "resize_type", default: "BILINEAR") == "BILINEAR" {
      try l.emit(
        Resize(mode: .linear, coordinates: .halfPixel, axes: [2, 3]),
        [try l.bottom(), nil, nil, try l.constant("size", ints: [height, width])])
      return
    }
    var y = try l.bottom()
    for (axis, (from, to)) in [(2, (h, height)), (3, (w, width))] where from != to {
      let ratio = Double(from) / Double(to)
      let index = (0..<to).map { min(Int((Double($0) * ratio).rounded(.down)), from - 1) }
      y = try l.add(Gather(axis: axis), [y, try l.constant("index\(axis)", ints: index)], "nearest\(axis)")
    }
    l.setTop(0, y)
  }
}
