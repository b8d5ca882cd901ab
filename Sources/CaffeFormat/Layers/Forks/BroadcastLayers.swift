import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Arithmetic of two bottoms whose shapes are broadcast as NumPy does; Mul and Add also with a blob of their own.
/// Source: Synopsys' mul_layer.cpp, add_layer.cpp, sub_layer.cpp, div_layer.cpp.
enum BroadcastLayer: LayerTranslator {
  static var types: [String] { ["Mul", "Add", "Sub", "Div"] }
  static var bottoms: ClosedRange<Int> { 1...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let function: BinaryFunction
    switch l.layer.type {
    case "Mul": function = .multiply
    case "Add": function = .add
    case "Sub": function = .subtract
    default: function = .divide
    }
    try l.emit(BinaryMap(function), [try l.bottom(), l.bottoms.count == 2 ? try l.bottom(1) : try own(l)])
  }

  private static func own(_ l: LayerBuilder) throws(Diagnostic) -> ValueID {
    let p = l.parameters("mul_param")
    let shape = p.ints("mul_shape")
    if l.layer.type == "Mul", !shape.isEmpty {
      guard shape.allSatisfy({ $0 > 0 }) else { throw l.error("caffe.broadcast.shape", "mul_shape \(shape)", p) }
      return try l.blob("factor", shape: shape, filler: .constant(0))
    }
    let blobs = try l.freeBlobs()
    guard blobs.count == 1, let t = blobs.first else {
      throw l.error("caffe.broadcast.blob", "with one bottom the other operand must be in the weights file")
    }
    return l.constant("operand", try Tensor(try t.floats(), shape: t.shape))
  }
}

/// Axes of extent 1 left out: the given ones, or all. Source: Synopsys' squeeze_layer.cpp.
enum SqueezeLayer: LayerTranslator {
  static var types: [String] { ["Squeeze"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("squeeze_param")
    var axes: [Int] = []
    for a in p.ints("axis") { axes.append(try l.axis(a, p)) }
    let shape = l.shape()
    for a in axes where shape[a] != 1 {
      throw l.error("caffe.squeeze.extent", "axis \(a) has extent \(shapeText([shape[a]])), not 1", p, "axis")
    }
    let kept = shape.indices.filter { shape[$0] != 1 || !(axes.isEmpty || axes.contains($0)) }
    try l.emitReshaped(try l.bottom(), to: kept.map { shape[$0] })
  }
}

/// Blocks of a plane moved into the batch, or back, as TensorFlow does; zeros are put around the plane, or edges are cut.
/// The blocked axes are those after the batch. Source: Synopsys' space_to_batch_nd_layer.cpp, batch_to_space_nd_layer.cpp.
enum BlockLayer: LayerTranslator {
  static var types: [String] { ["SpaceToBatchND", "BatchToSpaceND"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let isForth = l.layer.type == "SpaceToBatchND"
    let p = l.parameters(isForth ? "space_to_batch_nd_param" : "batch_to_space_nd_param")
    let blocks = p.ints("block_shape")
    let edges = p.ints(isForth ? "paddings" : "crops")
    let m = blocks.count
    guard m >= 1, m < l.rank(), edges.count == 2 * m, edges.allSatisfy({ $0 >= 0 && $0 <= 1 << 20 }),
      let product = checkedProduct(blocks), product >= 1, product <= 1 << 24
    else {
      throw l.error("caffe.blocks.settings", "blocks \(blocks) with edges \(edges) do not fit \(l.rank()) axes", p)
    }
    var sizes: [Int] = []
    for a in 0...m { sizes.append(try l.size(a, "the size of axis \(a)")) }
    let rest = Array(l.shape()[(m + 1)...])
    if isForth {
      try forth(l, p, blocks, edges, sizes, rest)
    } else {
      try back(l, p, blocks, edges, sizes, rest, product)
    }
  }

  private static func forth(
    _ l: LayerBuilder, _ p: ParameterBlock, _ blocks: [Int], _ edges: [Int], _ sizes: [Int], _ rest: [Dim]
  ) throws(Diagnostic) {
    let m = blocks.count
    let zeros = Array(repeating: 0, count: rest.count)
    let starts = [0] + (0..<m).map { edges[2 * $0] } + zeros
    let ends = [0] + (0..<m).map { edges[2 * $0 + 1] } + zeros
    let padded = try l.add(Pad(), [try l.bottom(), try l.constant("paddings", ints: starts + ends)], "padded")
    var split: [Dim] = [Dim(sizes[0])]
    var out = [Dim(sizes[0] * blocks.reduce(1, *))]
    for i in 0..<m {
      let extent = sizes[i + 1] + edges[2 * i] + edges[2 * i + 1]
      guard extent % blocks[i] == 0 else {
        throw l.error("caffe.blocks.extent", "the padded extent \(extent) is not a multiple of \(blocks[i])", p)
      }
      split += [Dim(extent / blocks[i]), Dim(blocks[i])]
      out.append(Dim(extent / blocks[i]))
    }
    let order = (0..<m).map { 2 * $0 + 2 } + [0] + (0..<m).map { 2 * $0 + 1 } + (0..<rest.count).map { 2 * m + 1 + $0 }
    let apart = try l.reshaped(padded, to: split + rest, "blocks")
    try l.emitReshaped(try l.add(Transpose(order), [apart], "moved"), to: out + rest)
  }

  private static func back(
    _ l: LayerBuilder, _ p: ParameterBlock, _ blocks: [Int], _ edges: [Int], _ sizes: [Int], _ rest: [Dim],
    _ product: Int
  ) throws(Diagnostic) {
    let m = blocks.count
    guard sizes[0] % product == 0 else {
      throw l.error("caffe.blocks.batch", "the batch of \(sizes[0]) is not a multiple of \(product)", p)
    }
    let n = sizes[0] / product
    let split = blocks.map { Dim($0) } + [Dim(n)] + sizes[1...].map { Dim($0) } + rest
    let order = [m] + (0..<m).flatMap { [m + 1 + $0, $0] } + (0..<rest.count).map { 2 * m + 1 + $0 }
    let apart = try l.reshaped(try l.bottom(), to: split, "blocks")
    let extents: [Int] = (0..<m).map { sizes[$0 + 1] * blocks[$0] }
    let whole = [Dim(n)] + extents.map { Dim($0) } + rest
    let joined = try l.reshaped(try l.add(Transpose(order), [apart], "moved"), to: whole, "joined")
    let ends: [Int] = (0..<m).map { extents[$0] - edges[2 * $0 + 1] }
    guard (0..<m).allSatisfy({ ends[$0] > edges[2 * $0] }) else {
      throw l.error("caffe.blocks.crops", "the crops leave nothing", p, "crops")
    }
    try l.emit(
      Slice(),
      [
        joined, try l.constant("start", ints: (0..<m).map { edges[2 * $0] }), try l.constant("end", ints: ends),
        try l.constant("axes", ints: Array(1...m)), try l.constant("step", ints: Array(repeating: 1, count: m)),
      ])
  }
}

/// The plane at another size as TensorFlow resizes: bilinear or the nearest element.
/// Source: Synopsys' resize_bilinear_layer.cpp, resize_nearest_neighbor_layer.cpp.
enum PlaneResizeLayer: LayerTranslator {
  static var types: [String] { ["ResizeBilinear", "ResizeNearestNeighbor"] }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let isLinear = l.layer.type == "ResizeBilinear"
    let p = l.parameters(isLinear ? "resize_bilinear_param" : "resize_nearest_neighbor_param")
    try FixedPoint.refuse(l, p)
    let format = p.string("data_format", default: "NHWC")
    guard l.rank() == 4, format == "NHWC" || format == "NCHW" else {
      throw l.error(
        "caffe.resize.format", "a bottom of \(l.rank()) axes as \(format) is not supported", p, "data_format")
    }
    let first = format == "NHWC" ? 1 : 2
    var size: [Int] = []
    for (i, name) in ["height", "width"].enumerated() {
      let scale = p.float("scale_" + name, default: 1)
      let extent = Float(try l.size(first + i, "the " + name))
      let wanted =
        p.has("output_" + name) ? p.int("output_" + name) : Int(exactly: (extent * scale).rounded(.down)) ?? 0
      guard wanted > 0, wanted <= 1 << 20 else {
        throw l.error("caffe.resize.size", "a \(name) of \(wanted) is empty or too large", p, "output_" + name)
      }
      size.append(wanted)
    }
    var coordinates = Resize.Coordinates.asymmetric
    var nearest = Resize.Nearest.floor
    if p.bool("align_corners") { (coordinates, nearest) = (.alignCorners, .roundPreferCeil) }
    if p.bool("half_pixel_centers") { (coordinates, nearest) = (.halfPixel, .roundPreferCeil) }
    if p.bool("half_pixel_onnx") { coordinates = .halfPixel }
    if p.bool("pytorch_half_pixel") { coordinates = .pytorchHalfPixel }
    let op = Resize(
      mode: isLinear ? .linear : .nearest, coordinates: coordinates, nearest: nearest, axes: [first, first + 1])
    try l.emit(op, [try l.bottom(), nil, nil, try l.constant("size", ints: size)])
  }
}
