import Diagnostics
import ModelGraph
import TensorCore

extension LayerNormalization: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    for i in 1...2 where context.has(i) {
      guard try context.dtype(i) == context.dtype(0) else { throw context.unsupportedType(try context.dtype(i)) }
    }
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    let a = try context.axis(axis, rank: x.count)
    let rows = x[..<a].reduce(1, *)
    let n = x[a...].reduce(1, *)
    let epsilon = Double(epsilon.value)
    let centres = kind == .layer
    // Scale and bias broadcast to the normalised axes, or to the whole input.
    func parameter(_ i: Int) throws(Diagnostic) -> (row: Int, offsets: [Int])? {
      guard context.has(i) else { return nil }
      let p = try context.shape(i)
      try context.require(i, broadcastsTo: x, what: i == 1 ? "scale" : "bias")
      let strides = StridedCopy.broadcast(p, to: x)
      guard strides[..<a].allSatisfy({ $0 == 0 }) else {
        throw context.error("run.shape", "parameter \(p) differs from row to row of \(x)")
      }
      let index = StridedIndex(Array(x[a...]), Array(strides[a...]))
      return (0, (0..<n).map { index[$0] })
    }
    let scale = try parameter(1)
    let bias = try parameter(2)
    let meanType = context.results.count > 1 ? context.results[1]?.dtype : nil
    let deviationType = context.results.count > 2 ? context.results[2]?.dtype : nil
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let x: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(rows, grain: max(1, (1 << 13) / max(n, 1))) { range in
        for r in range {
          let (p, q) = (x + r * n, y + r * n)
          var mean = 0.0
          var squares = 0.0
          if centres {
            for i in 0..<n { mean += Double(p[i]) }
            mean /= Double(n)
          }
          for i in 0..<n {
            let d = Double(p[i]) - mean
            squares += d * d
          }
          let inverse = 1 / (squares / Double(n) + epsilon).squareRoot()
          let (m, f) = (T(mean), T(inverse))
          for i in 0..<n {
            var v = (p[i] - m) * f
            if let scale { v *= args.input(1, T.self)[scale.offsets[i]] }
            if let bias { v += args.input(2, T.self)[bias.offsets[i]] }
            q[i] = v
          }
          if let meanType { NumberLoop.store(meanType, args.rawOutput(1), r, mean) }
          if let deviationType { NumberLoop.store(deviationType, args.rawOutput(2), r, inverse) }
        }
      }
    }
  }
}

extension GroupNormalization: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    guard x.count >= 2, groups > 0, x[1] % groups == 0 else {
      throw context.error("run.shape", "\(x) does not divide into \(groups) groups")
    }
    let channels = x[1]
    let perGroup = channels / groups
    let plane = x[2...].reduce(1, *)
    let epsilon = Double(epsilon.value)
    let (groups, isPerGroup) = (groups, parameters == .perGroup)
    try context.requireType(1, 2)
    guard context.has(1), context.has(2) else { throw context.error("run.operand-missing", "scale or bias is missing") }
    try context.require(1, count: isPerGroup ? groups : channels, what: "scale")
    try context.require(2, count: isPerGroup ? groups : channels, what: "bias")
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let x0: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      let (scale, bias): (UnsafePointer<T>, UnsafePointer<T>) = (args.input(1), args.input(2))
      Parallel.ranges(x[0] * groups, grain: max(1, (1 << 13) / max(perGroup * plane, 1))) { range in
        for i in range {
          let base = i * perGroup * plane
          let (mean, variance) = Standardize.moments(
            x0, CollectionOfOne(base), length: perGroup * plane, count: perGroup * plane)
          let inverse = 1 / (variance + epsilon).squareRoot()
          for c in 0..<perGroup {
            let k = isPerGroup ? i % groups : i % groups * perGroup + c
            let at = base + c * plane
            Standardize.apply(
              x0 + at, y + at, plane, mean: T(mean), factor: T(inverse * Double(scale[k])), shift: bias[k])
          }
        }
      }
    }
  }
}

extension Dropout: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let trains = context.has(2) ? try context.requireDoubles(2).first.map { $0 != 0 } ?? false : false
    let ratio = context.has(1) && trains ? try context.requireDoubles(1).first ?? 0.5 : 0.5
    if context.has(1) { context.use(1, .consumed) }
    let wantsMask = context.results.count > 1 && context.results[1] != nil
    let count = x.count
    guard trains, ratio > 0 else {
      if !wantsMask { return .alias(input: 0) }
      let bytes = count * x.dtype.byteWidth
      return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
        args.copyThrough(bytes)
        args.output(1, UInt8.self).update(repeating: 1, count: count)
      }
    }
    guard NumberLoop.isSupported(x.dtype), ratio <= 1 else { throw context.unsupportedType(x.dtype) }
    let (type, seed) = (x.dtype, seed.map { UInt32(truncatingIfNeeded: $0) })
    return PreparedKernel { (args) throws(Diagnostic) in
      var random = RandomSource(seed: seed)
      for i in 0..<count {
        let keeps = random.uniform() >= ratio
        if wantsMask { args.output(1, UInt8.self)[i] = keeps ? 1 : 0 }
        let v = keeps ? NumberLoop.load(type, args.rawInput(0), i) / (1 - ratio) : 0
        NumberLoop.store(type, args.rawOutput(0), i, v)
      }
    }
  }
}

extension ClassificationLoss: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    guard x.count >= 2, try context.operand(1).count == x[0] * x[2...].reduce(1, *) else {
      throw context.error("run.shape", "labels \(try context.shape(1)) do not fit scores \(x)")
    }
    let (batch, classes, inner) = (x[0], x[1], x[2...].reduce(1, *))
    try context.requireType(2)
    try context.require(2, count: classes, what: "weights")
    if reduction == .none, try context.result().count != batch * inner {
      throw context.error("run.shape", "labels \(try context.shape(1)) do not fit scores \(x)")
    }
    let wide = try context.isWideIndex(1)
    let hasWeights = context.has(2)
    let (kind, reduction, ignored, name) = (kind, reduction, ignoredLabel, context.name)
    let wantsLog = context.results.count > 1 && context.results[1] != nil
    return PreparedKernel { (args) throws(Diagnostic) in
      let scores: UnsafePointer<T> = args.input(0)
      let y: UnsafeMutablePointer<T> = args.output(0)
      var total = 0.0
      var weights = 0.0
      for n in 0..<batch {
        for i in 0..<inner {
          let p = scores + n * classes * inner + i
          var shift = 0.0
          if kind == .crossEntropy {
            var top = -Double.infinity
            for c in 0..<classes { top = max(top, Double(p[c * inner])) }
            var sum = 0.0
            for c in 0..<classes { sum += Double.exp(Double(p[c * inner]) - top) }
            shift = top + Double.log(sum)
            if wantsLog {
              let q = args.output(1, T.self) + n * classes * inner + i
              for c in 0..<classes { q[c * inner] = T(Double(p[c * inner]) - shift) }
            }
          }
          let label = IndexLoop.load(args.rawInput(1), n * inner + i, wide: wide)
          var loss = 0.0
          if label != ignored {
            guard label >= 0, label < classes else {
              throw .error("run.index", "layer '\(name)': label \(label) is outside \(classes) classes")
            }
            let w = hasWeights ? Double(args.input(2, T.self)[label]) : 1
            loss = (shift - Double(p[label * inner])) * w
            weights += w
          }
          total += loss
          if reduction == .none { y[n * inner + i] = T(loss) }
        }
      }
      switch reduction {
      case .none: break
      case .sum: y[0] = T(total)
      case .mean: y[0] = T(total / weights)
      }
    }
  }
}
