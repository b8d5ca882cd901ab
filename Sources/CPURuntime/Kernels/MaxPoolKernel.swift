import CKernels
import Diagnostics
import ModelGraph
import TensorCore

extension MaxPool: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let infinite = emptyValue == .negativeInfinity
    switch try context.dtype(0) {
    case .float32:
      let s = try PoolingShape(geometry, context)
      let wantsIndices = context.results.count > 1 && context.results[1] != nil
      if !wantsIndices, emptyValue == .lowestFinite || s.hasNoEmptyWindow, var d = s.description(MC_POOL_MAX) {
        d.nan = nanRule == .propagate ? MC_POOL_NAN_PROPAGATED : MC_POOL_NAN_IGNORED
        if let k = s.packed(d, workers: Parallel.workers(context.options)) { return k }
      }
      return try kernel(context, empty: infinite ? -Float.infinity : -Float.greatestFiniteMagnitude) { $0.isNaN }
    case .float64:
      return try kernel(context, empty: infinite ? -Double.infinity : -Double.greatestFiniteMagnitude) { $0.isNaN }
    case .int8: return try kernel(context, empty: Int8.min) { _ in false }
    case .uint8: return try kernel(context, empty: UInt8.min) { _ in false }
    case .int16: return try kernel(context, empty: Int16.min) { _ in false }
    case .int32: return try kernel(context, empty: Int32.min) { _ in false }
    case .int64: return try kernel(context, empty: Int64.min) { _ in false }
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: Comparable & TensorElement>(
    _ context: PlanContext, empty: T, isNaN: @escaping (T) -> Bool
  ) throws(Diagnostic) -> PreparedKernel {
    let s = try PoolingShape(geometry, context)
    let wantsIndices = context.results.count > 1 && context.results[1] != nil
    let mode = indices
    let propagates = nanRule == .propagate
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(s.planes, grain: 1) { planes in
        for p in planes {
          let plane = x + p * s.inputCount
          let out = y + p * s.outputCount
          s.forEachWindow { o, visit, _ in
            var best = empty
            var place = -1
            visit {
              let v = plane[$0]
              if v > best || (place < 0 && propagates) || (propagates && isNaN(v) && !isNaN(best)) {
                best = v
                place = $0
              }
            }
            out[o] = best
            guard wantsIndices else { return }
            let at = p * s.outputCount + o
            switch mode {
            case .none: break
            case .planeFloat: args.output(1, Float.self)[at] = Float(place)
            case .flat(let columnMajor):
              let within = columnMajor ? MaxPool.transposed(place, s.input) : place
              args.output(1, Int64.self)[at] = Int64(p * s.inputCount + within)
            }
          }
        }
      }
    }
  }

  /// The column-major index of the row-major one.
  private static func transposed(_ flat: Int, _ shape: [Int]) -> Int {
    guard flat >= 0 else { return flat }
    var at = [Int](repeating: 0, count: shape.count)
    PatchGather.unravel(flat, shape, into: &at)
    var index = 0
    for a in shape.indices.reversed() { index = index * shape[a] + at[a] }
    return index
  }
}
