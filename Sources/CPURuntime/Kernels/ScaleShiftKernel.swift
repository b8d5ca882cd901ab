import Diagnostics
import ModelGraph
import TensorCore

extension ScaleShift: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    try context.requireType(1, 2)
    let x = try context.shape(0)
    func parameter(_ i: Int) throws(Diagnostic) -> [Int]? {
      guard context.has(i) else { return nil }
      let p = try context.shape(i)
      let a = p.isEmpty ? 0 : try context.axis(axis, rank: x.count)
      guard a + p.count <= x.count, zip(p, x[a...]).allSatisfy({ $0 == 1 || $0 == $1 }) else {
        throw context.error("run.shape", "parameter \(p) does not fit input \(x)")
      }
      // Seen with the input's rank: extents of one around its own axes.
      return Array(repeating: 1, count: a) + p + Array(repeating: 1, count: x.count - a - p.count)
    }
    let scale = try parameter(1)
    let shift = try parameter(2)
    let plan = Broadcast([x, scale ?? [], shift ?? []], to: x)
    let (ss, sb) = (plan.innerStride(1), plan.innerStride(2))
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      plan.forEachRun { at, n, from in
        let (p, r) = (x + from[0], y + at)
        if let _ = scale, let _ = shift {
          let (s, b) = (args.input(1, T.self) + from[1], args.input(2, T.self) + from[2])
          if ss == 0, sb == 0 {
            let (a, c) = (s[0], b[0])
            for i in 0..<n { r[i] = p[i] * a + c }
          } else {
            for i in 0..<n { r[i] = p[i] * s[i * ss] + b[i * sb] }
          }
        } else if scale != nil {
          let s = args.input(1, T.self) + from[1]
          for i in 0..<n { r[i] = p[i] * s[i * ss] }
        } else if shift != nil {
          let b = args.input(2, T.self) + from[2]
          for i in 0..<n { r[i] = p[i] + b[i * sb] }
        } else {
          for i in 0..<n { r[i] = p[i] }
        }
      }
    }
  }
}
