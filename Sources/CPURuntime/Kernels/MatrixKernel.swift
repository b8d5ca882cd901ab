import CKernels
import Diagnostics
import ModelGraph
import TensorCore

extension Gemm: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case .int32: return try integer(context, Int32.self)
    case .int64: return try integer(context, Int64.self)
    case .uint32: return try integer(context, UInt32.self)
    case .uint64: return try integer(context, UInt64.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func extents(_ context: PlanContext) throws(Diagnostic) -> (m: Int, n: Int, k: Int, lda: Int, ldb: Int) {
    let (a, b) = (try context.shape(0), try context.shape(1))
    guard a.count == 2, b.count == 2, a[transposesA ? 0 : 1] == b[transposesB ? 1 : 0] else {
      throw context.error("run.shape", "\(a) and \(b) are not matrices of one inner extent")
    }
    try context.requireType(1, 2)
    try context.require(2, broadcastsTo: [a[transposesA ? 1 : 0], b[transposesB ? 0 : 1]], what: "addend")
    return (a[transposesA ? 1 : 0], b[transposesB ? 0 : 1], a[transposesA ? 0 : 1], a[1], b[1])
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let (m, n, k, lda, ldb) = try extents(context)
    let (alpha, beta) = (T(self.alpha.value), T(self.beta.value))
    let (ta, tb) = (transposesA, transposesB)
    let addend: Broadcast? =
      if context.has(2) { Broadcast([try context.shape(2)], to: [m, n]) } else { nil }
    if T.self == Float.self, m <= 16, !ta, alpha == 1, beta == 1 || !context.has(2), try isRowBias(context, n) {
      context.use(1, .asStored)
      let hasBias = context.has(2)
      return PreparedKernel { (args) throws(Diagnostic) in
        mc_fully_connected(
          m, k, n, args.input(0), args.rawInput(1), tb ? 0 : 1, hasBias ? args.input(2) : nil, mc_activation(),
          args.output(0))
      }
    }
    let split = MatrixSplit(m: m, n: n, k: k)
    return PreparedKernel { (args) throws(Diagnostic) in
      let (a, b): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(0), args.input(1))
      let y: UnsafeMutablePointer<T> = args.output(0)
      if let addend {
        let c: UnsafePointer<T> = args.input(2)
        let s = addend.innerStride(0)
        addend.forEachRun { at, count, from in
          for i in 0..<count { y[at + i] = beta * c[from[0] + i * s] }
        }
      }
      split.forEach { rows, columns in
        T.gemm(
          transposesA: ta, transposesB: tb, m: rows.count, n: columns.count, k: k, alpha: alpha,
          a: a + (ta ? rows.lowerBound : rows.lowerBound * lda), lda: lda,
          b: b + (tb ? columns.lowerBound * ldb : columns.lowerBound), ldb: ldb, beta: addend == nil ? 0 : 1,
          c: y + rows.lowerBound * n + columns.lowerBound, ldc: n)
      }
    }
  }

  /// No third operand, or one element a column.
  private func isRowBias(_ context: PlanContext, _ n: Int) throws(Diagnostic) -> Bool {
    guard context.has(2) else { return true }
    let c = try context.shape(2)
    return c.last == n && c.reduce(1, *) == n
  }

  private func integer<T: FixedWidthInteger & TensorElement>(
    _ context: PlanContext, _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    let (m, n, k, lda, ldb) = try extents(context)
    let alpha: T = NumberLoop.integer(self.alpha.value)
    let beta: T = NumberLoop.integer(self.beta.value)
    let (ta, tb) = (transposesA, transposesB)
    let addend: Broadcast? =
      if context.has(2) { Broadcast([try context.shape(2)], to: [m, n]) } else { nil }
    return PreparedKernel { (args) throws(Diagnostic) in
      let (a, b): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(0), args.input(1))
      let y: UnsafeMutablePointer<T> = args.output(0)
      y.initialize(repeating: 0, count: m * n)
      if let addend {
        let c: UnsafePointer<T> = args.input(2)
        let s = addend.innerStride(0)
        addend.forEachRun { at, count, from in
          for i in 0..<count { y[at + i] = beta &* c[from[0] + i * s] }
        }
      }
      for i in 0..<m {
        for j in 0..<n {
          var sum: T = 0
          for p in 0..<k {
            sum = sum &+ (ta ? a[p * lda + i] : a[i * lda + p]) &* (tb ? b[j * ldb + p] : b[p * ldb + j])
          }
          y[i * n + j] = y[i * n + j] &+ alpha &* sum
        }
      }
    }
  }
}

/// How one matrix product is cut into parts: by its extents alone.
struct MatrixSplit {
  let m: Int
  let n: Int
  private let rowGrain: Int
  private let columnGrain: Int

  init(m: Int, n: Int, k: Int) {
    self.m = m
    self.n = n
    // Some 100 µs of work a part at least, and at most some sixteen parts.
    let work = max(m, 1) * max(n, 1) / 16 * max(k, 1)
    let parts = min(16, max(1, work / (1 << 18)))
    if n >= m {
      rowGrain = max(m, 1)
      columnGrain = max(16, ((n + parts - 1) / parts + 15) / 16 * 16)
    } else {
      rowGrain = max(8, ((m + parts - 1) / parts + 7) / 8 * 8)
      columnGrain = max(n, 1)
    }
  }

  func forEach(_ body: (_ rows: Range<Int>, _ columns: Range<Int>) -> Void) {
    guard m > 0, n > 0 else { return }
    if columnGrain >= n {
      Parallel.ranges(m, grain: rowGrain) { body($0, 0..<n) }
    } else {
      Parallel.ranges(n, grain: columnGrain) { body(0..<m, $0) }
    }
  }
}

extension MatMul: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try blas(context, Float.self)
    case .float64: return try blas(context, Double.self)
    case .int32: return try integer(context, Int32.self)
    case .int64: return try integer(context, Int64.self)
    case .uint32: return try integer(context, UInt32.self)
    case .uint64: return try integer(context, UInt64.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  /// Extents of each product and the place of every batch in both operands.
  private struct Batches {
    var m, n, k: Int
    var a: [Int]
    var b: [Int]

    init(_ context: PlanContext) throws(Diagnostic) {
      try context.requireType(1)
      let (s, t) = (try context.shape(0), try context.shape(1))
      guard let sl = s.last, let tl = t.last else { throw context.error("run.shape", "a 0-d operand has no product") }
      k = sl
      m = s.count > 1 ? s[s.count - 2] : 1
      n = t.count > 1 ? tl : 1
      let (bs, bt) = (Array(s.dropLast(2)), Array(t.dropLast(2)))
      let rank = max(bs.count, bt.count)
      let out = (0..<rank).map { i -> Int in
        let x = i < rank - bs.count ? 1 : bs[i - (rank - bs.count)]
        let y = i < rank - bt.count ? 1 : bt[i - (rank - bt.count)]
        return x == 1 ? y : x
      }
      guard let count = Tensor.count(of: out), count <= 1 << 26 else {
        throw context.error("run.too-large", "\(out) products are too many")
      }
      let (pa, pb) = (StridedCopy.broadcast(bs, to: out), StridedCopy.broadcast(bt, to: out))
      var place = [Int](repeating: 0, count: rank)
      a = []
      b = []
      for i in 0..<count {
        PatchGather.unravel(i, out, into: &place)
        a.append(zip(place, pa).reduce(0) { $0 + $1.0 * $1.1 } * m * k)
        b.append(zip(place, pb).reduce(0) { $0 + $1.0 * $1.1 } * k * n)
      }
    }

    /// One product where the right operand is the same for all batches and the left ones follow one another.
    var joined: Batches {
      guard a.count > 1, b.allSatisfy({ $0 == 0 }), a.indices.allSatisfy({ a[$0] == $0 * m * k }) else { return self }
      var out = self
      out.m = m * a.count
      out.a = [0]
      out.b = [0]
      return out
    }
  }

  private func blas<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let p = try Batches(context).joined
    let split = MatrixSplit(m: p.m, n: p.n, k: p.k)
    return PreparedKernel { (args) throws(Diagnostic) in
      let (a, b): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(0), args.input(1))
      let y: UnsafeMutablePointer<T> = args.output(0)
      func product(_ i: Int, _ rows: Range<Int>, _ columns: Range<Int>) {
        T.gemm(
          transposesA: false, transposesB: false, m: rows.count, n: columns.count, k: p.k, alpha: 1,
          a: a + p.a[i] + rows.lowerBound * p.k, lda: p.k, b: b + p.b[i] + columns.lowerBound, ldb: p.n, beta: 0,
          c: y + (i * p.m + rows.lowerBound) * p.n + columns.lowerBound, ldc: p.n)
      }
      if p.a.count == 1 {
        split.forEach { product(0, $0, $1) }
      } else {
        let grain = max(1, (1 << 18) / max(p.m * p.n * p.k, 1))
        Parallel.ranges(p.a.count, grain: grain) { r in for i in r { product(i, 0..<p.m, 0..<p.n) } }
      }
    }
  }

  private func integer<T: FixedWidthInteger & TensorElement>(
    _ context: PlanContext, _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    let p = try Batches(context)
    return PreparedKernel { (args) throws(Diagnostic) in
      let y: UnsafeMutablePointer<T> = args.output(0)
      for i in p.a.indices {
        let a = args.input(0, T.self) + p.a[i]
        let b = args.input(1, T.self) + p.b[i]
        for r in 0..<p.m {
          for c in 0..<p.n {
            var sum: T = 0
            for k in 0..<p.k { sum = sum &+ a[r * p.k + k] &* b[k * p.n + c] }
            y[(i * p.m + r) * p.n + c] = sum
          }
        }
      }
    }
  }
}
