import CKernels
import Diagnostics
import ModelGraph
import TensorCore

/// Pooling geometry in numbers: [N, C, D…] with any number of spatial axes.
struct PoolingShape {
  /// Planes: batch · channels.
  var planes: Int
  var input, output, kernel, stride, dilation, padBegin, padEnd: [Int]

  init(_ g: WindowGeometry, _ context: PlanContext) throws(Diagnostic) {
    let x = try context.shape(0)
    let y = try context.result().shape
    guard x.count >= 2, x.count == y.count else { throw context.error("run.shape", "input \(x) has no planes") }
    planes = x[0] * x[1]
    input = Array(x[2...])
    output = Array(y[2...])
    kernel = g.isGlobal ? input : g.kernel
    stride = input.indices.map { g.isGlobal ? 1 : g.stride($0) }
    dilation = input.indices.map { g.isGlobal ? 1 : g.dilation($0) }
    padBegin = []
    padEnd = []
    for i in input.indices {
      if g.isGlobal {
        padBegin.append(0)
        padEnd.append(0)
        continue
      }
      let (n, k) = (input[i], kernel[i])
      let p = try context.infer { () throws(InferenceError) in try g.pads(input: n, kernel: k, axis: i) }
      padBegin.append(p.begin)
      padEnd.append(p.end)
    }
  }

  var inputCount: Int { input.reduce(1, *) }
  var outputCount: Int { output.reduce(1, *) }

  /// Kernel elements of axis `a` whose place lies in `low ..< high` of the input, for output place `o`.
  @inline(__always)
  func taps(_ a: Int, _ o: Int, low: Int, high: Int) -> Range<Int> {
    let start = o * stride[a] - padBegin[a]
    let d = dilation[a]
    let first = start >= low ? 0 : (low - start + d - 1) / d
    let end = start >= high ? 0 : min(kernel[a], (high - start - 1) / d + 1)
    return first..<max(first, end)
  }

  /// Calls `body` for every output of a plane with the elements its window sees: (output index, visitor).
  ///
  /// The visitor calls its argument with each input offset, in row-major order.
  func forEachWindow(_ body: (Int, _ visit: ((Int) -> Void) -> Void, _ place: [Int]) -> Void) {
    var place = [Int](repeating: 0, count: input.count)
    for o in 0..<outputCount {
      PatchGather.unravel(o, output, into: &place)
      let ranges = input.indices.map { taps($0, place[$0], low: 0, high: input[$0]) }
      body(o, { visit in walk(0, 0, place, ranges, visit) }, place)
    }
  }

  private func walk(_ axis: Int, _ offset: Int, _ place: [Int], _ ranges: [Range<Int>], _ visit: (Int) -> Void) {
    guard axis < input.count else { return visit(offset) }
    let start = place[axis] * stride[axis] - padBegin[axis]
    for t in ranges[axis] { walk(axis + 1, offset * input[axis] + start + t * dilation[axis], place, ranges, visit) }
  }

  /// Elements of the window at `place` that lie in the padded input.
  func paddedCount(_ place: [Int]) -> Int {
    input.indices.reduce(1) { n, a in
      n * taps(a, place[a], low: -padBegin[a], high: input[a] + padEnd[a]).count
    }
  }

  var kernelCount: Int { kernel.reduce(1, *) }
}

extension PoolingShape {
  /// The description for the C kernels; nil for more axes than they take.
  func description(_ kind: mc_pool_kind) -> mc_pool_desc? {
    guard (1...3).contains(input.count) else { return nil }
    func triple(_ v: [Int]) -> (Int, Int, Int) { (v[0], v.count > 1 ? v[1] : 0, v.count > 2 ? v[2] : 0) }
    var d = mc_pool_desc()
    d.planes = planes
    d.spatial = Int32(input.count)
    d.input = triple(input)
    d.output = triple(output)
    d.kernel = triple(kernel)
    d.stride = triple(stride)
    d.pad_begin = triple(padBegin)
    d.pad_end = triple(padEnd)
    d.dilation = triple(dilation)
    d.kind = kind
    return d
  }

  /// Whether every window sees at least one element of the input.
  var hasNoEmptyWindow: Bool {
    input.indices.allSatisfy { a in
      (0..<output[a]).allSatisfy { !taps(a, $0, low: 0, high: input[a]).isEmpty }
    }
  }

  /// A float32 pooling through the C kernels; nil where they do not take the geometry.
  func packed(_ description: mc_pool_desc, workers: Int) -> PreparedKernel? {
    var d = description
    let scratch = mc_pool_scratch_size(&d, Int32(clamping: workers))
    guard scratch > 0 else { return nil }
    return PreparedKernel(scratchBytes: scratch * MemoryLayout<Float>.size) { (args) throws(Diagnostic) in
      var d = description
      let status = mc_pool(
        &d, args.input(0), args.output(0), args.scratch.assumingMemoryBound(to: Float.self), scratch)
      if status != 0 { throw .error("run.scratch", "a pooling's scratch memory is too small", status: .software) }
    }
  }
}

extension AveragePool: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32:
      let s = try PoolingShape(geometry, context)
      if var d = s.description(MC_POOL_AVERAGE) {
        d.divisor =
          switch divisor {
          case .window: MC_DIVISOR_WINDOW
          case .paddedExtent: MC_DIVISOR_PADDED
          case .validOnly: MC_DIVISOR_VALID
          }
        if let k = s.packed(d, workers: Parallel.workers(context.options)) { return k }
      }
      return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: BlasScalar>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let s = try PoolingShape(geometry, context)
    let divisor = divisor
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(s.planes, grain: 1) { planes in
        for p in planes {
          let plane = x + p * s.inputCount
          let out = y + p * s.outputCount
          s.forEachWindow { o, visit, place in
            var sum = 0.0
            var seen = 0
            visit {
              sum += Double(plane[$0])
              seen += 1
            }
            let n =
              switch divisor {
              case .window: s.kernelCount
              case .paddedExtent: s.paddedCount(place)
              case .validOnly: seen
              }
            out[o] = T(sum / Double(n))
          }
        }
      }
    }
  }
}

extension LpPool: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let s = try PoolingShape(geometry, context)
    let p = Double(p)
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(s.planes, grain: 1) { planes in
        for k in planes {
          let plane = x + k * s.inputCount
          let out = y + k * s.outputCount
          s.forEachWindow { o, visit, _ in
            var sum = 0.0
            visit {
              let v = Double(plane[$0]).magnitude
              sum += p == 1 ? v : p == 2 ? v * v : Double.pow(v, p)
            }
            out[o] = T(p == 1 ? sum : p == 2 ? sum.squareRoot() : Double.pow(sum, 1 / p))
          }
        }
      }
    }
  }
}

extension StochasticPool: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: BlasScalar>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let s = try PoolingShape(geometry, context)
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(s.planes, grain: 1) { planes in
        for p in planes {
          let plane = x + p * s.inputCount
          let out = y + p * s.outputCount
          s.forEachWindow { o, visit, _ in
            var sum = 0.0
            var squares = 0.0
            visit {
              let v = Double(plane[$0])
              sum += v
              squares += v * v
            }
            out[o] = sum == 0 ? 0 : T(squares / sum)
          }
        }
      }
    }
  }
}
