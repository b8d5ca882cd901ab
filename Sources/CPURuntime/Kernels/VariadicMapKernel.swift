import Diagnostics
import ModelGraph
import TensorCore

extension VariadicMap: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try real(context, Float.self)
    case .float64: return try real(context, Double.self)
    case .int8: return try integer(context, Int8.self)
    case .int16: return try integer(context, Int16.self)
    case .int32: return try integer(context, Int32.self)
    case .int64: return try integer(context, Int64.self)
    case .uint8: return try integer(context, UInt8.self)
    case .uint16: return try integer(context, UInt16.self)
    case .uint32: return try integer(context, UInt32.self)
    case .uint64: return try integer(context, UInt64.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func integer<T: FixedWidthInteger & TensorElement>(
    _ context: PlanContext, _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    let n = T(clamping: context.operands.count)
    switch function {
    case .sum: return try fold(context, first: { $0 }) { (a: T, x: T, _) in a &+ x }
    case .product: return try fold(context, first: { $0 }) { (a: T, x: T, _) in a &* x }
    case .maximum: return try fold(context, first: { $0 }) { (a: T, x: T, _) in Swift.max(a, x) }
    case .minimum: return try fold(context, first: { $0 }) { (a: T, x: T, _) in Swift.min(a, x) }
    case .mean: return try fold(context, first: { $0 }, last: { n == 0 ? 0 : $0 / n }) { (a: T, x: T, _) in a &+ x }
    case .weightedSum: throw context.unsupportedType(T.dtype)
    }
  }

  private func real<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let n = T(context.operands.count)
    switch function {
    case .sum: return try fold(context, first: { $0 }) { (a: T, x: T, _) in a + x }
    case .product: return try fold(context, first: { $0 }) { (a: T, x: T, _) in a * x }
    case .maximum: return try fold(context, first: { $0 }) { (a: T, x: T, _) in a.isNaN || a > x ? a : x }
    case .minimum: return try fold(context, first: { $0 }) { (a: T, x: T, _) in a.isNaN || a < x ? a : x }
    case .mean: return try fold(context, first: { $0 }, last: { $0 / n }) { (a: T, x: T, _) in a + x }
    case .weightedSum(let c):
      let w = c.map { T($0.value) }
      let w0 = w.first ?? 1
      return try fold(context, first: { w0 * $0 }) { (a: T, x: T, i) in a + w[i] * x }
    }
  }

  /// Folds from the left, block by block, so that partial results stay in the cache.
  @inline(__always)
  private func fold<T: TensorElement>(
    _ context: PlanContext, first: @escaping (T) -> T, last: ((T) -> T)? = nil, _ step: @escaping (T, T, Int) -> T
  ) throws(Diagnostic) -> PreparedKernel {
    var shapes: [[Int]] = []
    for i in context.operands.indices { try context.requireType(i) }
    for i in context.operands.indices { shapes.append(try context.shape(i)) }
    let out = try context.result()
    let plan = Broadcast(shapes, to: out.shape)
    let strides = shapes.indices.map { plan.innerStride($0) }
    let host = shapes.first.map { $0.reduce(1, *) == out.count } ?? false
    return PreparedKernel(inPlace: host ? [0] : []) { (args) throws(Diagnostic) in
      let y: UnsafeMutablePointer<T> = args.output(0)
      plan.forEachRun { at, n, from in
        let block = 2048
        var begin = 0
        while begin < n {
          let end = min(begin + block, n)
          let p = args.input(0, T.self) + from[0]
          for i in begin..<end { y[at + i] = first(p[i * strides[0]]) }
          for k in 1..<max(strides.count, 1) {
            let q = args.input(k, T.self) + from[k]
            let s = strides[k]
            for i in begin..<end { y[at + i] = step(y[at + i], q[i * s], k) }
          }
          if let last { for i in begin..<end { y[at + i] = last(y[at + i]) } }
          begin = end
        }
      }
    }
  }
}
