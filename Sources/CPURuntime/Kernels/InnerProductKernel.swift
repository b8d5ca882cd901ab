import CKernels
import Diagnostics
import ModelGraph
import TensorCore

extension InnerProduct: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try matrixKernel(context, Float.self)
    case .float64: return try matrixKernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func matrixKernel<T: BlasScalar>(
    _ context: PlanContext, _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    try context.requireType(1, 2)
    let w = try context.shape(1)
    let byRows = weightLayout == .outputsByInputs
    guard w.count == 2 else { throw context.error("run.shape", "weights \(w) are not a matrix") }
    let (n, k) = byRows ? (w[0], w[1]) : (w[1], w[0])
    let y = try context.result()
    let m = n > 0 ? y.count / n : 0
    if n > 0 { try context.require(0, count: m, k, what: "input") }
    try context.require(2, count: n, what: "bias")
    let hasBias = context.has(2)
    if T.self == Float.self, m <= 16 {
      // Reading the weights is what takes the time: they are used where they lie, aligned or not.
      context.use(1, .asStored)
      return PreparedKernel { (args) throws(Diagnostic) in
        mc_fully_connected(
          m, k, n, args.input(0), args.rawInput(1), byRows ? 0 : 1, hasBias ? args.input(2) : nil, mc_activation(),
          args.output(0))
      }
    }
    // Columns of a chunk: by shape alone.
    let grain = max(16, min(n, (1 << 16) / max(k, 1) * 4))
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let weights: UnsafePointer<T> = args.input(1)
      let out: UnsafeMutablePointer<T> = args.output(0)
      guard m > 0 else { return }
      for i in 0..<m {
        for j in 0..<n { out[i * n + j] = hasBias ? args.input(2, T.self)[j] : 0 }
      }
      Parallel.ranges(n, grain: grain) { r in
        T.gemm(
          transposesA: false, transposesB: byRows, m: m, n: r.count, k: k, alpha: 1, a: x, lda: k,
          b: byRows ? weights + r.lowerBound * k : weights + r.lowerBound, ldb: byRows ? k : n, beta: 1,
          c: out + r.lowerBound, ldc: n)
      }
    }
  }
}
