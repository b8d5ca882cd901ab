import Diagnostics
import ModelGraph
import TensorCore

extension DecisionForest: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try FeatureRows(try context.tensor(inputs, 0), context)
    let forest = try IndexedForest(self, context)
    guard x.count == 0 || forest.largestFeature < x.width else {
      throw context.error(
        "run.shape", "a tree asks for feature \(forest.largestFeature) of the \(x.width) that are given")
    }
    let base = try baseValues.map { (b) throws(Diagnostic) in try b.tensor.doubles() } ?? []
    switch head {
    case .regression(let targets):
      var out: [Float] = []
      for r in 0..<x.count {
        var row = try forest.scores(x[r], context).map { $0 ?? 0 }
        if aggregate == .average { row = row.map { $0 / Double(max(forest.treeCount, 1)) } }
        if base.count == targets { row = zip(row, base).map { $0 + $1 } }
        postTransform.apply(&row)
        out += row.map { Float($0) }
      }
      return [.tensor(try Tensor(out, shape: [x.count, targets]))]
    case .classification(let labels):
      var out = LabelledScores(labels.tensor)
      let vote = ForestVote(self, base, isPositive: forest.weightsArePositive)
      for r in 0..<x.count {
        let (label, scores) = vote.decide(try forest.scores(x[r], context))
        out.append(label: label, scores: scores)
      }
      return try out.results(columns: columns, context)
    }
  }
}

/// The node table with its branches as places in it.
private struct IndexedForest {
  private struct Key: Hashable {
    var tree: Int
    var number: Int
  }
  private let op: DecisionForest
  private let splits: [Double]
  private var roots: [Int] = []
  private var onTrue: [Int]
  private var onFalse: [Int]
  /// Of each node: targets and weights of a leaf.
  private var leaves: [[(target: Int, weight: Double)]]
  var treeCount: Int { roots.count }
  let largestFeature: Int
  let weightsArePositive: Bool

  init(_ op: DecisionForest, _ context: EvaluationContext) throws(Diagnostic) {
    self.op = op
    splits = try op.nodes.values.tensor.doubles()
    let n = op.nodes.trees.count
    var places: [Key: Int] = [:]
    for i in 0..<n {
      let key = Key(tree: op.nodes.trees[i], number: op.nodes.numbers[i])
      guard places.updateValue(i, forKey: key) == nil else {
        throw context.error("run.forest", "node \(key.number) of tree \(key.tree) is there twice")
      }
    }
    onTrue = [Int](repeating: -1, count: n)
    onFalse = onTrue
    var isChild = [Bool](repeating: false, count: n)
    var largest = -1
    for i in 0..<n where op.nodes.modes[i] != .LEAF {
      largest = max(largest, op.nodes.features[i])
      for (number, isTrue) in [(op.nodes.trueNumbers[i], true), (op.nodes.falseNumbers[i], false)] {
        guard let child = places[Key(tree: op.nodes.trees[i], number: number)] else {
          throw context.error("run.forest", "node \(number) of tree \(op.nodes.trees[i]) is missing")
        }
        if isTrue { onTrue[i] = child } else { onFalse[i] = child }
        isChild[child] = true
      }
    }
    largestFeature = largest
    // A tree starts at the node that no other leads to; one of leaves alone at its first.
    var seen: Set<Int> = []
    for i in 0..<n where !isChild[i] && seen.insert(op.nodes.trees[i]).inserted { roots.append(i) }
    leaves = [[(target: Int, weight: Double)]](repeating: [], count: n)
    let weights = try op.weights.values.tensor.doubles()
    weightsArePositive = weights.allSatisfy { $0 >= 0 }
    for k in op.weights.trees.indices {
      guard let place = places[Key(tree: op.weights.trees[k], number: op.weights.numbers[k])] else {
        throw context.error(
          "run.forest",
          "a weight is for node \(op.weights.numbers[k]) of tree \(op.weights.trees[k]), which there is not")
      }
      // Weights of inner nodes are never reached.
      if op.nodes.modes[place] == .LEAF { leaves[place].append((op.weights.targets[k], weights[k])) }
    }
  }

  /// The weights of the leaves that the row reaches, put together target by target; nil where none was given.
  func scores(_ row: ArraySlice<Double>, _ context: EvaluationContext) throws(Diagnostic) -> [Double?] {
    var sums = [Double?](repeating: nil, count: op.columns)
    for root in roots {
      for (t, w) in leaves[try leaf(from: root, row, context)] {
        switch op.aggregate {
        case .sum, .average: sums[t] = (sums[t] ?? 0) + w
        case .minimum: sums[t] = min(sums[t] ?? w, w)
        case .maximum: sums[t] = max(sums[t] ?? w, w)
        }
      }
    }
    return sums
  }

  private func leaf(from root: Int, _ row: ArraySlice<Double>, _ context: EvaluationContext) throws(Diagnostic) -> Int {
    var node = root
    // A tree never takes more steps than there are nodes.
    for _ in 0...splits.count {
      if op.nodes.modes[node] == .LEAF { return node }
      node = takesTrue(node, row[row.startIndex + op.nodes.features[node]]) ? onTrue[node] : onFalse[node]
    }
    throw context.error("run.cycle", "a tree has a cycle")
  }

  private func takesTrue(_ node: Int, _ v: Double) -> Bool {
    if v.isNaN, !op.nodes.missingTracksTrue.isEmpty, op.nodes.missingTracksTrue[node] { return true }
    let s = splits[node]
    return switch op.nodes.modes[node] {
    case .BRANCH_LEQ: v <= s
    case .BRANCH_LT: v < s
    case .BRANCH_GTE: v >= s
    case .BRANCH_GT: v > s
    case .BRANCH_EQ: v == s
    case .BRANCH_NEQ, .LEAF: v != s
    }
  }
}

/// How a forest's scores become a label and the scores of all classes; for two classes as ONNX Runtime decides, since
/// the specification leaves it open.
private struct ForestVote {
  private let post: PostTransform
  private let base: [Double]
  private let count: Int
  private let isPositive: Bool
  /// Two classes of which the leaves know one.
  private let isBinary: Bool

  init(_ op: DecisionForest, _ base: [Double], isPositive: Bool) {
    post = op.postTransform
    self.base = base
    count = op.columns
    self.isPositive = isPositive
    isBinary = op.columns == 2 && Set(op.weights.targets).count == 1
  }

  func decide(_ sums: [Double?]) -> (label: Int, scores: [Double]) {
    count == 2 ? pair(sums) : many(sums)
  }

  private func many(_ sums: [Double?]) -> (label: Int, scores: [Double]) {
    var sums = sums
    for (k, b) in base.enumerated() where k < sums.count { sums[k] = (sums[k] ?? 0) + b }
    var label = -1
    for (k, s) in sums.enumerated() {
      guard let s else { continue }
      if label < 0 || s > sums[label] ?? 0 { label = k }
    }
    var scores = sums.map { $0 ?? 0 }
    post.apply(&scores)
    return (max(label, 0), scores)
  }

  private func pair(_ sums: [Double?]) -> (label: Int, scores: [Double]) {
    var sums = sums
    if isBinary {
      let score = sums.compactMap { $0 }.first ?? 0
      if base.count == 2 {
        let s = score + base[1]
        sums = [-s, s]
      } else {
        sums = [score + (base.first ?? 0), nil]
      }
    } else if base.count == 2 {
      sums = zip(sums, base).map { ($0 ?? 0) + $1 }
    } else if base.count == 1 {
      sums[0] = (sums[0] ?? 0) + base[0]
    }
    let deciding = sums[1] ?? sums[0] ?? 0
    let form: PostTransform.BinaryForm = isBinary && isPositive ? .complement : .opposite
    let label = isBinary && isPositive ? (deciding > 0.5 ? 1 : 0) : isBinary ? (deciding > 0 ? 1 : 0) : 0
    guard let second = sums[1] else {
      return (label, post.binary(deciding, form))
    }
    var scores = [sums[0] ?? 0, second]
    let larger = isBinary ? label : (second > scores[0] ? 1 : 0)
    post.apply(&scores)
    return (larger, scores)
  }
}
