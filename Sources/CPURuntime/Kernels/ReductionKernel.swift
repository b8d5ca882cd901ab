import Diagnostics
import ModelGraph
import TensorCore

extension Reduction: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let rank = x.shape.count
    context.use(1, .consumed)
    let known = context.known
    guard let axes = try context.infer({ () throws(InferenceError) in try self.axes(known, rank: rank) }) else {
      _ = try context.requireInts(1)
      throw context.error("run.shape", "the reduced axes are not known")
    }
    let plan = ReductionPlan(x.shape, axes: axes)
    switch x.dtype {
    case .float32: return real(plan, Float.self)
    case .float64: return real(plan, Double.self)
    case .int8: return integer(plan, Int8.self)
    case .int16: return integer(plan, Int16.self)
    case .int32: return integer(plan, Int32.self)
    case .int64: return integer(plan, Int64.self)
    case .uint8: return integer(plan, UInt8.self)
    case .uint16: return integer(plan, UInt16.self)
    case .uint32: return integer(plan, UInt32.self)
    case .uint64: return integer(plan, UInt64.self)
    case .bool where function == .maximum || function == .minimum: return boolean(plan)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func boolean(_ plan: ReductionPlan) -> PreparedKernel {
    let isMaximum = function == .maximum
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<UInt8> = args.input(0)
      let y: UnsafeMutablePointer<UInt8> = args.output(0)
      plan.forEachResult { o, first in
        var found = !isMaximum
        plan.forEachRun(from: first) { r in
          for i in 0..<plan.length {
            let v = x[r + i * plan.step] != 0
            found = isMaximum ? found || v : found && v
          }
        }
        y[o] = found ? 1 : 0
      }
    }
  }

  private func real<T: RealMath>(_ plan: ReductionPlan, _: T.Type) -> PreparedKernel {
    let function = function
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      plan.forEachResult { o, first in y[o] = Self.reduce(function, plan, x, first) }
    }
  }

  // SAFETY: x holds the operand the plan was made for.
  private static func reduce<T: RealMath>(
    _ function: Function, _ plan: ReductionPlan, _ x: UnsafePointer<T>, _ first: Int
  ) -> T {
    /// Sums in double precision, in four partial sums.
    func sum(_ f: (Double) -> Double) -> Double {
      var total = 0.0
      plan.forEachRun(from: first) { r in
        let (p, s, n) = (x + r, plan.step, plan.length)
        var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
        var i = 0
        while i + 4 <= n {
          a += f(Double(p[i * s]))
          b += f(Double(p[(i + 1) * s]))
          c += f(Double(p[(i + 2) * s]))
          d += f(Double(p[(i + 3) * s]))
          i += 4
        }
        while i < n {
          a += f(Double(p[i * s]))
          i += 1
        }
        total += (a + b) + (c + d)
      }
      return total
    }
    func extreme(_ start: T, _ better: (T, T) -> Bool) -> T {
      var best = start
      plan.forEachRun(from: first) { r in
        for i in 0..<plan.length {
          let v = x[r + i * plan.step]
          if better(v, best) || v.isNaN { best = v }
        }
      }
      return best
    }
    switch function {
    case .sum: return T(sum { $0 })
    case .mean: return T(sum { $0 } / Double(plan.reducedCount))
    case .l1: return T(sum { $0.magnitude })
    case .l2: return T(sum { $0 * $0 }.squareRoot())
    case .sumSquare: return T(sum { $0 * $0 })
    case .logSum: return T(Double.log(sum { $0 }))
    case .product:
      var p = 1.0
      plan.forEachRun(from: first) { r in for i in 0..<plan.length { p *= Double(x[r + i * plan.step]) } }
      return T(p)
    case .maximum: return extreme(-.infinity) { $0 > $1 }
    case .minimum: return extreme(.infinity) { $0 < $1 }
    case .logSumExp:
      let top = Double(extreme(-.infinity) { $0 > $1 })
      guard top.isFinite else { return T(top) }
      return T(top + Double.log(sum { Double.exp($0 - top) }))
    }
  }

  private func integer<T: FixedWidthInteger & TensorElement>(_ plan: ReductionPlan, _: T.Type) -> PreparedKernel {
    let function = function
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      plan.forEachResult { o, first in
        func fold(_ start: T, _ f: (T, T) -> T) -> T {
          var a = start
          plan.forEachRun(from: first) { r in for i in 0..<plan.length { a = f(a, x[r + i * plan.step]) } }
          return a
        }
        func wide(_ f: (Double) -> Double) -> Double {
          var a = 0.0
          plan.forEachRun(from: first) { r in for i in 0..<plan.length { a += f(Double(x[r + i * plan.step])) } }
          return a
        }
        switch function {
        case .sum: y[o] = fold(0) { $0 &+ $1 }
        case .mean: y[o] = plan.reducedCount == 0 ? 0 : NumberLoop.integer(wide { $0 } / Double(plan.reducedCount))
        case .product: y[o] = fold(1) { $0 &* $1 }
        case .maximum: y[o] = fold(T.min) { Swift.max($0, $1) }
        case .minimum: y[o] = fold(T.max) { Swift.min($0, $1) }
        case .l1: y[o] = fold(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
        case .sumSquare: y[o] = fold(0) { $0 &+ $1 &* $1 }
        case .l2: y[o] = NumberLoop.integer(wide { $0 * $0 }.squareRoot())
        case .logSum: y[o] = NumberLoop.integer(Double.log(wide { $0 }))
        case .logSumExp: y[o] = NumberLoop.integer(Double.log(wide { Double.exp($0) }))
        }
      }
    }
  }
}

extension ArgExtreme: PlannedKernel {
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
    _ context: PlanContext, _: T.Type, _ isNaN: @escaping (T) -> Bool
  ) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let a = try context.axis(axis, rank: x.count)
    let extent = x[a]
    let inner = x[(a + 1)...].reduce(1, *)
    let outer = x[..<a].reduce(1, *)
    guard extent > 0 || outer * inner == 0 else {
      throw context.error("run.shape", "axis \(axis) is empty: it has no extreme")
    }
    let (largest, takesLast) = (isMaximum, selectsLast)
    return PreparedKernel { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<Int64> = args.output(0)
      Parallel.ranges(outer * inner, grain: max(1, (1 << 14) / max(extent, 1))) { range in
        for o in range {
          let p = x + o / inner * extent * inner + o % inner
          var best = p[0]
          var place = 0
          for k in 1..<max(extent, 1) {
            let v = p[k * inner]
            let wins = largest ? v > best : v < best
            let ties = takesLast && v == best
            if wins || ties || (isNaN(v) && (!isNaN(best) || takesLast)) {
              best = v
              place = k
            }
          }
          y[o] = Int64(place)
        }
      }
    }
  }
}
