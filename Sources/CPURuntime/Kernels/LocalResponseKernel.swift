import CKernels
import Diagnostics
import ModelGraph
import TensorCore

extension LocalResponseNormalization: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    guard x.count >= 2 else { throw context.error("run.shape", "input \(x) has no channels") }
    if region == .withinChannel {
      guard x.count == 4 else { throw context.error("run.shape", "input \(x) is not four-dimensional") }
      return within(x, T.self)
    }
    return across(x, context, T.self)
  }

  /// Positions of the plane are taken in blocks; the window slides over channels.
  private func across<T: RealMath>(_ x: [Int], _ context: PlanContext, _: T.Type) -> PreparedKernel {
    let (batch, channels) = (x[0], x[1])
    let plane = x[2...].reduce(1, *)
    if T.self == Float.self {
      let (size, alpha, beta, k) = (size, alpha.value, beta.value, k.value)
      return PreparedKernel { (args) throws(Diagnostic) in
        mc_lrn_across(batch, channels, plane, size, alpha, beta, k, args.input(0), args.output(0))
      }
    }
    let block = 256
    let blocks = (plane + block - 1) / block
    let workers = Parallel.workers(context.options)
    let (before, after) = ((size - 1) / 2, size / 2)
    let factor = T(Double(alpha.value) / Double(size))
    let k = T(self.k.value)
    let root = PowerOfSum<T>(beta: T(beta.value))
    let perWorker = (channels + 1) * block
    return PreparedKernel(scratchBytes: workers * perWorker * MemoryLayout<T>.stride) { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.each(batch * blocks, workers: workers) { chunk, worker in
        let squares = args.scratch.assumingMemoryBound(to: T.self) + worker * perWorker
        let sum = squares + channels * block
        let start = chunk % blocks * block
        let n = min(block, plane - start)
        let base = chunk / blocks * channels * plane + start
        for c in 0..<channels {
          let p = x + base + c * plane
          let q = squares + c * block
          for i in 0..<n { q[i] = p[i] * p[i] }
        }
        for c in 0..<channels {
          // The whole window is added up afresh: sliding sums would carry rounding errors along.
          sum.update(repeating: 0, count: n)
          for j in max(0, c - before)...min(channels - 1, c + after) {
            let q = squares + j * block
            for i in 0..<n { sum[i] += q[i] }
          }
          let (p, out) = (x + base + c * plane, y + base + c * plane)
          for i in 0..<n { sum[i] = k + factor * sum[i] }
          root.divide(p, by: sum, into: out, count: n)
        }
      }
    }
  }

  private func within<T: RealMath>(_ x: [Int], _: T.Type) -> PreparedKernel {
    let (height, width) = (x[2], x[3])
    let reach = (size - 1) / 2
    let n = size
    let factor = Double(alpha.value) / (Double(size) * Double(size))
    let beta = Double(beta.value)
    return PreparedKernel { (args) throws(Diagnostic) in
      let x0: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(x[0] * x[1], grain: max(1, 4096 / max(height * width, 1))) { range in
        for p in range {
          let plane = x0 + p * height * width
          for r in 0..<height {
            for c in 0..<width {
              var sum = 0.0
              for i in max(0, r - reach)..<min(height, r - reach + n) {
                for j in max(0, c - reach)..<min(width, c - reach + n) {
                  let v = Double(plane[i * width + j])
                  sum += v * v
                }
              }
              let scale = Double.pow(1 + factor * sum, -beta)
              y[(p * height + r) * width + c] = T(Double(plane[r * width + c]) * scale)
            }
          }
        }
      }
    }
  }
}

/// x / s^β, with square roots for the exponents that networks use.
struct PowerOfSum<T: RealMath> {
  let beta: T

  // SAFETY: all addresses hold `count` elements.
  func divide(_ x: UnsafePointer<T>, by s: UnsafePointer<T>, into y: UnsafeMutablePointer<T>, count: Int) {
    if beta == T(0.75) {
      for i in 0..<count {
        let r = s[i].squareRoot()
        y[i] = x[i] / (r * r.squareRoot())
      }
    } else if beta == T(0.5) {
      for i in 0..<count { y[i] = x[i] / s[i].squareRoot() }
    } else if beta == 1 {
      for i in 0..<count { y[i] = x[i] / s[i] }
    } else {
      for i in 0..<count { y[i] = x[i] * T.pow(s[i], -beta) }
    }
  }
}
