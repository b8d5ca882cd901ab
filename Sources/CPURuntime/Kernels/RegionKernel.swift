import Diagnostics
import ModelGraph
import TensorCore

extension RoiAlign: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let regions = try context.shape(1)
    guard x.count == 4, regions.count == 2, regions[1] == 4, try context.operand(2).count == regions[0] else {
      throw context.error("run.shape", "input \(x) and regions \(regions) do not fit")
    }
    try context.requireType(1)
    let wide = try context.isWideIndex(2)
    let (channels, rows, columns) = (x[1], x[2], x[3])
    let op = self
    let name = context.name
    // Corners, bins and places are computed in the element type, as ONNX Runtime does: how many samples a bin has, and
    // between which elements they fall, hangs on the last digit.
    let scale = T(op.spatialScale.value)
    return PreparedKernel { (args) throws(Diagnostic) in
      try IndexCheck.all(args.rawInput(2), regions[0], wide: wide, extent: x[0], name)
      let p: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      for r in 0..<regions[0] {
        let b = IndexLoop.load(args.rawInput(2), r, wide: wide)
        let image = p + (b < 0 ? b + x[0] : b) * channels * rows * columns
        let corners = (0..<4).map { k in args.input(1, T.self)[r * 4 + k] * scale - (op.isHalfPixel ? T(0.5) : 0) }
        var (w, h) = (corners[2] - corners[0], corners[3] - corners[1])
        if !op.isHalfPixel { (w, h) = (max(w, 1), max(h, 1)) }
        let (bw, bh) = (w / T(op.width), h / T(op.height))
        func samples(_ extent: T, _ places: Int) -> Int {
          if op.samplingRatio > 0 { return op.samplingRatio }
          return min(max(NumberLoop.integer((extent / T(places)).rounded(.up)), 0), 1 << 16)
        }
        let (nx, ny) = (samples(w, op.width), samples(h, op.height))
        guard nx <= 1 << 16, ny <= 1 << 16, nx * ny <= 1 << 22 else {
          throw .error("run.region", "layer '\(name)': region \(r) asks for \(nx)x\(ny) samples in each place")
        }
        Parallel.ranges(channels, grain: 8) { range in
          for c in range {
            let plane = image + c * rows * columns
            for i in 0..<op.height * op.width {
              var sum = 0.0
              var top: Double?
              for sy in 0..<ny {
                for sx in 0..<nx {
                  let py = corners[1] + T(i / op.width) * bh + (T(sy) + T(0.5)) * bh / T(ny)
                  let px = corners[0] + T(i % op.width) * bw + (T(sx) + T(0.5)) * bw / T(nx)
                  let parts = Self.parts(plane, py, px, rows, columns)
                  sum += parts.0 + parts.1 + parts.2 + parts.3
                  let v = max(max(parts.0, parts.1), max(parts.2, parts.3))
                  top = max(top ?? v, v)
                }
              }
              let value = op.isMaximum ? top ?? 0 : sum / Double(max(nx * ny, 1))
              y[((r * channels + c) * op.height + i / op.width) * op.width + i % op.width] = T(value)
            }
          }
        }
      }
    }
  }

  /// The four weighted neighbours of a place.
  // SAFETY: `plane` holds rows · columns elements, both positive.
  private static func parts<T: RealMath>(
    _ plane: UnsafePointer<T>, _ py: T, _ px: T, _ rows: Int, _ columns: Int
  ) -> (Double, Double, Double, Double) {
    guard rows > 0, columns > 0, py >= -1, py <= T(rows), px >= -1, px <= T(columns) else {
      return (0, 0, 0, 0)
    }
    func split(_ v: T, _ n: Int) -> (low: Int, high: Int, ratio: Double) {
      let v = max(v, 0)
      let low: Int = NumberLoop.integer(v)
      return low >= n - 1 ? (n - 1, n - 1, 0) : (low, low + 1, Double(v - T(low)))
    }
    let (y0, y1, ry) = split(py, rows)
    let (x0, x1, rx) = split(px, columns)
    return (
      (1 - ry) * (1 - rx) * Double(plane[y0 * columns + x0]), (1 - ry) * rx * Double(plane[y0 * columns + x1]),
      ry * (1 - rx) * Double(plane[y1 * columns + x0]), ry * rx * Double(plane[y1 * columns + x1])
    )
  }
}

extension MaxRegionPool: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  /// Corners are rounded to elements; a bin reaches from the floor of its start to the ceiling of its end.
  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let regions = try context.shape(1)
    guard x.count == 4, regions.count >= 2, try context.operand(1).count == regions[0] * 5 else {
      throw context.error("run.shape", "input \(x) and regions \(regions) do not fit")
    }
    try context.requireType(1)
    let (channels, rows, columns) = (x[1], x[2], x[3])
    let (height, width, scale, name) = (height, width, Float(spatialScale.value), context.name)
    return PreparedKernel { (args) throws(Diagnostic) in
      let y: UnsafeMutablePointer<T> = args.output(0)
      for r in 0..<regions[0] {
        let region = args.input(1, T.self) + r * 5
        let b: Int = NumberLoop.integer(region[0])
        guard b >= 0, b < x[0] else {
          throw .error("run.index", "layer '\(name)': region \(r) names image \(b) of \(x[0])")
        }
        func corner(_ k: Int) -> Int {
          let v: Int32 = NumberLoop.integer((Float(region[k]) * scale).rounded(.toNearestOrAwayFromZero))
          return Int(v)
        }
        let (x1, y1) = (corner(1), corner(2))
        let w = max(corner(3) - x1 + 1, 1)
        let h = max(corner(4) - y1 + 1, 1)
        let (bh, bw) = (Float(h) / Float(height), Float(w) / Float(width))
        func range(_ i: Int, _ bin: Float, _ start: Int, _ extent: Int) -> Range<Int> {
          let low: Int = NumberLoop.integer((Float(i) * bin).rounded(.down))
          let high: Int = NumberLoop.integer((Float(i + 1) * bin).rounded(.up))
          let from = min(max(low + start, 0), extent)
          return from..<max(from, min(max(high + start, 0), extent))
        }
        for c in 0..<channels {
          let plane = args.input(0, T.self) + (b * channels + c) * rows * columns
          for i in 0..<height {
            for j in 0..<width {
              let (rs, cs) = (range(i, bh, y1, rows), range(j, bw, x1, columns))
              var best = rs.isEmpty || cs.isEmpty ? T(0) : -T.greatestFiniteMagnitude
              for u in rs { for v in cs where plane[u * columns + v] > best { best = plane[u * columns + v] } }
              y[((r * channels + c) * height + i) * width + j] = best
            }
          }
        }
      }
    }
  }
}

extension MaxUnpool: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let (x, out) = (try context.operand(0), try context.result())
    context.use(2, .consumed)
    guard x.shape.count >= 3, x.shape.count == out.shape.count, geometry.kernel.count == x.shape.count - 2,
      try context.operand(1).count == x.count
    else { throw context.error("run.shape", "input \(x.shape) and indices do not fit") }
    let wide = try context.isWideIndex(1)
    try context.infer { () throws(InferenceError) in try geometry.check(axes: x.shape.count - 2) }
    // Indices count in the shape that the window's geometry gives; a larger output is filled up with zeros.
    var own = Array(x.shape[..<2])
    for a in 0..<geometry.kernel.count {
      let (b, e) = geometry.explicitPads(a)
      own.append((x.shape[a + 2] - 1) * geometry.stride(a) + geometry.kernel[a] - b - e)
    }
    let (inner, width, name) = (own, out.dtype.byteWidth, context.name)
    let total = inner.reduce(1) { $0 * max($1, 0) }
    let strides = StridedCopy.dense(out.shape)
    let fits = zip(inner, out.shape).allSatisfy { $0 <= $1 }
    return PreparedKernel { (args) throws(Diagnostic) in
      let y = args.rawOutput(0)
      y.initializeMemory(as: UInt8.self, repeating: 0, count: out.count * width)
      var place = [Int](repeating: 0, count: inner.count)
      for i in 0..<x.count {
        let k = IndexLoop.load(args.rawInput(1), i, wide: wide)
        guard k >= 0, k < (fits ? total : out.count) else {
          throw .error("run.index", "layer '\(name)': index \(k) is outside \(fits ? inner : out.shape)")
        }
        var at = k
        if fits {
          PatchGather.unravel(k, inner, into: &place)
          at = zip(place, strides).reduce(0) { $0 + $1.0 * $1.1 }
        }
        (y + at * width).copyMemory(from: args.rawInput(0) + i * width, byteCount: width)
      }
    }
  }
}

extension NonMaxSuppression: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let (boxes, scores) = (try context.tensor(inputs, 0), try context.tensor(inputs, 1))
    guard boxes.rank == 3, boxes.shape[2] == 4, scores.rank == 3, scores.shape[0] == boxes.shape[0],
      scores.shape[2] == boxes.shape[1]
    else { throw context.error("run.shape", "boxes \(boxes.shape) and scores \(scores.shape) do not fit") }
    let limit = try context.optionalTensor(inputs, 2).flatMap { (t) throws(Diagnostic) in try t.ints().first } ?? 0
    let overlap = try context.optionalTensor(inputs, 3).flatMap { (t) throws(Diagnostic) in try t.floats().first } ?? 0
    let lowest = try context.optionalTensor(inputs, 4).flatMap { (t) throws(Diagnostic) in try t.floats().first }
    let (b, s) = (try boxes.floats(), try scores.floats())
    let (count, classes) = (boxes.shape[1], scores.shape[1])
    var kept: [Int64] = []
    for n in 0..<boxes.shape[0] {
      let corners = (0..<count).map { corner(Array(b[(n * count + $0) * 4..<(n * count + $0) * 4 + 4])) }
      for c in 0..<classes {
        let row = s[(n * classes + c) * count..<(n * classes + c + 1) * count]
        var order = Array(row.enumerated().filter { lowest == nil || $0.element > (lowest ?? 0) })
        order.sort { $0.element > $1.element || ($0.element == $1.element && $0.offset < $1.offset) }
        var chosen: [Int] = []
        for candidate in order {
          if Int64(chosen.count) >= limit { break }
          try context.state.step()
          if chosen.contains(where: { Self.overlap(corners[$0], corners[candidate.offset]) > overlap }) { continue }
          chosen.append(candidate.offset)
        }
        for i in chosen { kept += [Int64(n), Int64(c), Int64(i)] }
      }
    }
    return [.tensor(try Tensor(kept, shape: [kept.count / 3, 3]))]
  }

  /// Two corners, smaller coordinates first.
  private func corner(_ v: [Float]) -> [Float] {
    if isCenterAndSize { return [v[0] - v[2] / 2, v[1] - v[3] / 2, v[0] + v[2] / 2, v[1] + v[3] / 2] }
    return [min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3])]
  }

  /// Intersection over union.
  private static func overlap(_ a: [Float], _ b: [Float]) -> Float {
    let w = min(a[2], b[2]) - max(a[0], b[0])
    let h = min(a[3], b[3]) - max(a[1], b[1])
    guard w > 0, h > 0 else { return -1 }
    let common = w * h
    let (areaA, areaB) = ((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    let union = areaA + areaB - common
    guard common > 0, areaA > 0, areaB > 0, union > 0 else { return -1 }
    return common / union
  }
}
