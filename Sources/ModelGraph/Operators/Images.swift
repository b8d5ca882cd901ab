import TensorCore

/// The input at other spatial extents. Operands: input, region of interest?, scales?, sizes? (one of the last two).
/// Source: ONNX Resize-19.
package struct Resize: Operator {
  package static let operatorName = "Resize"
  package var mode: Mode
  package var coordinates: Coordinates
  package var nearest: Nearest
  /// The axes that scales or sizes are of; empty for all.
  package var axes: [Int]
  package var aspect: AspectPolicy
  package var cubicA: FloatBits
  package var excludesOutside: Bool
  package var extrapolation: FloatBits
  /// Widens the filter when the result is smaller.
  package var antialiases: Bool

  package enum Mode: String, Hashable, Sendable { case nearest, linear, cubic }
  package enum Coordinates: String, Hashable, Sendable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case tfHalfPixelForNearest = "tf_half_pixel_for_nn"
    case tfCropAndResize = "tf_crop_and_resize"
  }
  package enum Nearest: String, Hashable, Sendable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor, ceil
    /// Operator set 10 as ONNX Runtime has it: down where an axis grows, up where it shrinks.
    case simple
  }
  package enum AspectPolicy: String, Hashable, Sendable {
    case stretch
    case notLarger = "not_larger"
    case notSmaller = "not_smaller"
  }

  package init(
    mode: Mode = .nearest, coordinates: Coordinates = .halfPixel, nearest: Nearest = .roundPreferFloor,
    axes: [Int] = [], aspect: AspectPolicy = .stretch, cubicA: Float = -0.75, excludesOutside: Bool = false,
    extrapolation: Float = 0, antialiases: Bool = false
  ) {
    self.mode = mode
    self.coordinates = coordinates
    self.nearest = nearest
    self.axes = axes
    self.aspect = aspect
    self.cubicA = FloatBits(cubicA)
    self.excludesOutside = excludesOutside
    self.extrapolation = FloatBits(extrapolation)
    self.antialiases = antialiases
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    var list: [Int] = []
    for a in axes.isEmpty ? Array(x.indices) : axes { list.append(try ShapeRule.axis(a, rank: x.count)) }
    var out = x
    if inputs.has(3), (try inputs.shape(3))?.first?.value != 0 {
      guard let sizes = inputs.contents(3), sizes.count == list.count else {
        if let s = inputs.contents(3) { throw InferenceError("\(s.count) sizes for \(list.count) axes", input: 3) }
        for (k, a) in list.enumerated() { out[a] = inputs.fresh(k) }
        return [.tensor(type, out)]
      }
      try apply(sizes, to: &out, x, list, inputs)
      return [.tensor(type, out)]
    }
    guard let t = inputs.constant(2), t.count == list.count, let scales = try? t.floats() else {
      if let t = inputs.constant(2) { throw InferenceError("\(t.count) scales for \(list.count) axes", input: 2) }
      for (k, a) in list.enumerated() { out[a] = inputs.fresh(k) }
      return [.tensor(type, out)]
    }
    for (k, a) in list.enumerated() { out[a] = try extent(x[a], scales[k], k, inputs) }
    return [.tensor(type, out)]
  }

  /// ⌊extent · scale⌋ in single precision, of the whole axis even where a region of it is cropped: so ONNX's shape
  /// inference, its reference and ONNX Runtime have it.
  private func extent(_ d: Dim, _ scale: Float, _ k: Int, _ inputs: TypeInputs) throws(InferenceError) -> Dim {
    guard scale > 0, scale.isFinite else { throw InferenceError("scale \(scale) is not positive", input: 2) }
    if scale == 1 { return d }
    if let v = d.value {
      let out = (Float(v) * scale).rounded(.down)
      guard out.isFinite, out >= 0, out < 1e12 else { throw InferenceError("scale \(scale) is too large", input: 2) }
      return Dim(Int(out))
    }
    if let whole = Int(exactly: scale) { return try d.times(whole) }
    return inputs.fresh(k)
  }

  private func apply(
    _ sizes: [Dim], to out: inout [Dim], _ x: [Dim], _ list: [Int], _ inputs: TypeInputs
  ) throws(InferenceError) {
    if let bad = sizes.first(where: { ($0.value ?? 0) < 0 }) {
      throw InferenceError("size \(bad) is negative", input: 3)
    }
    guard aspect != .stretch else {
      for (k, a) in list.enumerated() { out[a] = sizes[k] }
      return
    }
    var scales: [Double] = []
    for (k, a) in list.enumerated() {
      guard let n = x[a].value, let m = sizes[k].value, n > 0 else {
        for (k, a) in list.enumerated() { out[a] = inputs.fresh(k) }
        return
      }
      scales.append(Double(m) / Double(n))
    }
    guard let scale = aspect == .notLarger ? scales.min() : scales.max() else { return }
    for a in list {
      let extent = (scale * Double(x[a].value ?? 0)).rounded(.toNearestOrAwayFromZero)
      guard extent.isFinite, extent < 1e12 else { throw InferenceError("a size is too large", input: 3) }
      out[a] = Dim(Int(extent))
    }
  }
}

/// Samples at given places. Operands: input [N, C, D…], grid [N, o…, axes] in −1 … 1. Source: ONNX GridSample.
package struct GridSample: Operator {
  package static let operatorName = "GridSample"
  package var mode: Resize.Mode
  package var padding: Padding
  package var alignsCorners: Bool
  package enum Padding: String, Hashable, Sendable { case zeros, border, reflection }
  package init(mode: Resize.Mode = .linear, padding: Padding = .zeros, alignsCorners: Bool = false) {
    self.mode = mode
    self.padding = padding
    self.alignsCorners = alignsCorners
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let g = try inputs.shape(1) else { return [.tensor(type, nil)] }
    guard x.count >= 3, g.count == x.count else {
      throw InferenceError("input \(shapeText(x)) and grid \(shapeText(g)) do not fit", input: 1)
    }
    return [.tensor(type, [x[0], x[1]] + g[1..<(g.count - 1)])]
  }
}

/// The grid of an affine map. Operands: theta [N, a, a+1], size (1-d: N, C, D…). Result: [N, D…, a].
/// Source: ONNX AffineGrid.
package struct AffineGrid: Operator {
  package static let operatorName = "AffineGrid"
  package var alignsCorners: Bool
  package init(alignsCorners: Bool = false) { self.alignsCorners = alignsCorners }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let s = inputs.contents(1), s.count >= 3 else { return [.tensor(type, nil)] }
    return [.tensor(type, [s[0]] + s[2...] + [Dim(s.count - 2)])]
  }
}

/// Average or maximum of bilinear samples in bins of regions. Operands: input [N, C, H, W], regions [R, 4] (x1 y1 x2
/// y2), batch indices [R]. Source: ONNX RoiAlign.
package struct RoiAlign: Operator {
  package static let operatorName = "RoiAlign"
  package var height: Int
  package var width: Int
  /// Samples along each side of a bin; 0: as many as the bin has elements.
  package var samplingRatio: Int
  package var spatialScale: FloatBits
  package var isMaximum: Bool
  /// Regions are shifted by half an element.
  package var isHalfPixel: Bool
  package init(
    height: Int, width: Int, samplingRatio: Int = 0, spatialScale: Float = 1, isMaximum: Bool = false,
    isHalfPixel: Bool = true
  ) {
    self.height = height
    self.width = width
    self.samplingRatio = samplingRatio
    self.spatialScale = FloatBits(spatialScale)
    self.isMaximum = isMaximum
    self.isHalfPixel = isHalfPixel
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    try RegionRule.output(inputs, height, width)
  }
}

/// Maximum in bins of regions [R, 5] (batch x1 y1 x2 y2). Sources: ONNX MaxRoiPool, Fast R-CNN's ROIPooling.
package struct MaxRegionPool: Operator {
  package static let operatorName = "MaxRegionPool"
  package var height: Int
  package var width: Int
  package var spatialScale: FloatBits
  package init(height: Int, width: Int, spatialScale: Float = 1) {
    self.height = height
    self.width = width
    self.spatialScale = FloatBits(spatialScale)
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    try RegionRule.output(inputs, height, width)
  }
}

/// Shape rule of region pooling: [N, C, H, W] and [R, …] → [R, C, height, width].
enum RegionRule {
  static func output(_ inputs: TypeInputs, _ height: Int, _ width: Int) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let r = try inputs.shape(1) else { return [.tensor(type, nil)] }
    guard x.count == 4, !r.isEmpty, height >= 1, width >= 1 else {
      throw InferenceError("input \(shapeText(x)) and regions \(shapeText(r)) do not fit")
    }
    return [.tensor(type, [r[0], x[1], Dim(height), Dim(width)])]
  }
}

/// Maxima put back where their indices say, zeros elsewhere. Operands: input, indices (flat, int64), output shape?.
/// Source: ONNX MaxUnpool.
package struct MaxUnpool: Operator {
  package static let operatorName = "MaxUnpool"
  package var geometry: WindowGeometry
  package init(_ geometry: WindowGeometry) { self.geometry = geometry }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    if inputs.has(2) {
      if let s = inputs.contents(2) { return [.tensor(type, s)] }
      let rank = try inputs.shape(0)?.count
      return [.tensor(type, rank.map { n in (0..<n).map { inputs.fresh($0) } })]
    }
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    let axes = x.count - 2
    guard axes >= 1, geometry.kernel.count == axes else {
      throw InferenceError("kernel has \(geometry.kernel.count) entries for \(shapeText(x))")
    }
    try geometry.check(axes: axes)
    var out = [x[0], x[1]]
    for i in 0..<axes {
      let (b, e) = geometry.explicitPads(i)
      out.append(try x[i + 2].minus(1).times(geometry.stride(i)).plus(geometry.kernel[i]).minus(b).minus(e))
    }
    return [.tensor(type, out)]
  }
}

/// Convolution whose taps are displaced. Operands: input, weights, offsets, bias?, mask?. Source: ONNX DeformConv.
package struct DeformableConvolution: Operator {
  package static let operatorName = "DeformableConvolution"
  package var geometry: WindowGeometry
  package var groups: Int
  package var offsetGroups: Int
  package init(geometry: WindowGeometry = WindowGeometry(), groups: Int = 1, offsetGroups: Int = 1) {
    self.geometry = geometry
    self.groups = groups
    self.offsetGroups = offsetGroups
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let plain = Convolution(geometry: geometry, groups: groups)
    return try plain.inferTypes(TypeInputs(Array(inputs.operands.prefix(2))))
  }
}

/// Boxes kept by non-maximum suppression: [kept, 3] of batch, class, box. Operands: boxes [N, B, 4], scores [N, C, B],
/// limit?, overlap threshold?, score threshold?. Source: ONNX NonMaxSuppression.
package struct NonMaxSuppression: Operator {
  package static let operatorName = "NonMaxSuppression"
  /// Boxes are centre and size instead of two corners.
  package var isCenterAndSize: Bool
  package init(isCenterAndSize: Bool = false) { self.isCenterAndSize = isCenterAndSize }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    return [.tensor(.int64, [inputs.fresh(), Dim(3)])]
  }
}

/// An encoded picture as [H, W, C] uint8. Operand: bytes (1-d uint8). Source: ONNX ImageDecoder.
package struct ImageDecoder: Operator {
  package static let operatorName = "ImageDecoder"
  package var format: PixelFormat
  package enum PixelFormat: String, Hashable, Sendable { case RGB, BGR, Grayscale }
  package init(format: PixelFormat = .RGB) { self.format = format }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    return [.tensor(.uint8, [inputs.fresh(0), inputs.fresh(1), Dim(format == .Grayscale ? 1 : 3)])]
  }
}
