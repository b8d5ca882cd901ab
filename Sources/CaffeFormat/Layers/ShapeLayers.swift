import Diagnostics
import ModelGraph

/// Joins axes `axis ... end_axis`. Source: flatten_layer.cpp.
enum FlattenLayer: LayerTranslator {
  static var types: [String] { ["Flatten"] }
  static func sharesMemory(_ layer: CaffeLayer) -> Bool { true }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("flatten_param")
    let start = try l.axis(p.int("axis", default: 1), p)
    let end = try l.axis(p.int("end_axis", default: -1), p, "end_axis")
    // The product of no extents is 1: an end right before the start inserts an axis.
    if start == end + 1 {
      try l.emit(ReshapeAxes(dims: [1], axis: start, axisCount: 0), [try l.bottom()])
      return
    }
    guard start <= end else {
      throw l.error("caffe.flatten.axes", "end_axis \(end) lies before axis \(start)", p, "end_axis")
    }
    try l.emit(Flatten(axis: start, endAxis: end), [try l.bottom()])
  }
}

/// Another shape; 0 copies the axis at `axis` + position, -1 infers. Source: reshape_layer.cpp. Intel's layer of the name
/// also moves blocks of channels into planes (`pixelshuffler`).
enum ReshapeLayer: LayerTranslator {
  static var types: [String] { ["Reshape"] }
  static func sharesMemory(_ layer: CaffeLayer) -> Bool { factor(layer.parameters("reshape_param")) == 1 }

  private static func factor(_ p: ParameterBlock) -> Int { p.int("pixelshuffler", default: 1) }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("reshape_param")
    let factor = factor(p)
    if factor != 1 {
      guard l.rank() == 4, factor > 1, factor < 1 << 15, let c = l.shape()[1].value, c % (factor * factor) == 0 else {
        throw l.error(
          "caffe.reshape.shuffle",
          "a bottom of shape \(shapeText(l.shape())) has no blocks of \(factor) by \(factor) channels", p,
          "pixelshuffler")
      }
      try l.emit(DepthToSpace(block: factor, order: .CRD), [try l.bottom()])
      return
    }
    let dims = p.block("shape").ints("dim")
    guard dims.count(where: { $0 == -1 }) <= 1 else {
      throw l.error("caffe.reshape.inferred", "the shape has more than one -1", p, "shape")
    }
    if let bad = dims.first(where: { $0 < -1 }) {
      throw l.error("caffe.reshape.negative", "the shape has the extent \(bad)", p, "shape")
    }
    let given = p.int("axis")
    let start = given >= 0 ? given : l.rank() + given + 1
    guard start >= 0, start <= l.rank() else {
      throw l.error(
        "caffe.layer.axis-range", "axis \(given) is out of range for a bottom of shape \(shapeText(l.shape()))", p,
        "axis")
    }
    let count = p.int("num_axes", default: -1)
    guard count >= -1, count == -1 || count <= l.rank() - start else {
      throw l.error("caffe.reshape.num-axes", "\(count) axes from axis \(start) are out of range", p, "num_axes")
    }
    for (i, d) in dims.enumerated() where d == 0 && start + i >= l.rank() {
      throw l.error(
        "caffe.reshape.copy", "extent 0 at place \(i) copies an axis that the bottom does not have", p, "shape")
    }
    let op = ReshapeAxes(dims: dims, axis: start, axisCount: count)
    let known = TypeInputs([TypeInputs.Operand(type: .tensor(.float32, l.shape()))])
    do throws(InferenceError) { _ = try op.inferTypes(known) } catch {
      throw l.error("caffe.reshape.count", error.message, p, "shape")
    }
    try l.emit(op, [try l.bottom()])
  }
}

/// The part of bottom 0 that has bottom 1's extents from `axis` on. Source: crop_layer.cpp.
enum CropLayer: LayerTranslator {
  static var types: [String] { ["Crop"] }
  static var bottoms: ClosedRange<Int> { 2...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("crop_param")
    let axis = try l.axis(p.int("axis", default: 2), p)
    let offsets = p.ints("offset")
    guard offsets.count <= 1 || axis + offsets.count == l.rank() else {
      throw l.error(
        "caffe.crop.offset-count",
        "\(offsets.count) offsets for the \(l.rank() - axis) axes from axis \(axis): give one, or one for each", p,
        "offset")
    }
    guard l.rank(1) >= l.rank() else {
      throw l.error(
        "caffe.crop.rank", "the reference of shape \(shapeText(l.shape(1))) has fewer axes than the bottom")
    }
    for i in axis..<l.rank() {
      let offset = offsets.isEmpty ? 0 : offsets.count == 1 ? offsets[0] : offsets[i - axis]
      guard let have = l.shape()[i].value, let want = l.shape(1)[i].value else { continue }
      guard have - offset >= want else {
        throw l.error(
          "caffe.crop.out-of-bounds",
          "axis \(i): \(want) elements from offset \(offset) on are not inside the bottom's \(have)", p, "offset")
      }
    }
    try l.emit(CropLike(axis: axis, offsets: offsets), [try l.bottom(), try l.bottom(1)])
  }
}

/// The input repeated along an axis. Source: tile_layer.cpp.
enum TileLayer: LayerTranslator {
  static var types: [String] { ["Tile"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("tile_param")
    let axis = try l.axis(p.int("axis", default: 1), p)
    guard p.has("tiles"), p.int("tiles") > 0 else {
      throw l.error("caffe.tile.tiles", "tiles must be given and positive", p, "tiles")
    }
    var repeats = Array(repeating: 1, count: l.rank())
    repeats[axis] = p.int("tiles")
    try l.emit(Tile(), [try l.bottom(), try l.constant("repeats", ints: repeats)])
  }
}
