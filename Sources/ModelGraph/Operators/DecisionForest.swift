import TensorCore

/// Decision trees whose leaves give weights to targets or classes, in the form that names nodes by tree and number.
///
/// Operand: [N, features] or [features]. Regression results in scores [N, targets]; classification in labels [N] and
/// scores [N, classes]. Scores are float32. Sources: ai.onnx.ml TreeEnsembleRegressor and TreeEnsembleClassifier.
package struct DecisionForest: Operator {
  package static let operatorName = "DecisionForest"

  package enum Head: Hashable, Sendable {
    case regression(targets: Int)
    /// int64 or string labels, 1-d.
    case classification(labels: ForeignTensor)
  }
  package enum Mode: String, Hashable, Sendable, CaseIterable {
    case BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, BRANCH_GT, BRANCH_EQ, BRANCH_NEQ, LEAF
  }
  /// Columns of the node table: one entry a node each.
  package struct Nodes: Hashable, Sendable {
    package var trees: [Int]
    package var numbers: [Int]
    package var features: [Int]
    package var modes: [Mode]
    /// What the feature is compared with; float32 or float64.
    package var values: ForeignTensor
    package var trueNumbers: [Int]
    package var falseNumbers: [Int]
    /// Where a NaN follows the true branch; empty: nowhere.
    package var missingTracksTrue: [Bool]
    package var hitRates: ForeignTensor?
    package init(
      trees: [Int], numbers: [Int], features: [Int], modes: [Mode], values: Tensor, trueNumbers: [Int],
      falseNumbers: [Int], missingTracksTrue: [Bool], hitRates: Tensor?
    ) {
      self.trees = trees
      self.numbers = numbers
      self.features = features
      self.modes = modes
      self.values = ForeignTensor(values)
      self.trueNumbers = trueNumbers
      self.falseNumbers = falseNumbers
      self.missingTracksTrue = missingTracksTrue
      self.hitRates = hitRates.map { ForeignTensor($0) }
    }
  }
  /// Columns of the weight table: a leaf may give weights to several targets.
  package struct Weights: Hashable, Sendable {
    package var trees: [Int]
    package var numbers: [Int]
    package var targets: [Int]
    package var values: ForeignTensor
    package init(trees: [Int], numbers: [Int], targets: [Int], values: Tensor) {
      self.trees = trees
      self.numbers = numbers
      self.targets = targets
      self.values = ForeignTensor(values)
    }
  }

  package var head: Head
  package var nodes: Nodes
  package var weights: Weights
  package var baseValues: ForeignTensor?
  package var aggregate: TreeEnsemble.Aggregate
  package var postTransform: PostTransform

  package init(
    head: Head, nodes: Nodes, weights: Weights, baseValues: Tensor?, aggregate: TreeEnsemble.Aggregate,
    postTransform: PostTransform
  ) {
    self.head = head
    self.nodes = nodes
    self.weights = weights
    self.baseValues = baseValues.map { ForeignTensor($0) }
    self.aggregate = aggregate
    self.postTransform = postTransform
  }

  /// Targets or classes.
  package var columns: Int {
    switch head {
    case .regression(let n): n
    case .classification(let labels): labels.tensor.count
    }
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    let n = nodes.trees.count
    guard nodes.numbers.count == n, nodes.features.count == n, nodes.modes.count == n, nodes.values.tensor.count == n,
      nodes.trueNumbers.count == n, nodes.falseNumbers.count == n,
      nodes.missingTracksTrue.isEmpty || nodes.missingTracksTrue.count == n
    else { throw InferenceError("the lists of its nodes differ in length") }
    let m = weights.trees.count
    guard weights.numbers.count == m, weights.targets.count == m, weights.values.tensor.count == m else {
      throw InferenceError("the lists of its weights differ in length")
    }
    guard columns >= 1, columns < 1 << 24, weights.targets.allSatisfy({ $0 >= 0 && $0 < columns }),
      nodes.features.allSatisfy({ $0 >= 0 })
    else { throw InferenceError("a target or feature is out of range") }
    if case .classification(let labels) = head {
      return try LabelRule.types(inputs, labels: labels.tensor, scores: columns)
    }
    guard let x = try inputs.shape(0) else { return [.tensor(.float32, nil)] }
    return [.tensor(.float32, [x.count >= 2 ? x[0] : Dim(1), Dim(columns)])]
  }

  package var attributeText: [(name: String, value: String)] {
    [("trees", "\(Set(nodes.trees).count)"), ("nodes", "\(nodes.trees.count)"), ("columns", "\(columns)")]
  }
}
