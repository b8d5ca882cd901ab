import Diagnostics
import ModelGraph
import TensorCore

extension Recurrent: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try RecurrentRun<Float>(self, context).kernel
    case .float64: return try RecurrentRun<Double>(self, context).kernel
    case let t: throw context.unsupportedType(t)
    }
  }
}

/// The three recurrent cells over a sequence, one direction after the other.
struct RecurrentRun<T: RealMath> {
  private let op: Recurrent
  private let time, batch, features, hidden, gates, directions: Int
  private let has: [Bool]
  private let wants: [Bool]
  private let wideLengths: Bool
  private let functions: [(T) -> T]
  private let name: String

  init(_ op: Recurrent, _ context: PlanContext) throws(Diagnostic) {
    self.op = op
    let x = try context.shape(0)
    guard x.count == 3 else { throw context.error("run.shape", "input \(x) is not [time, batch, features]") }
    time = op.isBatchFirst ? x[1] : x[0]
    batch = op.isBatchFirst ? x[0] : x[1]
    features = x[2]
    hidden = op.hiddenSize
    gates = op.cell.gates
    directions = op.directions
    has = (0..<8).map { context.has($0) }
    wants = (0..<3).map { $0 < context.results.count && context.results[$0] != nil }
    name = context.name
    wideLengths = has[4] ? try context.isWideIndex(4) : false
    guard has[1], has[2] else { throw context.error("run.operand-missing", "weights are missing") }
    try context.requireType(1, 2, 3, 5, 6, 7)
    try context.require(1, count: directions, gates, hidden, features, what: "weights")
    try context.require(2, count: directions, gates, hidden, hidden, what: "recurrent weights")
    try context.require(3, count: directions, 2, gates, hidden, what: "bias")
    try context.require(4, count: batch, what: "lengths")
    try context.require(5, count: directions, batch, hidden, what: "first state")
    try context.require(6, count: directions, batch, hidden, what: "first cell")
    try context.require(7, count: directions, 3, hidden, what: "peepholes")
    let own: [Recurrent.Activation.Name] =
      switch op.cell {
      case .rnn: [.tanh]
      case .gru: [.sigmoid, .tanh]
      case .lstm: [.sigmoid, .tanh, .tanh]
      }
    var list: [(T) -> T] = []
    for i in 0..<directions * op.cell.functions {
      let a = i < op.activations.count ? op.activations[i] : .init(own[i % own.count], alpha: 0, beta: 0)
      list.append(Self.function(a))
    }
    functions = list
  }

  private static func function(_ a: Recurrent.Activation) -> (T) -> T {
    let (alpha, beta) = (T(a.alpha.value), T(a.beta.value))
    switch a.name {
    case .relu: return { $0 < 0 ? 0 : $0 }
    case .tanh: return { T.tanh($0) }
    case .sigmoid: return { 1 / (1 + T.exp(-$0)) }
    case .affine: return { alpha * $0 + beta }
    case .leakyRelu: return { $0 >= 0 ? $0 : alpha * $0 }
    case .thresholdedRelu: return { $0 >= alpha ? $0 : 0 }
    case .scaledTanh: return { alpha * T.tanh(beta * $0) }
    case .hardSigmoid: return { UnaryMap.bounded(alpha * $0 + beta, 0, 1) }
    case .elu: return { $0 >= 0 ? $0 : alpha * T.expm1($0) }
    case .softsign: return { $0 / (1 + $0.magnitude) }
    case .softplus: return { UnaryMap.softplus($0) }
    }
  }

  var kernel: PreparedKernel {
    let rows = time * batch * gates * hidden
    let state = batch * hidden * (2 + 2 * gates)
    let bytes = (rows + state) * MemoryLayout<T>.stride
    return PreparedKernel(scratchBytes: bytes) { (args) throws(Diagnostic) in
      let scratch = args.scratch.assumingMemoryBound(to: T.self)
      var lengths = [Int](repeating: time, count: batch)
      if has[4] {
        for b in 0..<batch {
          lengths[b] = IndexLoop.load(args.rawInput(4), b, wide: wideLengths)
          guard lengths[b] >= 0, lengths[b] <= time else {
            throw .error("run.index", "layer '\(name)': length \(lengths[b]) is outside \(time) steps")
          }
        }
      }
      if wants[0] { args.output(0, T.self).update(repeating: 0, count: time * directions * batch * hidden) }
      for d in 0..<directions {
        let backwards = op.direction == .reverse || d == 1
        walk(args, d, backwards, lengths, projected: scratch, state: scratch + rows)
      }
    }
  }

  /// Place of (t, d, b, 0) in the full result, and of (d, b, 0) in a last state.
  private func place(_ t: Int, _ d: Int, _ b: Int) -> Int {
    op.isBatchFirst ? ((b * time + t) * directions + d) * hidden : ((t * directions + d) * batch + b) * hidden
  }
  private func place(_ d: Int, _ b: Int) -> Int {
    op.isBatchFirst ? (b * directions + d) * hidden : (d * batch + b) * hidden
  }

  private func walk(
    _ args: KernelArguments, _ d: Int, _ backwards: Bool, _ lengths: [Int], projected: UnsafeMutablePointer<T>,
    state: UnsafeMutablePointer<T>
  ) {
    let width = gates * hidden
    let w = args.input(1, T.self) + d * width * features
    let r = args.input(2, T.self) + d * width * hidden
    T.gemm(
      transposesA: false, transposesB: true, m: time * batch, n: width, k: features, alpha: 1, a: args.input(0),
      lda: features, b: w, ldb: features, beta: 0, c: projected, ldc: width)
    let h = state
    let c = h + batch * hidden
    let recurrent = c + batch * hidden
    let gate = recurrent + batch * width
    for b in 0..<batch {
      for j in 0..<hidden {
        h[b * hidden + j] = has[5] ? args.input(5, T.self)[place(d, b) + j] : 0
        c[b * hidden + j] = has[6] ? args.input(6, T.self)[place(d, b) + j] : 0
      }
    }
    for step in 0..<time {
      T.gemm(
        transposesA: false, transposesB: true, m: batch, n: width, k: hidden, alpha: 1, a: h, lda: hidden, b: r,
        ldb: hidden, beta: 0, c: recurrent, ldc: width)
      for b in 0..<batch where step < lengths[b] {
        let t = backwards ? lengths[b] - 1 - step : step
        let x = projected + (op.isBatchFirst ? b * time + t : t * batch + b) * width
        cell(args, d, x, recurrent + b * width, gate, h + b * hidden, c + b * hidden, r)
        if wants[0] {
          let out = args.output(0, T.self) + place(t, d, b)
          for j in 0..<hidden { out[j] = h[b * hidden + j] }
        }
      }
    }
    for b in 0..<batch {
      for j in 0..<hidden {
        if wants[1] { args.output(1, T.self)[place(d, b) + j] = h[b * hidden + j] }
        if wants[2], op.cell == .lstm { args.output(2, T.self)[place(d, b) + j] = c[b * hidden + j] }
      }
    }
  }

  /// One step of one batch entry: `x` and `y` are the products with the input and the hidden state.
  private func cell(
    _ args: KernelArguments, _ d: Int, _ x: UnsafePointer<T>, _ y: UnsafePointer<T>, _ gate: UnsafeMutablePointer<T>,
    _ h: UnsafeMutablePointer<T>, _ c: UnsafeMutablePointer<T>, _ r: UnsafePointer<T>
  ) {
    let width = gates * hidden
    let bias = has[3] ? args.input(3, T.self) + d * 2 * width : nil
    func inputBias(_ i: Int) -> T { bias.map { $0[i] } ?? 0 }
    func stateBias(_ i: Int) -> T { bias.map { $0[width + i] } ?? 0 }
    func clip(_ v: T) -> T {
      guard let limit = op.clip.map({ T($0.value) }) else { return v }
      return UnaryMap.bounded(v, -limit, limit)
    }
    let f = d * op.cell.functions
    switch op.cell {
    case .rnn:
      for j in 0..<hidden { gate[j] = functions[f](clip(x[j] + y[j] + inputBias(j) + stateBias(j))) }
      for j in 0..<hidden { h[j] = gate[j] }
    case .gru:
      for k in 0..<2 * hidden { gate[k] = functions[f](clip(x[k] + y[k] + inputBias(k) + stateBias(k))) }
      let candidate = 2 * hidden
      for j in 0..<hidden {
        let k = candidate + j
        var recurrent: T
        if op.isLinearBeforeReset {
          recurrent = gate[hidden + j] * (y[k] + stateBias(k))
        } else {
          recurrent = stateBias(k)
          let row = r + k * hidden
          for i in 0..<hidden { recurrent += gate[hidden + i] * h[i] * row[i] }
        }
        gate[k] = functions[f + 1](clip(x[k] + recurrent + inputBias(k)))
      }
      for j in 0..<hidden { h[j] = (1 - gate[j]) * gate[candidate + j] + gate[j] * h[j] }
    case .lstm:
      let p = has[7] ? args.input(7, T.self) + d * 3 * hidden : nil
      for j in 0..<hidden {
        func sum(_ g: Int) -> T {
          let k = g * hidden + j
          return x[k] + y[k] + inputBias(k) + stateBias(k)
        }
        let i = functions[f](clip(sum(0) + (p.map { $0[j] * c[j] } ?? 0)))
        let forget =
          op.couplesInputForget ? 1 - i : functions[f](clip(sum(2) + (p.map { $0[2 * hidden + j] * c[j] } ?? 0)))
        let candidate = functions[f + 1](clip(sum(3)))
        c[j] = forget * c[j] + i * candidate
        let o = functions[f](clip(sum(1) + (p.map { $0[hidden + j] * c[j] } ?? 0)))
        h[j] = o * functions[f + 2](c[j])
      }
    }
  }
}
