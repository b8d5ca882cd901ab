import Diagnostics
import ModelGraph
import TensorCore

extension TopK: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self) { $0.isNaN }
    case .float64: return try kernel(context, Double.self) { $0.isNaN }
    case .int8: return try kernel(context, Int8.self) { _ in false }
    case .int16: return try kernel(context, Int16.self) { _ in false }
    case .int32: return try kernel(context, Int32.self) { _ in false }
    case .int64: return try kernel(context, Int64.self) { _ in false }
    case .uint8: return try kernel(context, UInt8.self) { _ in false }
    case .uint16: return try kernel(context, UInt16.self) { _ in false }
    case .uint32: return try kernel(context, UInt32.self) { _ in false }
    case .uint64: return try kernel(context, UInt64.self) { _ in false }
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: Comparable & TensorElement>(
    _ context: PlanContext, _: T.Type, _ isNaN: @escaping @Sendable (T) -> Bool
  ) throws(Diagnostic) -> PreparedKernel {
    let shape = try context.shape(0)
    let a = try context.axis(axis, rank: shape.count)
    guard let k = try context.requireInts(1).first, k >= 0, k <= shape[a] else {
      throw context.error("run.index", "k is not inside axis \(axis) of \(shape[a]) elements")
    }
    context.use(1, .consumed)
    let extent = shape[a]
    let inner = shape[(a + 1)...].reduce(1, *)
    let lines = shape[..<a].reduce(inner, *)
    let largest = isLargest
    let wantsIndices = context.results.count > 1 && context.results[1] != nil
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let values: UnsafeMutablePointer<T> = args.output(0)
      let indices: UnsafeMutablePointer<Int64> = args.output(1)
      Parallel.ranges(lines, grain: max(1, (1 << 13) / max(extent, 1))) { range in
        var order = [Int](repeating: 0, count: extent)
        for line in range {
          // SAFETY: a line has `extent` elements `inner` apart; its results have k.
          let p = x + line / inner * extent * inner + line % inner
          let out = line / inner * k * inner + line % inner
          for i in 0..<extent { order[i] = i }
          order.sort { i, j in
            let (u, v) = (p[i * inner], p[j * inner])
            // NaN counts as the largest value.
            let (m, n) = (isNaN(u), isNaN(v))
            if m != n { return largest == m }
            if m || u == v { return i < j }
            return largest ? u > v : u < v
          }
          for i in 0..<k {
            values[out + i * inner] = p[order[i] * inner]
            if wantsIndices { indices[out + i * inner] = Int64(order[i]) }
          }
        }
      }
    }
  }
}
