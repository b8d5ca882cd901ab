import Diagnostics
import ModelGraph
import TensorCore

extension Triangle: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    guard x.shape.count >= 2 else { throw context.error("run.shape", "\(x.shape) is not a matrix") }
    let diagonal = try context.optionalInts(1)?.first ?? 0
    let (rows, columns) = (x.shape[x.shape.count - 2], x.shape[x.shape.count - 1])
    let matrices = x.shape.dropLast(2).reduce(1, *)
    let width = x.dtype.byteWidth
    let upper = isUpper
    return PreparedKernel { (args) throws(Diagnostic) in
      let (source, out) = (args.rawInput(0), args.rawOutput(0))
      let bytes = columns * width
      for m in 0..<matrices {
        for r in 0..<rows {
          let at = (m * rows + r) * bytes
          // The first column on or right of the diagonal, and the first right of it.
          let edge = r.addingReportingOverflow(diagonal).partialValue
          let first = min(max(upper ? edge : 0, 0), columns)
          let end = upper ? columns : min(max(edge &+ 1, 0), columns)
          (out + at).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
          if first < end {
            (out + at + first * width).copyMemory(from: source + at + first * width, byteCount: (end - first) * width)
          }
        }
      }
    }
  }
}

extension ReverseSequence: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    guard x.shape.count >= 2 else { throw context.error("run.shape", "\(x.shape) has no batch and time axis") }
    let b = try context.axis(batchAxis, rank: x.shape.count)
    let t = try context.axis(timeAxis, rank: x.shape.count)
    guard b + t == 1 else { throw context.error("run.shape", "the batch and time axes are not the first two") }
    let wide = try context.isWideIndex(1)
    let (batch, time) = (x.shape[b], x.shape[t])
    guard try context.operand(1).count == batch else {
      throw context.error("run.shape", "lengths do not fit the batch")
    }
    let bytes = x.shape[2...].reduce(x.dtype.byteWidth, *)
    let name = context.name
    return PreparedKernel { (args) throws(Diagnostic) in
      for i in 0..<batch {
        let n = IndexLoop.load(args.rawInput(1), i, wide: wide)
        guard n >= 0, n <= time else {
          throw .error("run.index", "layer '\(name)': length \(n) is outside a time axis of \(time)")
        }
        for j in 0..<time {
          let k = j < n ? n - 1 - j : j
          let to = t == 0 ? j * batch + i : i * time + j
          let from = t == 0 ? k * batch + i : i * time + k
          (args.rawOutput(0) + to * bytes).copyMemory(from: args.rawInput(0) + from * bytes, byteCount: bytes)
        }
      }
    }
  }
}

extension DepthToSpace: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let out = try context.result()
    let axes = x.count - 2
    let cells = Array(repeating: block, count: axes)
    let channels = out.shape[1]
    // Seen as [N, blocks…, C, D…] or [N, C, blocks…, D…], then interleaved.
    let split = order == .DCR ? [x[0]] + cells + [channels] + x[2...] : [x[0], channels] + cells + x[2...]
    let strides = StridedCopy.dense(split)
    let blockAt = order == .DCR ? 1 : 2
    let channelAt = order == .DCR ? 1 + axes : 1
    var shape = [x[0], channels]
    var steps = [strides[0], strides[channelAt]]
    for a in 0..<axes {
      shape += [x[2 + a], block]
      steps += [strides[2 + axes + a], strides[blockAt + a]]
    }
    let copy = StridedCopy(shape: shape, strides: steps, width: out.dtype.byteWidth)
    return PreparedKernel { (args) throws(Diagnostic) in copy.run(args.rawInput(0), args.rawOutput(0)) }
  }
}

extension SpaceToDepth: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let out = try context.result()
    let axes = x.count - 2
    var split = [x[0], x[1]]
    for a in 0..<axes { split += [out.shape[2 + a], block] }
    let strides = StridedCopy.dense(split)
    let cellAxes = (0..<axes).map { 3 + 2 * $0 }
    let planeAxes = (0..<axes).map { 2 + 2 * $0 }
    let order = self.order == .DCR ? [0] + cellAxes + [1] + planeAxes : [0, 1] + cellAxes + planeAxes
    let copy = StridedCopy(
      shape: order.map { split[$0] }, strides: order.map { strides[$0] }, width: out.dtype.byteWidth)
    return PreparedKernel { (args) throws(Diagnostic) in copy.run(args.rawInput(0), args.rawOutput(0)) }
  }
}

extension EyeLike: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    context.use(0, .consumed)
    let out = try context.result()
    guard out.shape.count == 2, NumberLoop.isSupported(out.dtype) else { throw context.unsupportedType(out.dtype) }
    let (rows, columns, k, type) = (out.shape[0], out.shape[1], diagonal, out.dtype)
    return PreparedKernel { (args) throws(Diagnostic) in
      let y = args.rawOutput(0)
      y.initializeMemory(as: UInt8.self, repeating: 0, count: rows * columns * type.byteWidth)
      for r in 0..<rows {
        let (c, overflow) = r.addingReportingOverflow(k)
        if !overflow, c >= 0, c < columns { NumberLoop.store(type, y, r * columns + c, 1) }
      }
    }
  }
}

extension CenterCropPad: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let out = try context.result()
    context.use(1, .consumed)
    let width = out.dtype.byteWidth
    var cut: [Int] = []
    var source = 0
    var target = 0
    let (from, to) = (StridedCopy.dense(x.shape), StridedCopy.dense(out.shape))
    for a in x.shape.indices {
      let (n, m) = (x.shape[a], out.shape[a])
      cut.append(min(n, m))
      if n > m { source += (n - m) / 2 * from[a] } else { target += (m - n) / 2 * to[a] }
    }
    let places = StridedIndex(cut, from)
    let targets = StridedIndex(cut, to)
    return PreparedKernel { (args) throws(Diagnostic) in
      let y = args.rawOutput(0)
      y.initializeMemory(as: UInt8.self, repeating: 0, count: out.count * width)
      for i in 0..<places.count {
        (y + (target + targets[i]) * width).copyMemory(
          from: args.rawInput(0) + (source + places[i]) * width, byteCount: width)
      }
    }
  }
}

extension Cumulate: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    guard let given = try context.requireInts(1).first else { throw context.error("run.shape", "no axis is given") }
    let a = try context.axis(given, rank: x.shape.count)
    return try context.dispatch(
      x.dtype,
      Visitor(
        op: self, outer: x.shape[..<a].reduce(1, *), extent: x.shape[a], inner: x.shape[(a + 1)...].reduce(1, *)))
  }

  private struct Visitor: NumberVisitor {
    let op: Cumulate
    let outer: Int
    let extent: Int
    let inner: Int
    func visit<T: ArithmeticElement>(_: T.Type) throws(Diagnostic) -> PreparedKernel {
      PreparedKernel { (args) throws(Diagnostic) in
        let x: UnsafePointer<T> = args.input(0)
        let y: UnsafeMutablePointer<T> = args.output(0)
        Parallel.ranges(outer * inner, grain: max(1, (1 << 14) / max(extent, 1))) { range in
          for line in range {
            let base = line / inner * extent * inner + line % inner
            var total = op.isProduct ? T.unit : T.nothing
            for k in 0..<extent {
              let at = base + (op.isReverse ? extent - 1 - k : k) * inner
              let next = op.isProduct ? T.product(total, x[at]) : T.sum(total, x[at])
              y[at] = op.isExclusive ? total : next
              total = next
            }
          }
        }
      }
    }
  }
}

extension ColumnsToImage: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let out = try context.result()
    let image = try context.requireInts(1)
    let block = try context.requireInts(2)
    guard x.count == 3, block.count == image.count, !image.isEmpty, out.shape.count == image.count + 2,
      (image + block).allSatisfy({ $0 >= 0 && $0 <= 1 << 31 })
    else {
      throw context.error("run.shape", "blocks \(block) do not fit image \(image)")
    }
    try context.infer { () throws(InferenceError) in try geometry.check(axes: image.count) }
    var counts: [Int] = []
    for a in image.indices {
      let (b, e) = geometry.explicitPads(a)
      let span = image[a] + b + e - geometry.dilation(a) * (block[a] - 1) - 1
      guard block[a] > 0, span >= 0 else {
        throw context.error("run.shape", "blocks \(block) do not fit image \(image)")
      }
      counts.append(span / geometry.stride(a) + 1)
    }
    guard Tensor.count(of: counts) == x[2], Tensor.count(of: block + [out.shape[1]]) == x[1], out.shape[0] == x[0]
    else {
      throw context.error("run.shape", "\(x[2]) blocks are given where \(counts) fit")
    }
    let (cells, plane, channels) = (block.reduce(1, *), image.reduce(1, *), out.shape[1])
    let g = geometry
    return PreparedKernel { (args) throws(Diagnostic) in
      let x0: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      y.update(repeating: 0, count: out.count)
      var k = [Int](repeating: 0, count: image.count)
      var place = [Int](repeating: 0, count: image.count)
      for c in 0..<x[0] * channels {
        for cell in 0..<cells {
          PatchGather.unravel(cell, block, into: &k)
          let row = x0 + (c * cells + cell) * x[2]
          for i in 0..<x[2] {
            PatchGather.unravel(i, counts, into: &place)
            var at = 0
            var inside = true
            for a in image.indices {
              let p = place[a] * g.stride(a) + k[a] * g.dilation(a) - g.explicitPads(a).begin
              if p < 0 || p >= image[a] { inside = false }
              at = at * image[a] + p
            }
            if inside { y[c * plane + at] += row[i] }
          }
        }
      }
    }
  }
}
