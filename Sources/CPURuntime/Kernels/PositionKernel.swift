import Diagnostics
import ModelGraph
import TensorCore

extension RotaryEmbedding: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try HeadLayout(try context.shape(0), heads: heads, context)
    let rotated = rotaryDimension == 0 ? x.size : rotaryDimension
    let half = rotated / 2
    let cache = try context.shape(1)
    try context.requireType(1, 2)
    guard rotated >= 0, rotated <= x.size, cache.last == half, try context.shape(2) == cache else {
      throw context.error("run.shape", "cosines \(cache) do not fit \(rotated) rotated features")
    }
    let hasPositions = context.has(3)
    let wide = hasPositions ? try context.isWideIndex(3) : true
    try context.require(3, count: x.batch, x.length, what: "positions")
    let (rows, interleaved, name) = (cache.dropLast().reduce(1, *), isInterleaved, context.name)
    guard hasPositions || rows == x.batch * x.length else {
      throw context.error("run.shape", "cosines \(cache) do not fit the sequence")
    }
    return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
      let (p, y): (UnsafePointer<T>, UnsafeMutablePointer<T>) = (args.input(0), args.output(0))
      for b in 0..<x.batch {
        for i in 0..<x.length {
          let row = hasPositions ? IndexLoop.load(args.rawInput(3), b * x.length + i, wide: wide) : b * x.length + i
          guard row >= 0, row < rows else {
            throw .error("run.index", "layer '\(name)': position \(row) is outside \(rows)")
          }
          let (c, s) = (args.input(1, T.self) + row * half, args.input(2, T.self) + row * half)
          for h in 0..<x.heads {
            let at = x.place(b, h) + i * x.step
            for j in 0..<half {
              let first = at + (interleaved ? 2 * j : j)
              let second = at + (interleaved ? 2 * j + 1 : half + j)
              let (u, v) = (p[first], p[second])
              y[first] = c[j] * u - s[j] * v
              y[second] = s[j] * u + c[j] * v
            }
            for j in rotated..<max(rotated, x.size) { y[at + j] = p[at + j] }
          }
        }
      }
    }
  }
}

extension LinearAttention: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let q = try HeadLayout(try context.shape(0), heads: queryHeads, context)
    let k = try HeadLayout(try context.shape(1), heads: keyValueHeads, context)
    let v = try HeadLayout(try context.shape(2), heads: keyValueHeads, context)
    guard q.heads % k.heads == 0, q.size == k.size, q.length == k.length, k.length == v.length,
      q.batch == k.batch, k.batch == v.batch
    else {
      throw context.error("run.shape", "query, key and value do not fit")
    }
    let gates = updateRule == .gated || updateRule == .gatedDelta
    let corrects = updateRule == .delta || updateRule == .gatedDelta
    guard context.has(4) == gates, context.has(5) == corrects else {
      throw context.error("run.operand-missing", "decay and beta do not fit the update rule \(updateRule.rawValue)")
    }
    let decayWidth = gates ? try context.shape(4).last ?? 0 : 0
    let betaWidth = corrects ? try context.shape(5).last ?? 0 : 0
    guard !gates || decayWidth == k.heads || decayWidth == k.heads * k.size,
      !corrects || betaWidth == k.heads || betaWidth == 1
    else { throw context.error("run.shape", "decay or beta does not fit the heads") }
    try context.requireType(1, 2, 3, 4, 5)
    try context.require(3, count: k.batch, k.heads, k.size, v.size, what: "state")
    try context.require(4, count: k.batch, k.length, decayWidth, what: "decay")
    try context.require(5, count: k.batch, k.length, betaWidth, what: "beta")
    let (hasState, stateCount) = (context.has(3), k.batch * k.heads * k.size * v.size)
    let scale = self.scale.value == 0 ? 1 / Double(q.size).squareRoot() : Double(self.scale.value)
    let wantsState = context.results.count > 1 && context.results[1] != nil
    return PreparedKernel(scratchBytes: (stateCount + v.size) * MemoryLayout<T>.stride) { (args) throws(Diagnostic) in
      let scratch = args.scratch.assumingMemoryBound(to: T.self)
      let state = wantsState ? args.output(1, T.self) : scratch
      let update = scratch + stateCount
      if hasState {
        state.update(from: args.input(3), count: stateCount)
      } else {
        state.update(repeating: 0, count: stateCount)
      }
      let repeats = q.heads / k.heads
      for b in 0..<k.batch {
        for h in 0..<k.heads {
          let s = state + (b * k.heads + h) * k.size * v.size
          for t in 0..<k.length {
            let key = args.input(1, T.self) + k.place(b, h) + t * k.step
            let value = args.input(2, T.self) + v.place(b, h) + t * v.step
            if gates {
              let row = args.input(4, T.self) + (b * k.length + t) * decayWidth
              for i in 0..<k.size {
                let f = T.exp(decayWidth == k.heads ? row[h] : row[h * k.size + i])
                for j in 0..<v.size { s[i * v.size + j] *= f }
              }
            }
            for j in 0..<v.size { update[j] = value[j] }
            if corrects {
              let beta = args.input(5, T.self)[(b * k.length + t) * betaWidth + (betaWidth == 1 ? 0 : h)]
              for j in 0..<v.size {
                var seen: T = 0
                for i in 0..<k.size { seen += s[i * v.size + j] * key[i] }
                update[j] = beta * (value[j] - seen)
              }
            }
            for i in 0..<k.size { for j in 0..<v.size { s[i * v.size + j] += key[i] * update[j] } }
            for r in 0..<repeats {
              let head = h * repeats + r
              let query = args.input(0, T.self) + q.place(b, head) + t * q.step
              let out = args.output(0, T.self) + ((b * q.length + t) * q.heads + head) * v.size
              for j in 0..<v.size {
                var sum = 0.0
                for i in 0..<k.size { sum += Double(query[i]) * Double(s[i * v.size + j]) }
                out[j] = T(scale * sum)
              }
            }
          }
        }
      }
    }
  }
}

extension CausalConvolution: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let (x, w) = (try context.shape(0), try context.shape(1))
    guard x.count == 3, w.count == 3, w[0] == x[1], w[1] == 1, w[2] >= 1 else {
      throw context.error("run.shape", "input \(x) and weights \(w) do not fit")
    }
    let (channels, length, k) = (x[1], x[2], w[2])
    try context.requireType(1, 2, 3)
    try context.require(2, count: channels, what: "bias")
    try context.require(3, count: x[0], channels, k - 1, what: "state")
    let (hasBias, hasState) = (context.has(2), context.has(3))
    let wantsState = context.results.count > 1 && context.results[1] != nil
    let swish = activation != .none
    return PreparedKernel { (args) throws(Diagnostic) in
      for row in 0..<x[0] * channels {
        let c = row % channels
        let signal = args.input(0, T.self) + row * length
        func padded(_ i: Int) -> T {
          i < k - 1 ? hasState ? args.input(3, T.self)[row * (k - 1) + i] : 0 : signal[i - (k - 1)]
        }
        let weights = args.input(1, T.self) + c * k
        for t in 0..<length {
          var sum = hasBias ? args.input(2, T.self)[c] : 0
          for i in 0..<k { sum += weights[i] * padded(t + i) }
          args.output(0, T.self)[row * length + t] = swish ? sum / (1 + T.exp(-sum)) : sum
        }
        if wantsState { for i in 0..<k - 1 { args.output(1, T.self)[row * (k - 1) + i] = padded(length + i) } }
      }
    }
  }
}
