import Diagnostics
import ModelGraph
import TensorCore

/// y = (x − mean) · factor + shift for one run of elements.
enum Standardize {
  // SAFETY: x and y hold `n` elements.
  @inline(__always)
  static func apply<T: RealMath>(
    _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>, _ n: Int, mean: T, factor: T, shift: T
  ) {
    for i in 0..<n { y[i] = (x[i] - mean) * factor + shift }
  }

  /// Mean and biased variance of runs of elements, two passes in double precision.
  static func moments<T: RealMath>(
    _ x: UnsafePointer<T>, _ runs: some Sequence<Int>, length: Int, count: Int
  ) -> (mean: Double, variance: Double) {
    guard count > 0 else { return (.nan, .nan) }
    var sum = 0.0
    for r in runs { for i in 0..<length { sum += Double(x[r + i]) } }
    let mean = sum / Double(count)
    var squares = 0.0
    for r in runs {
      for i in 0..<length {
        let d = Double(x[r + i]) - mean
        squares += d * d
      }
    }
    return (mean, squares / Double(count))
  }
}

extension BatchNormalization: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let batch = x.first ?? 1
    let channels = x.count >= 2 ? x[1] : 1
    let plane = x.dropFirst(2).reduce(1, *)
    try context.requireType(1, 2, 3, 4)
    for (i, what) in [(1, "scale"), (2, "bias"), (3, "mean"), (4, "variance")] {
      try context.require(i, count: channels, what: what)
    }
    guard statistics == .batch || (context.has(3) && context.has(4)) else {
      throw context.error("run.operand-missing", "mean or variance is missing")
    }
    let epsilon = Double(epsilon.value)
    let fromBatch = statistics == .batch
    let (hasScale, hasBias) = (context.has(1), context.has(2))
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(channels, grain: max(1, (1 << 14) / max(batch * plane, 1))) { range in
        for c in range {
          let runs = (0..<batch).lazy.map { ($0 * channels + c) * plane }
          let (mean, variance) =
            fromBatch
            ? Standardize.moments(x, runs, length: plane, count: batch * plane)
            : (Double(args.input(3, T.self)[c]), Double(args.input(4, T.self)[c]))
          let scale = hasScale ? Double(args.input(1, T.self)[c]) : 1
          let shift = hasBias ? args.input(2, T.self)[c] : 0
          let factor = T(scale / (variance + epsilon).squareRoot())
          for r in runs { Standardize.apply(x + r, y + r, plane, mean: T(mean), factor: factor, shift: shift) }
        }
      }
    }
  }
}

extension InstanceNormalization: PlannedKernel {
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
    let channels = x[1]
    let plane = x[2...].reduce(1, *)
    try context.requireType(1, 2)
    guard context.has(1), context.has(2) else { throw context.error("run.operand-missing", "scale or bias is missing") }
    try context.require(1, count: channels, what: "scale")
    try context.require(2, count: channels, what: "bias")
    let epsilon = Double(epsilon.value)
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let x0: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      let (scale, bias): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(1), args.input(2))
      Parallel.ranges(x[0] * channels, grain: max(1, (1 << 14) / max(plane, 1))) { range in
        for i in range {
          let at = i * plane
          let (mean, variance) = Standardize.moments(x0, CollectionOfOne(at), length: plane, count: plane)
          let factor = T(Double(scale[i % channels]) / (variance + epsilon).squareRoot())
          Standardize.apply(x0 + at, y + at, plane, mean: T(mean), factor: factor, shift: bias[i % channels])
        }
      }
    }
  }
}

extension MeanVarianceNormalization: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    var reduced: Set<Int> = []
    for a in axes { reduced.insert(try context.axis(a, rank: x.count)) }
    let plan = ReductionPlan(x, axes: reduced)
    let epsilon = Double(epsilon.value)
    let (scales, inside) = (normalizesVariance, epsilonPlace == .insideRoot)
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      plan.forEachResult { _, first in
        let n = Double(plan.reducedCount)
        var sum = 0.0
        plan.forEachRun(from: first) { r in for i in 0..<plan.length { sum += Double(x[r + i * plan.step]) } }
        let mean = sum / n
        var factor = 1.0
        if scales {
          var squares = 0.0
          plan.forEachRun(from: first) { r in
            for i in 0..<plan.length {
              let d = Double(x[r + i * plan.step]) - mean
              squares += d * d
            }
          }
          let variance = squares / n
          factor = 1 / (inside ? (variance + epsilon).squareRoot() : variance.squareRoot() + epsilon)
        }
        plan.forEachRun(from: first) { r in
          for i in 0..<plan.length {
            let at = r + i * plan.step
            y[at] = T((Double(x[at]) - mean) * factor)
          }
        }
      }
    }
  }
}

extension LpNormalization: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let plan = ReductionPlan(x, axes: [try context.axis(axis, rank: x.count)])
    let p = Double(p)
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      plan.forEachResult { _, first in
        var sum = 0.0
        plan.forEachRun(from: first) { r in
          for i in 0..<plan.length {
            let v = Double(x[r + i * plan.step]).magnitude
            sum += p == 1 ? v : p == 2 ? v * v : Double.pow(v, p)
          }
        }
        let norm = p == 1 ? sum : p == 2 ? sum.squareRoot() : Double.pow(sum, 1 / p)
        plan.forEachRun(from: first) { r in
          for i in 0..<plan.length {
            let at = r + i * plan.step
            // A vector of zeros stays one.
            y[at] = norm == 0 ? 0 : T(Double(x[at]) / norm)
          }
        }
      }
    }
  }
}
