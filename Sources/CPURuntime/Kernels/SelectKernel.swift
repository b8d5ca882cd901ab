import Diagnostics
import ModelGraph
import TensorCore

extension Select: MovesElements {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.result().dtype.byteWidth {
    case 1: return try kernel(context, UInt8.self)
    case 2: return try kernel(context, UInt16.self)
    case 4: return try kernel(context, UInt32.self)
    case 8: return try kernel(context, UInt64.self)
    default: return try kernel(context, SIMD2<UInt64>.self)
    }
  }

  private func kernel<T>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let plan = Broadcast(
      [try context.shape(0), try context.shape(1), try context.shape(2)], to: try context.result().shape)
    let (sc, sx, sy) = (plan.innerStride(0), plan.innerStride(1), plan.innerStride(2))
    return PreparedKernel { (args) throws(Diagnostic) in
      let c: UnsafePointer<UInt8> = args.input(0)
      let (x, y): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(1), args.input(2))
      let out: UnsafeMutablePointer<T> = args.output(0)
      plan.forEachRun { at, n, from in
        for i in 0..<n {
          out[at + i] = c[from[0] + i * sc] != 0 ? x[from[1] + i * sx] : y[from[2] + i * sy]
        }
      }
    }
  }
}
