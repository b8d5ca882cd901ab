import Diagnostics
import ModelGraph

/// Product with a learned or given scale over axes `axis ..< axis + num_axes`, and an optional bias of the same shape.
/// Source: scale_layer.cpp.
enum ScaleLayer: LayerTranslator {
  static var types: [String] { ["Scale"] }
  static var bottoms: ClosedRange<Int> { 1...2 }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("scale_param")
    let scale: ValueID
    var bias: ValueID?
    let place: BroadcastPlace
    if l.bottoms.count > 1 {
      place = try BroadcastPlace(l, p, operand: 1, what: "scale")
      scale = try l.bottom(1)
    } else {
      place = try BroadcastPlace(l, p, what: "scale")
      let filler = p.block("filler")
      scale = try l.blob(
        "scale", shape: place.sizes(l), filler: filler.isPresent ? Filler(filler, layer: l.layer) : .constant(1))
    }
    if p.bool("bias_term") {
      bias = try l.blob("bias", shape: place.sizes(l), filler: Filler(p.block("bias_filler"), layer: l.layer))
    }
    try l.emit(ScaleShift(axis: place.axis), [try l.bottom(), scale, bias])
  }
}

/// Sum with a learned or given bias. Source: bias_layer.cpp.
enum BiasLayer: LayerTranslator {
  static var types: [String] { ["Bias"] }
  static var bottoms: ClosedRange<Int> { 1...2 }
  static func allowsInPlace(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("bias_param")
    let bias: ValueID
    let place: BroadcastPlace
    if l.bottoms.count > 1 {
      place = try BroadcastPlace(l, p, operand: 1, what: "bias")
      bias = try l.bottom(1)
    } else {
      place = try BroadcastPlace(l, p, what: "bias")
      bias = try l.blob("bias", shape: place.sizes(l), filler: Filler(p.block("filler"), layer: l.layer))
    }
    try l.emit(ScaleShift(axis: place.axis), [try l.bottom(), nil, bias])
  }
}

/// Where a scale or bias lies on the axes of bottom 0.
struct BroadcastPlace {
  let axis: Int
  let extents: [Dim]

  /// A learned blob: `axis` and `num_axes` of the block say the place.
  init(_ l: LayerBuilder, _ p: ParameterBlock, what: String) throws(Diagnostic) {
    let start = try l.axis(p.int("axis", default: 1), p)
    let count = p.int("num_axes", default: 1)
    guard count >= -1 else {
      throw l.error("caffe.\(what).num-axes", "num_axes \(count) is neither -1 nor positive", p, "num_axes")
    }
    guard count == -1 || count <= l.rank() - start else {
      throw l.error(
        "caffe.\(what).num-axes",
        "\(count) axes from axis \(start) extend past the bottom's shape "
          + shapeText(l.shape()), p, "num_axes")
    }
    extents = Array(l.shape()[start..<(count == -1 ? l.rank() : start + count)])
    axis = extents.isEmpty ? 0 : start
  }

  /// A bottom: its shape must be that of bottom 0 from `axis` on.
  init(_ l: LayerBuilder, _ p: ParameterBlock, operand: Int, what: String) throws(Diagnostic) {
    extents = l.shape(operand)
    axis = extents.isEmpty ? 0 : try l.axis(p.int("axis", default: 1), p)
    guard axis + extents.count <= l.rank() else {
      throw l.error(
        "caffe.\(what).shape",
        "the \(what) of shape \(shapeText(extents)) extends past the bottom's shape "
          + "\(shapeText(l.shape())) from axis \(axis)", p, "axis")
    }
    for (i, d) in extents.enumerated() {
      let x = l.shape()[axis + i]
      if let a = d.value, let b = x.value, a != b {
        throw l.error(
          "caffe.\(what).shape",
          "axis \(axis + i) of the bottom has \(b) elements, but axis \(i) of the \(what) has \(a)",
          p, "axis")
      }
    }
  }

  func sizes(_ l: LayerBuilder) throws(Diagnostic) -> [Int] {
    var out: [Int] = []
    for d in extents { out.append(try l.number(d, "the blob's extent")) }
    return out
  }
}
