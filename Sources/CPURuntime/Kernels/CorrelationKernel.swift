import Diagnostics
import ModelGraph
import TensorCore

extension Correlation: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    try context.requireType(1)
    let x = try context.shape(0)
    let out = try context.result().shape
    guard x.count == 4, out.count == 4, try context.shape(1) == x else {
      throw context.error("run.shape", "maps \(x) and \(try context.shape(1)) do not fit")
    }
    let (channels, plane) = (x[1], x[2] * x[3])
    let (dx, dy) = (displacements, rowDisplacements)
    let work = channels * out[2] * out[3] * kernel * kernel
    let op = self
    let factor = 1 / T(kernel * kernel * max(channels, 1))
    return PreparedKernel { (args) throws(Diagnostic) in
      let (a, b): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(0), args.input(1))
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(out[0] * out[1], grain: max(1, 1 << 18 / max(work, 1))) { range in
        for item in range {
          let (n, d) = (item / out[1], item % out[1])
          let target = y + item * out[2] * out[3]
          target.update(repeating: 0, count: out[2] * out[3])
          for c in 0..<channels {
            let start = (n * channels + c) * plane
            op.add(
              a + start, b + start, rows: x[2], columns: x[3], moved: (dy[d / dx.count], dx[d % dx.count]), to: target,
              out[2], out[3])
          }
          for i in 0..<out[2] * out[3] { target[i] *= factor }
        }
      }
    }
  }

  /// Adds what one channel gives for one displacement.
  // SAFETY: the maps hold rows · columns elements, the target height · width.
  @inline(__always)
  private func add<T: RealMath>(
    _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, rows: Int, columns: Int, moved: (y: Int, x: Int),
    to target: UnsafeMutablePointer<T>, _ height: Int, _ width: Int
  ) {
    for i in 0..<height {
      let sums = target + i * width
      for j in 0..<kernel {
        let ra = i * patchStride + rowBorder + j - rowPad
        let rb = ra + moved.y
        let (hasA, hasB) = (ra >= 0 && ra < rows, rb >= 0 && rb < rows)
        for k in 0..<kernel {
          let first = maxDisplacement + k - pad
          if isDifference {
            for w in 0..<width {
              let ca = w * patchStride + first
              let cb = ca + moved.x
              let u = hasA && ca >= 0 && ca < columns ? a[ra * columns + ca] : 0
              let v = hasB && cb >= 0 && cb < columns ? b[rb * columns + cb] : 0
              sums[w] += abs(u - v)
            }
          } else if hasA, hasB {
            // Products with padding are 0.
            let least = min(first, first + moved.x)
            let greatest = max(first, first + moved.x)
            let low = least < 0 ? (-least + patchStride - 1) / patchStride : 0
            let high = greatest < columns ? min(width, (columns - 1 - greatest) / patchStride + 1) : 0
            let (p, q) = (a + ra * columns + first, b + rb * columns + first + moved.x)
            for w in low..<max(low, high) { sums[w] += p[w * patchStride] * q[w * patchStride] }
          }
        }
      }
    }
  }
}
