import Diagnostics
import ModelGraph
import Rewrites
import TensorCore

extension OnnxLowering {
  /// Rounding and pads of a pooling layer in ONNX's terms.
  struct Window {
    var geometry: WindowGeometry
    /// What explicit end padding beyond the layer's own the last windows need, by axis.
    var overhang: [Int]
    /// Output extents to cut to where floor rounding gives more; nil where it fits.
    var cut: [Int]?
  }

  /// Floor rounding with computed end pads where the spatial sizes are known; `ceil_mode` where they are not and the
  /// rules agree.
  ///
  /// - Throws: `onnx.pooling-empty-window`, `onnx.pooling-rounding` naming the layer.
  func window(_ g: WindowGeometry, _ x: ValueID) throws(Diagnostic) -> Window {
    var out = g
    let spatial = shape(x).map { Array($0.dropFirst(2)) } ?? []
    let axes = g.kernel.count
    if g.isGlobal || g.rounding == .floor && g.lastWindow == .keep { return Window(geometry: g, overhang: []) }
    if case .explicit = g.padding {
    } else {
      out.rounding = .floor
      out.lastWindow = .keep
      return Window(geometry: out, overhang: [])
    }
    let sizes = spatial.compactMap(\.value)
    if sizes.count == axes, let extents = g.extents(spatial: sizes) {
      if extents.contains(where: \.hasEmptyWindow) { throw emptyWindow(extents) }
      out.rounding = .floor
      out.lastWindow = .keep
      out.padding = .explicit(begin: extents.map(\.begin), end: extents.map { $0.endPadForFloor ?? 0 })
      let overhang = extents.map { e in
        max(0, (e.size - 1) * e.stride + e.window - e.input - e.begin - e.end)
      }
      let cut = extents.contains { $0.endPadForFloor == nil } ? extents.map(\.size) : nil
      return Window(geometry: out, overhang: overhang, cut: cut)
    }
    // The last window of floor rounding starts in the padding only where a pad is as large as the window.
    let padsAreSmall = (0..<axes).allSatisfy { g.explicitPads($0).end < g.kernel[$0] }
    if g.rounding == .floor, padsAreSmall {
      out.lastWindow = .keep
      return Window(geometry: out, overhang: [])
    }
    // ONNX drops a window that starts past the input always; Caffe only where the layer is padded. Without padding such
    // a window needs a stride above the kernel.
    let agree =
      g.lastWindow != .keep && (g.lastWindow == .dropAlways || g.isAnyPadded)
      || (0..<axes).allSatisfy { g.stride($0) <= g.kernel[$0] }
    guard agree, opset >= 10 else {
      throw refuse(
        "onnx.pooling-rounding", "its rounding cannot be said while the spatial size is open",
        help: agree ? "use --opset 10 or higher, or give --shape for the inputs" : "give --shape for the inputs")
    }
    out.rounding = .ceil
    out.lastWindow = .dropAlways
    return Window(geometry: out, overhang: [])
  }

  private func emptyWindow(_ extents: [PoolingExtent]) -> Diagnostic {
    let axis = extents.firstIndex(where: \.hasEmptyWindow) ?? 0
    let e = extents[axis]
    return refuse(
      "onnx.pooling-empty-window",
      "the last window of spatial axis \(axis) lies wholly outside the input (extent \(e.input), window \(e.window), "
        + "stride \(e.stride), starts at \(e.lastWindowStart)); ONNX has no such windows",
      help: "choose an input size or a stride with which every window meets the input")
  }

  /// The first `sizes` elements of each spatial axis.
  func cut(_ v: ValueID, to sizes: [Int]?, _ suffix: String) throws(Diagnostic) -> ValueID {
    guard let sizes else { return v }
    let axes = sizes.indices.map { $0 + 2 }
    return try add(
      Slice(),
      [
        v, try ints(axes.map { _ in 0 }, "\(suffix)_starts"), try ints(sizes, "\(suffix)_ends"),
        try ints(axes, "\(suffix)_axes"),
      ], suffix)
  }

  /// Elements of one value put around the spatial axes.
  func pad(_ x: ValueID, begin: [Int], end: [Int], value: Double, _ suffix: String) throws(Diagnostic) -> ValueID {
    let pads = [0, 0] + begin + [0, 0] + end
    return try add(
      Pad(), [x, try ints(pads, "\(suffix)_amounts"), try scalar(value, like: x, "\(suffix)_value")], suffix)
  }
}

extension MaxPool: OnnxLegalisable {
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    var x = try l.input(0)
    var w = try l.window(geometry, x)
    let wantsIndices = l.wants(1)
    if w.geometry.isGlobal, wantsIndices {
      guard let sizes = l.type(x).sizes, sizes.count > 2 else {
        throw l.refuse("onnx.pooling-mask", "its mask needs known sizes", help: "give --shape for the inputs")
      }
      w.geometry.isGlobal = false
      w.geometry.kernel = Array(sizes.dropFirst(2))
    }
    // ONNX's runtimes refuse a pad that is not below the kernel.
    if case .explicit(let begin, let end) = w.geometry.padding, !w.geometry.isGlobal,
      zip(begin + end, w.geometry.kernel + w.geometry.kernel).contains(where: { $0 >= $1 }), !wantsIndices
    {
      let lowest = l.dtype(x).isFloat ? -Double(Float.greatestFiniteMagnitude) : 0
      let k = w.geometry.kernel.indices
      x = try l.pad(
        x, begin: k.map { w.geometry.explicitPads($0).begin }, end: k.map { w.geometry.explicitPads($0).end },
        value: l.dtype(x) == .float16 ? -65504 : lowest, "padded")
      w.geometry.padding = .none
    }
    let usesMask = indices == .planeFloat && wantsIndices
    let target = MaxPool(
      w.geometry, indices: usesMask ? .flat(columnMajor: false) : indices == .planeFloat ? .none : indices)
    if target.geometry == geometry, target.indices == indices { return nil }
    if target.indices == .none { return [try l.cut(try l.add(target, [x], "pooled"), to: w.cut, "cut"), nil] }
    let made = try l.addAll(target, [x], ["pooled", "indices"])
    let pooled = try l.cut(made[0], to: w.cut, "cut")
    let flat = try l.cut(made[1], to: w.cut, "indices_cut")
    return [pooled, usesMask ? try planeIndices(flat, of: x, l) : flat]
  }

  /// Places within the plane as floats, from places within the tensor: i − ⌊i / HW⌋ · HW.
  private func planeIndices(_ flat: ValueID, of x: ValueID, _ l: OnnxLowering) throws(Diagnostic) -> ValueID {
    guard
      let plane = l.shape(x)?.dropFirst(2).reduce(
        Optional(1),
        { a, d in
          a.flatMap { p in d.value.map { p.multipliedReportingOverflow(by: $0).partialValue } }
        }), plane > 0
    else {
      throw l.refuse("onnx.pooling-mask", "its mask needs known sizes", help: "give --shape for the inputs")
    }
    let n = l.constant(try Tensor(scalar: Int64(plane)), "plane")
    let whole = try l.binary(.multiply, try l.binary(.divide, flat, n, "channel"), n, "channel_start")
    let local = try l.binary(.subtract, flat, whole, "place")
    return try l.add(Cast(to: .float32), [local], "mask")
  }
}

extension AveragePool: OnnxLegalisable {
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    let x = try l.input(0)
    if geometry.isGlobal { return nil }
    let w = try l.window(geometry, x)
    var target = AveragePool(w.geometry, divisor: divisor)
    var source = x
    let hasOverhang = w.overhang.contains { $0 > 0 }
    if divisor != .validOnly, hasOverhang {
      // Padding counts, the overhang does not: the padding becomes part of the input.
      let k = geometry.kernel.indices
      let counted = divisor == .window
      if geometry.isAnyPadded || counted {
        source = try l.pad(
          x, begin: k.map { geometry.explicitPads($0).begin },
          end: k.map { geometry.explicitPads($0).end + (counted ? w.overhang[$0] : 0) }, value: 0, "padded")
      }
      target.geometry.padding = .explicit(begin: k.map { _ in 0 }, end: counted ? k.map { _ in 0 } : w.overhang)
      target.divisor = .validOnly
    } else if divisor != .validOnly, w.geometry.padding != .none,
      case .explicit(let begin, let end) = w.geometry.padding,
      zip(begin + end, geometry.kernel + geometry.kernel).contains(where: { $0 >= $1 })
    {
      source = try l.pad(x, begin: begin, end: end, value: 0, "padded")
      target.geometry.padding = .none
    }
    if target == self, source == x, w.cut == nil { return nil }
    return [try l.cut(try l.add(target, [source], "pooled"), to: w.cut, "cut")]
  }
}

extension StochasticPool: OnnxLegalisable {
  /// Σx² / Σx: the ratio of two averages over the same windows; 0 where Σx is 0.
  package func legalise(_ l: OnnxLowering) throws(Diagnostic) -> [ValueID?]? {
    let x = try l.input(0)
    var w = try l.window(geometry, x)
    w.geometry.rounding = .floor
    let pool = AveragePool(w.geometry, divisor: .validOnly)
    let squares = try l.add(pool, [try l.binary(.multiply, x, x, "square")], "mean_square")
    let means = try l.add(pool, [x], "mean")
    let zero = try l.scalar(0, like: x, "zero")
    let ratio = try l.binary(.divide, squares, means, "ratio")
    let isZero = try l.binary(.equal, means, zero, "is_zero")
    return [try l.cut(try l.add(Select(), [isZero, zero, ratio], "pooled"), to: w.cut, "cut")]
  }
}
