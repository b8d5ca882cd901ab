import Diagnostics
import ModelGraph
import TensorCore

extension Determinant: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    switch try context.dtype(0) {
    case .float32: return try kernel(context, Float.self)
    case .float64: return try kernel(context, Double.self)
    case let t: throw context.unsupportedType(t)
    }
  }

  /// Elimination with partial pivoting in double precision.
  private func kernel<T: RealMath>(_ context: PlanContext, _: T.Type) throws(Diagnostic) -> PreparedKernel {
    let x = try context.shape(0)
    guard let n = x.last, x.count >= 2, x[x.count - 2] == n else {
      throw context.error("run.shape", "\(x) is not a square matrix")
    }
    let count = x.dropLast(2).reduce(1, *)
    return PreparedKernel { (args) throws(Diagnostic) in
      for m in 0..<count {
        var a = (0..<n * n).map { Double(args.input(0, T.self)[m * n * n + $0]) }
        var d = 1.0
        for c in 0..<n {
          let pivot = (c..<n).max { a[$0 * n + c].magnitude < a[$1 * n + c].magnitude } ?? c
          if a[pivot * n + c] == 0 {
            d = 0
            break
          }
          if pivot != c {
            for j in 0..<n { a.swapAt(pivot * n + j, c * n + j) }
            d = -d
          }
          d *= a[c * n + c]
          for r in (c + 1)..<max(n, c + 1) {
            let f = a[r * n + c] / a[c * n + c]
            for j in c..<n { a[r * n + j] -= f * a[c * n + j] }
          }
        }
        args.output(0, T.self)[m] = T(d)
      }
    }
  }
}

extension Einsum: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let terms = try context.infer { () throws(InferenceError) in try self.terms() }
    for i in context.operands.indices { try context.requireType(i) }
    // Axes: those of the result first, then those that are summed over. "." stands for several.
    var open = 0
    for (i, letters) in terms.operands.enumerated() where letters.contains(".") {
      open = max(open, try context.shape(i).count - (letters.count - 1))
    }
    func expand(_ letters: [Character], _ rank: Int) -> [String] {
      letters.flatMap { c -> [String] in
        guard c == "." else { return [String(c)] }
        let own = rank - (letters.count - 1)
        return (0..<own).map { ".\(open - own + $0)" }
      }
    }
    let out = try context.result()
    let result = expand(terms.result, terms.result.contains(".") ? terms.result.count - 1 + open : terms.result.count)
    var axes = result
    var extents: [String: Int] = [:]
    var names: [[String]] = []
    for (i, letters) in terms.operands.enumerated() {
      let shape = try context.shape(i)
      let own = expand(letters, shape.count)
      guard own.count == shape.count else { throw context.error("run.shape", "'\(equation)' does not fit \(shape)") }
      for (a, n) in zip(own, shape) where n != 1 || extents[a] == nil { extents[a] = n }
      for a in own where !axes.contains(a) { axes.append(a) }
      names.append(own)
    }
    var strides: [[Int]] = []
    for (i, own) in names.enumerated() {
      let shape = try context.shape(i)
      let dense = StridedCopy.dense(shape)
      strides.append(
        axes.map { a in own.indices.filter { own[$0] == a && shape[$0] != 1 }.reduce(0) { $0 + dense[$1] } })
    }
    let shape = axes.map { extents[$0] ?? 1 }
    let plan = EinsumPlan(
      kept: Array(shape[..<result.count]), summed: Array(shape[result.count...]), strides: strides, rank: result.count)
    return try context.dispatch(out.dtype, plan)
  }
}

/// A product of operands summed over some axes.
private struct EinsumPlan: NumberVisitor {
  let kept: [Int]
  let summed: [Int]
  let strides: [[Int]]
  let rank: Int

  func visit<T: ArithmeticElement>(_: T.Type) throws(Diagnostic) -> PreparedKernel {
    let outer = strides.map { StridedIndex(kept, Array($0[..<rank])) }
    let inner = strides.map { StridedIndex(summed, Array($0[rank...])) }
    let count = kept.reduce(1, *)
    let terms = summed.reduce(1, *)
    return PreparedKernel { (args) throws(Diagnostic) in
      let y: UnsafeMutablePointer<T> = args.output(0)
      Parallel.ranges(count, grain: max(1, (1 << 12) / max(terms, 1))) { range in
        for o in range {
          let bases = outer.map { $0[o] }
          var sum = T.nothing
          for k in 0..<terms {
            var p = T.unit
            for i in bases.indices { p = T.product(p, args.input(i, T.self)[bases[i] + inner[i][k]]) }
            sum = T.sum(sum, p)
          }
          y[o] = sum
        }
      }
    }
  }
}
