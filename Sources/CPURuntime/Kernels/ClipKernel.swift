import Diagnostics
import ModelGraph
import TensorCore

extension Clip: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case .int8: return try kernel(context, Int8.self)
    case .int16: return try kernel(context, Int16.self)
    case .int32: return try kernel(context, Int32.self)
    case .int64: return try kernel(context, Int64.self)
    case .uint8: return try kernel(context, UInt8.self)
    case .uint16: return try kernel(context, UInt16.self)
    case .uint32: return try kernel(context, UInt32.self)
    case .uint64: return try kernel(context, UInt64.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: Comparable & TensorElement>(
    _ context: PlanContext, _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    let count = try context.operand(0).count
    try context.requireType(1, 2)
    try context.require(1, count: 1, what: "the lower bound")
    try context.require(2, count: 1, what: "the upper bound")
    let (hasLow, hasHigh) = (context.has(1), context.has(2))
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      let low: T? = hasLow ? args.input(1, T.self)[0] : nil
      let high: T? = hasHigh ? args.input(2, T.self)[0] : nil
      Parallel.ranges(count, grain: 1 << 14) { r in
        for i in r {
          var v = x[i]
          if let low, v < low { v = low }
          if let high, v > high { v = high }
          y[i] = v
        }
      }
    }
  }
}
