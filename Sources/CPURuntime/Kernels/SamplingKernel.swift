import Diagnostics
import ModelGraph
import TensorCore

/// Values between the elements of one plane of any rank.
struct PlaneSampler {
  let shape: [Int]
  let mode: Resize.Mode
  let padding: GridSample.Padding
  let alignsCorners: Bool

  /// The element index of one axis after padding; nil where zeros are.
  @inline(__always)
  private func index(_ i: Int, _ axis: Int) -> Int? {
    let n = shape[axis]
    switch padding {
    case .zeros: return i >= 0 && i < n ? i : nil
    case .border: return min(max(i, 0), n - 1)
    case .reflection:
      let (low, high) = alignsCorners ? (0.0, Double(n - 1)) : (-0.5, Double(n) - 0.5)
      return min(max(NumberLoop.integer(reflect(Double(i), low, high)), 0), n - 1)
    }
  }

  private func reflect(_ x: Double, _ low: Double, _ high: Double) -> Double {
    let span = high - low
    guard span > 0 else { return low }
    if x < low {
      let d = low - x
      let n = (d / span).rounded(.towardZero)
      let r = d - n * span
      return n.truncatingRemainder(dividingBy: 2) == 0 ? low + r : high - r
    }
    if x > high {
      let d = x - high
      let n = (d / span).rounded(.towardZero)
      let r = d - n * span
      return n.truncatingRemainder(dividingBy: 2) == 0 ? high - r : low + r
    }
    return x
  }

  /// The place that a coordinate in −1 … 1 stands for.
  func place(_ v: Double, _ axis: Int) -> Double {
    let n = Double(shape[axis])
    var x = alignsCorners ? (v + 1) / 2 * (n - 1) : ((v + 1) * n - 1) / 2
    if mode == .nearest { x = x.rounded(.toNearestOrEven) }
    let (low, high) = alignsCorners ? (0, n - 1) : (-0.5, n - 0.5)
    guard x < low || x > high else { return x }
    switch padding {
    case .zeros: return x
    case .border: return min(max(x, 0), n - 1)
    case .reflection: return reflect(x, low, high)
    }
  }

  // SAFETY: `plane` holds the shape's elements.
  func value<T: BinaryFloatingPoint>(_ plane: UnsafePointer<T>, _ x: [Double]) -> Double {
    gather(plane, x, 0, 0)
  }

  private func gather<T: BinaryFloatingPoint>(
    _ plane: UnsafePointer<T>, _ x: [Double], _ axis: Int, _ offset: Int
  ) -> Double {
    guard axis < shape.count else { return Double(plane[offset]) }
    guard x[axis].isFinite else { return padding == .zeros ? 0 : gather(plane, x, axis + 1, offset * shape[axis]) }
    let floor = x[axis].rounded(.down)
    let base: Int = NumberLoop.integer(floor)
    let r = x[axis] - floor
    func part(_ i: Int, _ w: Double) -> Double {
      guard w != 0, let k = index(i, axis) else { return 0 }
      return w * gather(plane, x, axis + 1, offset * shape[axis] + k)
    }
    switch mode {
    case .nearest: return part(NumberLoop.integer(x[axis].rounded(.toNearestOrEven)), 1)
    case .linear: return part(base, 1 - r) + part(base &+ 1, r)
    case .cubic:
      let a = -0.75
      func outer(_ t: Double) -> Double { ((a * t - 5 * a) * t + 8 * a) * t - 4 * a }
      func inner(_ t: Double) -> Double { ((a + 2) * t - (a + 3)) * t * t + 1 }
      return part(base &- 1, outer(r + 1)) + part(base, inner(r)) + part(base &+ 1, inner(1 - r))
        + part(base &+ 2, outer(2 - r))
    }
  }
}

extension GridSample: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    guard try context.dtype(1) == context.dtype(0) else { throw context.unsupportedType(try context.dtype(1)) }
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let (x, g) = (try context.shape(0), try context.shape(1))
    let axes = x.count - 2
    guard axes >= 1, g.count == x.count, g.last == axes, g[0] == x[0] else {
      throw context.error("run.shape", "input \(x) and grid \(g) do not fit")
    }
    let sampler = PlaneSampler(shape: Array(x[2...]), mode: mode, padding: padding, alignsCorners: alignsCorners)
    let plane = x[2...].reduce(1, *)
    let points = g[1..<(g.count - 1)].reduce(1, *)
    guard plane > 0 || points == 0 else { throw context.error("run.shape", "the input is empty") }
    return PreparedKernel { (args) throws(Diagnostic) in
      let (p, grid): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(0), args.input(1))
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(x[0] * points, grain: 256) { range in
        var at = [Double](repeating: 0, count: axes)
        for i in range {
          let (n, k) = (i / points, i % points)
          // The grid names the last axis first.
          for a in 0..<axes { at[a] = sampler.place(Double(grid[i * axes + axes - 1 - a]), a) }
          for c in 0..<x[1] {
            let row = n * x[1] + c
            y[row * points + k] = T(sampler.value(p + row * plane, at))
          }
        }
      }
    }
  }
}

extension AffineGrid: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let theta = try context.shape(0)
    let out = try context.result().shape
    context.use(1, .consumed)
    let axes = out.count - 2
    guard theta == [out[0], axes, axes + 1] else {
      throw context.error("run.shape", "theta \(theta) does not fit \(out)")
    }
    let extents = Array(out[1..<(out.count - 1)])
    let points = extents.reduce(1, *)
    let aligns = alignsCorners
    return PreparedKernel { (args) throws(Diagnostic) in
      var place = [Int](repeating: 0, count: axes)
      for n in 0..<out[0] {
        let m = args.input(0, T.self) + n * axes * (axes + 1)
        for i in 0..<points {
          PatchGather.unravel(i, extents, into: &place)
          for r in 0..<axes {
            var v = Double(m[r * (axes + 1) + axes])
            for c in 0..<axes {
              // Columns name the last axis first.
              let (k, d) = (Double(place[axes - 1 - c]), Double(extents[axes - 1 - c]))
              let base = aligns ? (d == 1 ? -1 : -1 + 2 * k / (d - 1)) : -1 + (2 * k + 1) / d
              v += Double(m[r * (axes + 1) + c]) * base
            }
            args.output(0, T.self)[(n * points + i) * axes + r] = T(v)
          }
        }
      }
    }
  }
}

extension DeformableConvolution: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let s = try ConvolutionShape(Convolution(geometry: geometry, groups: groups), context)
    let axes = s.input.count
    let (cells, places, plane) = (s.kernelCount, s.outputCount, s.inputCount)
    guard context.has(2), offsetGroups > 0, s.channels % offsetGroups == 0 else {
      throw context.error("run.shape", "\(s.channels) channels do not divide into \(offsetGroups) groups of offsets")
    }
    let (hasBias, hasMask) = (context.has(3), context.has(4))
    try context.requireType(2, 3, 4)
    try context.require(2, count: s.batch, offsetGroups, cells, axes, places, what: "offsets")
    try context.require(3, count: s.filters, what: "bias")
    try context.require(4, count: s.batch, offsetGroups, cells, places, what: "mask")
    let sampler = PlaneSampler(shape: s.input, mode: .linear, padding: .zeros, alignsCorners: true)
    let (perGroup, perOffset) = (s.channels / s.groups, s.channels / offsetGroups)
    let filters = s.filters / s.groups
    let groupCount = offsetGroups
    return PreparedKernel { (args) throws(Diagnostic) in
      let (x, w): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(0), args.input(1))
      let offsets: UnsafePointer<T> = args.input(2)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(s.batch * places, grain: 16) { range in
        var at = [Double](repeating: 0, count: axes)
        var place = [Int](repeating: 0, count: axes)
        var k = place
        var patch = [Double](repeating: 0, count: s.channels * cells)
        for i in range {
          let (n, o) = (i / places, i % places)
          PatchGather.unravel(o, s.output, into: &place)
          for c in 0..<s.channels {
            let g = n * groupCount + c / perOffset
            for cell in 0..<cells {
              PatchGather.unravel(cell, s.kernel, into: &k)
              for a in 0..<axes {
                at[a] =
                  Double(place[a] * s.stride[a] - s.padBegin[a] + k[a] * s.dilation[a])
                  + Double(offsets[((g * cells + cell) * axes + a) * places + o])
              }
              let m = hasMask ? Double(args.input(4, T.self)[(g * cells + cell) * places + o]) : 1
              patch[c * cells + cell] = m * sampler.value(x + (n * s.channels + c) * plane, at)
            }
          }
          for f in 0..<s.filters {
            var sum = hasBias ? Double(args.input(3, T.self)[f]) : 0
            let first = f / filters * perGroup * cells
            let row = w + f * perGroup * cells
            for j in 0..<perGroup * cells { sum += Double(row[j]) * patch[first + j] }
            y[(n * s.filters + f) * places + o] = T(sum)
          }
        }
      }
    }
  }
}
