import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// The image moved by a flow: bilinear samples at (x + flow₀, y + flow₁), at the far edges of the nearest elements; places
/// outside 0 ≤ x < W, 0 ≤ y < H (or without a number) get the fill value. Bottoms: image [N, C, H, W], flow [N, 2, H, W].
/// Source: FlowNet 2 flow_warp_layer.cpp.
enum FlowWarpLayer: LayerTranslator {
  static var types: [String] { ["FlowWarp"] }
  static var bottoms: ClosedRange<Int> { 2...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("flow_warp_param")
    let (h, w) = try l.plane()
    let n = l.shape()[0]
    guard l.shape(1) == [n, 2, Dim(h), Dim(w)] else {
      throw l.error(
        "caffe.flow-warp.shape", "the flow of shape \(shapeText(l.shape(1))) must be [\(n),2,\(h),\(w)]")
    }
    let points = h * w
    let flow = try l.reshaped(try l.bottom(1), to: [n, 2, Dim(points)], "flow")
    let parts = try l.pieces(flow, axis: 1, count: 2, "flow_part")
    let grid = [(0..<points).map { Float($0 % w) }, (0..<points).map { Float($0 / w) }]
    let zero = try l.constant("zero", scalar: 0)
    var places: [ValueID] = []
    var isInside: ValueID?
    for (k, extent) in [w, h].enumerated() {
      let base = l.constant("place\(k)", try Tensor(grid[k], shape: [1, 1, points]))
      let place = try l.binary(.add, base, parts[k], "target\(k)")
      let isPast = try l.binary(.greaterOrEqual, place, zero, "is_past_start\(k)")
      let isBefore = try l.binary(
        .less, place, try l.constant("extent\(k)", scalar: Float(extent)), "is_before_end\(k)")
      let both = try l.binary(.and, isPast, isBefore, "is_on_axis\(k)")
      isInside = if let isInside { try l.binary(.and, isInside, both, "is_inside") } else { both }
      places.append(place)
    }
    guard let isInside else { return }
    for k in 0..<2 { places[k] = try l.select(isInside, places[k], zero, "source\(k)") }
    let samples = try l.bilinear(try l.bottom(), columns: places[0], rows: places[1], edge: .nearest, "image")
    let fill = p.name(of: "fill_value", default: "ZERO") == "NOT_A_NUMBER" ? Float.nan : 0
    let filled = try l.select(isInside, samples, try l.constant("fill", scalar: fill), "filled")
    try l.emitReshaped(filled, to: l.shape())
  }
}

/// A plane seen through an affine map: result (s, t) is the bilinear sample at θ · (2 s/H' − 1, 2 t/W' − 1, 1), which
/// counts rows first and from −1 to 1; outside is 0. Bottoms: image, θ [N, 6] without the entries that the layer fixes.
/// Source: SpatialTransformerLayer (Kaichun Mo) st_layer.cpp, st_layer.cu.
enum SpatialTransformerLayer: LayerTranslator {
  static var types: [String] { ["SpatialTransformer"] }
  static var bottoms: ClosedRange<Int> { 2...2 }

  static func build(_ l: LayerBuilder) throws(Diagnostic) {
    let p = l.parameters("st_param")
    let (h, w) = try l.plane()
    for (field, only) in [("transform_type", "affine"), ("sampler_type", "bilinear")] {
      guard p.string(field, default: only) == only else {
        throw l.error("caffe.spatial-transformer.kind", "\(field) can only be \(only)", p, field)
      }
    }
    let height = p.has("output_H") ? p.int("output_H") : h
    let width = p.has("output_W") ? p.int("output_W") : w
    guard height > 0, width > 0, let points = checkedProduct([height, width]), points <= 1 << 24 else {
      throw l.error("caffe.spatial-transformer.size", "an output of \(height) by \(width) is empty or too large", p)
    }
    let n = l.shape()[0]
    let theta = try matrix(l, p, n)
    var grid = [Float](repeating: 1, count: 3 * points)
    for i in 0..<points {
      grid[i] = Float(Double(i / width) / Double(height) * 2 - 1)
      grid[points + i] = Float(Double(i % width) / Double(width) * 2 - 1)
    }
    let places = try l.add(MatMul(), [theta, l.constant("grid", try Tensor(grid, shape: [3, points]))], "places")
    let parts = try l.pieces(places, axis: 1, count: 2, "place")
    let one = try l.constant("one", scalar: 1)
    let half = try l.constant("half", scalar: 0.5)
    var index: [ValueID] = []
    for (k, extent) in [h, w].enumerated() {
      let from = try l.binary(.multiply, try l.binary(.add, parts[k], one, "shifted\(k)"), half, "part\(k)")
      let place = try l.binary(.multiply, from, try l.constant("extent\(k)", scalar: Float(extent)), "unbounded\(k)")
      // What is this far outside is 0 in any case.
      index.append(try l.map(.clamp(lower: -2, upper: FloatBits(Float(extent) + 1)), place, "row_or_column\(k)"))
    }
    let samples = try l.bilinear(try l.bottom(), columns: index[1], rows: index[0], edge: .zero, "image")
    try l.emitReshaped(samples, to: [n, l.shape()[1], Dim(height), Dim(width)])
  }

  /// θ as [N, 2, 3]: the entries that the layer gives, and the rest in order from bottom 1.
  private static func matrix(_ l: LayerBuilder, _ p: ParameterBlock, _ n: Dim) throws(Diagnostic) -> ValueID {
    let names = ["theta_1_1", "theta_1_2", "theta_1_3", "theta_2_1", "theta_2_2", "theta_2_3"]
    let free = names.filter { !p.has($0) }
    let given = try l.number(l.count(l.shape(1).dropFirst()), "the number of entries of theta")
    guard given == free.count, l.shape(1).first == n else {
      throw l.error(
        "caffe.spatial-transformer.theta",
        "theta of shape \(shapeText(l.shape(1))) must have \(free.count) entries for each of \(n) items", p)
    }
    if free.count == 6 { return try l.reshaped(try l.bottom(1), to: [n, 2, 3], "theta") }
    var rest: ArraySlice<ValueID> = []
    if !free.isEmpty {
      let flat = try l.reshaped(try l.bottom(1), to: [n, Dim(free.count)], "theta_given")
      rest = try l.pieces(flat, axis: 1, count: free.count, "theta_part")[...]
    }
    let items = try l.size(0, "the batch size")
    var entries: [ValueID] = []
    for name in names {
      if p.has(name) {
        entries.append(
          l.constant(name, try Tensor([Float](repeating: p.float(name), count: items), shape: [items, 1])))
      } else if let next = rest.popFirst() {
        entries.append(next)
      }
    }
    return try l.reshaped(try l.add(Concat(axis: 1), entries, "theta_entries"), to: [n, 2, 3], "theta")
  }
}
