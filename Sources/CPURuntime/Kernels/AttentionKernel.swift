import Diagnostics
import ModelGraph
import TensorCore

extension Attention: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    for i in [1, 2] where try context.dtype(i) != context.dtype(0) {
      throw context.unsupportedType(try context.dtype(i))
    }
    switch try context.dtype(0) {
    case .float32: return try AttentionRun<Float>(self, context).kernel
    case .float64: return try AttentionRun<Double>(self, context).kernel
    case let t: throw context.unsupportedType(t)
    }
  }
}

/// Extents and strides of [batch, heads, sequence, size] in an operand of three or four axes.
struct HeadLayout {
  var batch, heads, length, size: Int
  /// Heads lie side by side within a position.
  let isFolded: Bool

  init(_ x: [Int], heads n: Int?, _ context: PlanContext) throws(Diagnostic) {
    if x.count == 4 {
      (batch, heads, length, size) = (x[0], x[1], x[2], x[3])
      isFolded = false
    } else {
      guard x.count == 3, let n, n > 0, x[2] % n == 0 else {
        throw context.error("run.shape", "\(x) does not divide into heads")
      }
      (batch, heads, length, size) = (x[0], n, x[1], x[2] / n)
      isFolded = true
    }
  }

  /// Elements from one position to the next.
  var step: Int { isFolded ? heads * size : size }

  /// The first element of a head.
  func place(_ b: Int, _ h: Int) -> Int {
    isFolded ? b * length * heads * size + h * size : (b * heads + h) * length * size
  }
}

/// Softmax(q kᵀ · scale + masks) v, one query head at a time.
struct AttentionRun<T: RealMath> {
  private let op: Attention
  private let q, k, v: HeadLayout
  private let pastKeys, pastValues: Int
  private let mask: (strides: [Int], columns: Int, isBool: Bool)?
  private let hasLengths, wideLengths: Bool
  private let wants: [Bool]
  private let workers: Int
  private let narrow: NarrowArithmetic?

  init(_ op: Attention, _ context: PlanContext) throws(Diagnostic) {
    self.op = op
    q = try HeadLayout(try context.shape(0), heads: op.queryHeads, context)
    k = try HeadLayout(try context.shape(1), heads: op.keyValueHeads, context)
    v = try HeadLayout(try context.shape(2), heads: op.keyValueHeads, context)
    guard k.heads > 0, q.heads % k.heads == 0, v.heads == k.heads, k.length == v.length, q.size == k.size,
      k.batch == q.batch, v.batch == q.batch
    else { throw context.error("run.shape", "query, key and value do not fit") }
    func past(_ i: Int, _ x: HeadLayout) throws(Diagnostic) -> Int {
      guard context.has(i) else { return 0 }
      let shape = try context.shape(i)
      guard shape.count == 4 else { throw context.error("run.shape", "past \(shape) is not four-dimensional") }
      try context.require(i, shape: [x.batch, x.heads, shape[2], x.size], what: i == 4 ? "past key" : "past value")
      return shape[2]
    }
    try context.requireType(4, 5)
    pastKeys = try past(4, k)
    pastValues = try past(5, v)
    guard pastKeys == pastValues else { throw context.error("run.shape", "past keys and values differ in length") }
    let total = pastKeys + k.length
    // Scores are made even where the operands are empty.
    _ = try Checked.bytes(.float64, [max(q.batch, 1), max(q.heads, 1), q.length, total], layer: context.name)
    if context.has(3) {
      let m = try context.operand(3)
      guard let columns = m.shape.last, columns <= total || columns == 1, m.shape.count <= 4 else {
        throw context.error("run.shape", "mask \(m.shape) does not fit \(total) keys")
      }
      // A mask that is too short hides the keys past its end.
      var shape = [q.batch, q.heads, q.length, total]
      shape[3] = columns
      try context.require(3, broadcastsTo: shape, what: "mask")
      if m.dtype != .bool { try context.requireType(3) }
      mask = (StridedCopy.broadcast(m.shape, to: shape), columns, m.dtype == .bool)
    } else {
      mask = nil
    }
    hasLengths = context.has(6)
    try context.require(6, count: q.batch, what: "valid lengths")
    wideLengths = hasLengths ? try context.isWideIndex(6) : true
    wants = (0..<4).map { $0 < context.results.count && context.results[$0] != nil }
    workers = Parallel.workers(context.options)
    narrow = NarrowArithmetic(context.narrowType)
  }

  /// Elements for scaled copies of queries and keys, which only narrow floats need.
  private var narrowCount: Int { narrow == nil ? 0 : (q.length + total) * q.size }

  private var total: Int { pastKeys + k.length }

  var kernel: PreparedKernel {
    // Present keys and values of every head, then scores and bias of one query head a worker.
    let keys = k.batch * k.heads * total * k.size
    let values = v.batch * v.heads * total * v.size
    let perWorker = 2 * q.length * total + narrowCount
    let count = keys + values + workers * perWorker
    return PreparedKernel(scratchBytes: count * MemoryLayout<T>.stride) { (args) throws(Diagnostic) in
      let scratch = args.scratch.assumingMemoryBound(to: T.self)
      let present = wants[1] ? args.output(1, T.self) : scratch
      let presentValues = wants[2] ? args.output(2, T.self) : scratch + keys
      join(args.input(1), k, past: pastKeys, args, 4, into: present)
      join(args.input(2), v, past: pastValues, args, 5, into: presentValues)
      Parallel.each(q.batch * q.heads, workers: workers) { chunk, worker in
        let own = scratch + keys + values + worker * perWorker
        head(args, chunk / q.heads, chunk % q.heads, present, presentValues, own)
      }
    }
  }

  /// Past and new positions of every head, one after another.
  private func join(
    _ x: UnsafePointer<T>, _ layout: HeadLayout, past: Int, _ args: KernelArguments, _ operand: Int,
    into out: UnsafeMutablePointer<T>
  ) {
    for b in 0..<layout.batch {
      for h in 0..<layout.heads {
        let row = (b * layout.heads + h)
        let to = out + row * total * layout.size
        if past > 0 { to.update(from: args.input(operand) + row * past * layout.size, count: past * layout.size) }
        for i in 0..<layout.length {
          (to + (past + i) * layout.size).update(
            from: x + layout.place(b, h) + i * layout.step, count: layout.size)
        }
      }
    }
  }

  private func head(
    _ args: KernelArguments, _ b: Int, _ h: Int, _ keys: UnsafePointer<T>, _ values: UnsafePointer<T>,
    _ scratch: UnsafeMutablePointer<T>
  ) {
    let (rows, columns) = (q.length, total)
    let scores = scratch
    let bias = scratch + rows * columns
    let group = b * k.heads + h / (q.heads / k.heads)
    let scale = op.scale.map { T($0.value) } ?? 1 / T(q.size).squareRoot()
    let query = args.input(0, T.self) + q.place(b, h)
    let key = keys + group * columns * k.size
    if narrow != nil {
      // Queries and keys are scaled one by one by the root, and rounded.
      let root = rounded(scale.squareRoot())
      let copies = scratch + 2 * rows * columns
      for i in 0..<rows { for j in 0..<q.size { copies[i * q.size + j] = rounded(query[i * q.step + j] * root) } }
      let keyCopies = copies + rows * q.size
      for i in 0..<columns * k.size { keyCopies[i] = rounded(key[i] * root) }
      T.gemm(
        transposesA: false, transposesB: true, m: rows, n: columns, k: q.size, alpha: 1, a: copies, lda: q.size,
        b: keyCopies, ldb: k.size, beta: 0, c: scores, ldc: columns)
      for i in 0..<rows * columns { scores[i] = rounded(scores[i]) }
    } else {
      T.gemm(
        transposesA: false, transposesB: true, m: rows, n: columns, k: q.size, alpha: scale, a: query, lda: q.step,
        b: key, ldb: k.size, beta: 0, c: scores, ldc: columns)
    }
    let report = wants[3] ? args.output(3, T.self) + (b * q.heads + h) * rows * columns : nil
    func show(_ mode: Int) {
      if let report, op.productMode == mode { report.update(from: scores, count: rows * columns) }
    }
    show(0)
    if op.softcap.value > 0 {
      let c = T(op.softcap.value)
      for i in 0..<rows * columns { scores[i] = rounded(c * rounded(T.tanh(rounded(scores[i] / c)))) }
    }
    show(1)
    fillBias(args, b, h, bias)
    for i in 0..<rows * columns { scores[i] = rounded(scores[i] + bias[i]) }
    show(2)
    for r in 0..<rows { softmax(scores + r * columns, bias + r * columns, columns) }
    show(3)
    T.gemm(
      transposesA: false, transposesB: false, m: rows, n: v.size, k: columns, alpha: 1, a: scores, lda: columns,
      b: values + group * columns * v.size, ldb: v.size, beta: 0, c: args.output(0, T.self) + outputPlace(b, h),
      ldc: q.isFolded ? q.heads * v.size : v.size)
  }

  private func outputPlace(_ b: Int, _ h: Int) -> Int {
    q.isFolded ? b * q.length * q.heads * v.size + h * v.size : (b * q.heads + h) * q.length * v.size
  }

  /// 0 where a query may see a key, −∞ where not, plus the mask.
  private func fillBias(_ args: KernelArguments, _ b: Int, _ h: Int, _ bias: UnsafeMutablePointer<T>) {
    let valid = hasLengths ? IndexLoop.load(args.rawInput(6), b, wide: wideLengths) : total
    let offset = hasLengths && pastKeys == 0 ? valid - q.length : pastKeys
    for i in 0..<q.length {
      let position = i + offset
      for j in 0..<total {
        var v: T = 0
        if op.isCausal, j > position { v = -.infinity }
        if op.leftWindow >= 0, position - j > op.leftWindow { v = -.infinity }
        if op.rightWindow >= 0, j - position > op.rightWindow { v = -.infinity }
        if j >= valid { v = -.infinity }
        if let mask {
          if j >= mask.columns, mask.columns != 1 {
            v = -.infinity
          } else {
            let at = b * mask.strides[0] + h * mask.strides[1] + i * mask.strides[2] + j * mask.strides[3]
            if mask.isBool {
              if args.input(3, UInt8.self)[at] == 0 { v = -.infinity }
            } else {
              v += args.input(3, T.self)[at]
            }
          }
        }
        bias[i * total + j] = v
      }
    }
  }

  /// Softmax of one row; a row whose keys are all hidden becomes zeros.
  private func softmax(_ x: UnsafeMutablePointer<T>, _ bias: UnsafePointer<T>, _ n: Int) {
    var top = -T.infinity
    var hidden = true
    for i in 0..<n {
      if x[i] > top || x[i].isNaN { top = x[i] }
      if bias[i] != -.infinity { hidden = false }
    }
    if hidden || top == -.infinity {
      x.update(repeating: 0, count: n)
      return
    }
    if let narrow, op.softmaxPrecision == nil {
      // SAFETY: narrow floats are computed in float32: T is Float.
      let row = UnsafeMutableRawPointer(x).assumingMemoryBound(to: Float.self)
      return narrow.softmax(row, 1, n, top: Float(top))
    }
    var sum = 0.0
    for i in 0..<n {
      x[i] = T.exp(x[i] - top)
      sum += Double(x[i])
    }
    let f = T(1 / sum)
    for i in 0..<n { x[i] = rounded(x[i] * f) }
  }

  @inline(__always)
  private func rounded(_ v: T) -> T {
    guard let narrow else { return v }
    return T(narrow.round(Float(v)))
  }
}
