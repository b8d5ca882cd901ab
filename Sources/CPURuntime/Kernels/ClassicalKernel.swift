import Diagnostics
import ModelGraph
import TensorCore

extension ColumnGather: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let indices = try context.tensor(inputs, 1)
    let rows = x.rank <= 1 ? try x.reshaped([1, x.count]) : x
    let flat = try indices.reshaped([indices.count])
    return try Evaluator.evaluate(Gather(axis: rows.rank - 1), [.tensor(rows), .tensor(flat)], context)
  }
}

extension Binarizer: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    guard NumberLoop.isSupported(x.dtype) else { throw context.unsupportedType(x.dtype) }
    let limit = Double(threshold.value)
    return PreparedKernel { (args) throws(Diagnostic) in
      for i in 0..<x.count {
        NumberLoop.store(x.dtype, args.rawOutput(0), i, NumberLoop.load(x.dtype, args.rawInput(0), i) > limit ? 1 : 0)
      }
    }
  }
}

extension LabelEncoder: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let wanted = try Self.labels(x)
    var places: [Label: Int64] = [:]
    for (i, k) in try Self.labels(keys.tensor).enumerated() where places[k] == nil { places[k] = Int64(i) }
    // The default stands behind the values.
    let none = Int64(keys.tensor.count)
    let count = keys.tensor.count
    let table = try Evaluator.evaluate(
      Concat(axis: 0),
      [.tensor(try values.tensor.reshaped([count])), .tensor(try fallback.tensor.reshaped([1]))], context)
    let picks = try Tensor(wanted.map { places[$0] ?? none }, shape: x.shape)
    return try Evaluator.evaluate(Gather(axis: 0), [table.first, .tensor(picks)], context)
  }

  private enum Label: Hashable {
    case text(ByteString)
    case integer(Int64)
    case number(UInt64)
  }

  /// Elements as keys; every NaN is one key, and 0 and −0 are one.
  private static func labels(_ t: Tensor) throws(Diagnostic) -> [Label] {
    if t.dtype == .string { return try t.strings().map { .text($0) } }
    if t.dtype.isInteger || t.dtype == .bool { return try t.ints().map { .integer($0) } }
    return try t.doubles().map { .number($0.isNaN ? Double.nan.bitPattern : ($0 == 0 ? 0 : $0).bitPattern) }
  }
}

extension FeatureScaler: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let n = x.shape.last ?? 1
    func fits(_ list: [FloatBits]) -> Bool { list.count == 1 || list.count == n }
    guard fits(offset), fits(scale) else {
      throw context.error("run.shape", "\(offset.count) offsets and \(scale.count) scales for \(n) features")
    }
    let out = try x.doubles().enumerated().map { i, v -> Float in
      let (o, s) = (offset[offset.count == 1 ? 0 : i % n].value, scale[scale.count == 1 ? 0 : i % n].value)
      return Float((v - Double(o)) * Double(s))
    }
    return [.tensor(try Tensor(out, shape: x.shape))]
  }
}

extension FeatureNormalizer: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let n = max(x.shape.last ?? 1, 1)
    var values = try x.doubles()
    for r in 0..<values.count / n {
      let row = r * n..<(r + 1) * n
      let size: Double =
        switch norm {
        // The largest element itself divides, whatever its sign.
        case .MAX: values[row].max() ?? 0
        case .L1: values[row].reduce(0) { $0 + $1.magnitude }
        case .L2: values[row].reduce(0) { $0 + $1 * $1 }.squareRoot()
        }
      if size != 0 { for i in row { values[i] /= size } }
    }
    return [.tensor(try Tensor(values.map { Float($0) }, shape: x.shape))]
  }
}

extension LinearRegressor: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let rows = x.rank >= 2 ? x.shape[0] : 1
    let features = rows > 0 ? x.count / rows : 0
    guard targets >= 1, Tensor.count(of: [targets, features]) == coefficients.count || rows == 0,
      intercepts.isEmpty || intercepts.count == targets || intercepts.count == 1
    else { throw context.error("run.shape", "\(coefficients.count) coefficients for \(features) features") }
    guard try Checked.bytes(.float64, [rows, targets], layer: context.name) <= context.limits.memory else {
      throw context.error("run.memory-limit", "\(targets) targets of \(rows) rows are too many")
    }
    let values = try x.doubles()
    var out: [Float] = []
    for r in 0..<rows {
      var row = (0..<targets).map { t -> Double in
        var sum = intercepts.isEmpty ? 0 : Double(intercepts[intercepts.count == 1 ? 0 : t].value)
        for f in 0..<features { sum += values[r * features + f] * Double(coefficients[t * features + f].value) }
        return sum
      }
      postTransform.apply(&row)
      out += row.map { Float($0) }
    }
    return [.tensor(try Tensor(out, shape: [rows, targets]))]
  }
}

extension TreeEnsemble: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try context.tensor(inputs, 0)
    let rows = x.rank >= 2 ? x.shape[0] : 1
    let width = rows > 0 ? x.count / rows : 0
    guard features.allSatisfy({ $0 < width }) || rows == 0 else {
      throw context.error("run.shape", "a tree asks for a feature past the \(width) that are given")
    }
    guard try Checked.bytes(.float64, [rows, targets, 2], layer: context.name) <= context.limits.memory else {
      throw context.error("run.memory-limit", "\(targets) targets of \(rows) rows are too many")
    }
    let forest = try Forest(self)
    let values = try x.doubles()
    let weights = try leafWeights.tensor.doubles()
    let kinds: [PostTransform] = [.NONE, .SOFTMAX, .LOGISTIC, .SOFTMAX_ZERO, .PROBIT]
    guard kinds.indices.contains(postTransform) else {
      throw context.error("run.unsupported-layer", "post-transform \(postTransform) is not known")
    }
    var out: [Double] = []
    for r in 0..<rows {
      let row = Array(values[r * width..<(r + 1) * width])
      var sums = [Double?](repeating: nil, count: targets)
      for root in roots {
        let leaf = try forest.leaf(from: root, row, context)
        let t = leafTargets[leaf]
        let w = weights[leaf]
        switch aggregate {
        case .sum, .average: sums[t] = (sums[t] ?? 0) + w
        case .minimum: sums[t] = min(sums[t] ?? w, w)
        case .maximum: sums[t] = max(sums[t] ?? w, w)
        }
      }
      var result = sums.map { s -> Double in
        aggregate == .average ? (s ?? 0) / Double(max(roots.count, 1)) : s ?? 0
      }
      kinds[postTransform].apply(&result)
      out += result
    }
    return [.tensor(try QuantizedRange.cast(try Tensor(out, shape: [rows, targets]), to: x.dtype, context))]
  }
}

/// The nodes of a tree ensemble, ready to be walked.
private struct Forest {
  private let op: TreeEnsemble
  private let modes: [Int64]
  private let splits: [Double]
  /// Members of the set of each member node.
  private var sets: [Int: [Double]] = [:]

  init(_ op: TreeEnsemble) throws(Diagnostic) {
    self.op = op
    modes = try op.modes.tensor.ints()
    splits = try op.splits.tensor.doubles()
    if let members = op.members {
      var lists: [[Double]] = [[]]
      for v in try members.tensor.doubles() {
        if v.isNaN { lists.append([]) } else { lists[lists.count - 1].append(v) }
      }
      var next = 0
      for (i, m) in modes.enumerated() where m == 6 {
        sets[i] = next < lists.count ? lists[next] : []
        next += 1
      }
    }
  }

  func leaf(from root: Int, _ row: [Double], _ context: EvaluationContext) throws(Diagnostic) -> Int {
    var node = root
    // A tree never takes more steps than there are nodes.
    for _ in 0...modes.count {
      let v = row[op.features[node]]
      let goes = takesTrue(node, v)
      let next = goes ? op.trueNodes[node] : op.falseNodes[node]
      if goes ? op.trueIsLeaf[node] : op.falseIsLeaf[node] { return next }
      node = next
    }
    throw context.error("run.cycle", "a tree has a cycle")
  }

  private func takesTrue(_ node: Int, _ v: Double) -> Bool {
    if v.isNaN, !op.missingTracksTrue.isEmpty, op.missingTracksTrue[node] { return true }
    let s = splits[node]
    switch modes[node] {
    case 0: return v <= s
    case 1: return v < s
    case 2: return v >= s
    case 3: return v > s
    case 4: return v == s
    case 5: return v != s
    default: return sets[node]?.contains(v) ?? false
    }
  }
}
