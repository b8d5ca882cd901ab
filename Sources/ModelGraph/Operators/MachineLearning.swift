import TensorCore

/// Columns of the last axis picked by index. Operands: input […, N], indices [k]. A vector gives [1, k].
/// Source: ai.onnx.ml ArrayFeatureExtractor.
package struct ColumnGather: Operator {
  package static let operatorName = "ColumnGather"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let i = try inputs.shape(1) else { return [.tensor(type, nil)] }
    let k = try ShapeRule.product(i)
    return [.tensor(type, x.count <= 1 ? [Dim(1), k] : x.dropLast() + [k])]
  }
}

/// 1 where an element is above the threshold, else 0. Source: ai.onnx.ml Binarizer.
package struct Binarizer: Operator {
  package static let operatorName = "Binarizer"
  package var threshold: FloatBits
  package init(threshold: Float = 0) { self.threshold = FloatBits(threshold) }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    [.tensor(try inputs.dtype(0), try inputs.shape(0))]
  }
}

/// Each element replaced by the value that stands beside its key; the default where there is no such key. A NaN key
/// matches NaN. Sources: ai.onnx.ml LabelEncoder, CategoryMapper.
package struct LabelEncoder: Operator {
  package static let operatorName = "LabelEncoder"
  /// 1-d, of the operand's element type.
  package var keys: ForeignTensor
  /// As many as keys, of the result's element type.
  package var values: ForeignTensor
  /// One element of the values' type.
  package var fallback: ForeignTensor
  package init(keys: Tensor, values: Tensor, fallback: Tensor) {
    self.keys = ForeignTensor(keys)
    self.values = ForeignTensor(values)
    self.fallback = ForeignTensor(fallback)
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard type == keys.tensor.dtype else {
      throw InferenceError("elements are \(type.rawValue), keys \(keys.tensor.dtype.rawValue)", input: 0)
    }
    guard keys.tensor.count == values.tensor.count, fallback.tensor.count == 1 else {
      throw InferenceError("\(keys.tensor.count) keys for \(values.tensor.count) values")
    }
    return [.tensor(values.tensor.dtype, try inputs.shape(0))]
  }
  package var attributeText: [(name: String, value: String)] { [("keys", "\(keys.tensor.count)")] }
}

/// (x − offset) · scale along the last axis; one element stands for all. Source: ai.onnx.ml Scaler.
package struct FeatureScaler: Operator {
  package static let operatorName = "FeatureScaler"
  package var offset: [FloatBits]
  package var scale: [FloatBits]
  package init(offset: [Float], scale: [Float]) {
    self.offset = offset.map { FloatBits($0) }
    self.scale = scale.map { FloatBits($0) }
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    return [.tensor(.float32, try inputs.shape(0))]
  }
}

/// Rows divided by their largest magnitude, sum of magnitudes or Euclidean norm. Source: ai.onnx.ml Normalizer.
package struct FeatureNormalizer: Operator {
  package static let operatorName = "FeatureNormalizer"
  package var norm: Norm
  package enum Norm: String, Hashable, Sendable { case MAX, L1, L2 }
  package init(_ norm: Norm = .MAX) { self.norm = norm }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    return [.tensor(.float32, try inputs.shape(0))]
  }
}

/// What a model's scores go through at last. Source: ai.onnx.ml POST_TRANSFORM.
package enum PostTransform: String, Hashable, Sendable, CaseIterable {
  case NONE, SOFTMAX, LOGISTIC
  case SOFTMAX_ZERO
  case PROBIT
}

/// X · coefficientsᵀ + intercepts. Operand: [N, features] or [features]. Result: [N, targets].
/// Source: ai.onnx.ml LinearRegressor.
package struct LinearRegressor: Operator {
  package static let operatorName = "LinearRegressor"
  /// Target by target.
  package var coefficients: [FloatBits]
  package var intercepts: [FloatBits]
  package var targets: Int
  package var postTransform: PostTransform
  package init(coefficients: [Float], intercepts: [Float], targets: Int, postTransform: PostTransform) {
    self.coefficients = coefficients.map { FloatBits($0) }
    self.intercepts = intercepts.map { FloatBits($0) }
    self.targets = targets
    self.postTransform = postTransform
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    guard targets >= 1 else { throw InferenceError("\(targets) targets") }
    guard let x = try inputs.shape(0) else { return [.tensor(.float32, nil)] }
    return [.tensor(.float32, [x.count >= 2 ? x[0] : Dim(1), Dim(targets)])]
  }
  package var attributeText: [(name: String, value: String)] {
    [("targets", "\(targets)"), ("postTransform", postTransform.rawValue)]
  }
}

/// Decision trees whose leaves add up (or meet in their minimum or maximum). Operand: [N, features]. Result: [N,
/// targets].
///
/// Nodes and leaves are numbered apart; a branch that goes to a leaf says so. Source: ai.onnx.ml TreeEnsemble-5.
package struct TreeEnsemble: Operator {
  package static let operatorName = "TreeEnsemble"
  package var aggregate: Aggregate
  package var postTransform: Int
  package var targets: Int
  /// First node of each tree.
  package var roots: [Int]
  package var features: [Int]
  /// uint8, one for each node: 0 ≤, 1 <, 2 ≥, 3 >, 4 =, 5 ≠, 6 member of a set.
  package var modes: ForeignTensor
  package var splits: ForeignTensor
  package var trueNodes: [Int]
  package var trueIsLeaf: [Bool]
  package var falseNodes: [Int]
  package var falseIsLeaf: [Bool]
  /// Where a NaN follows the true branch; empty: nowhere.
  package var missingTracksTrue: [Bool]
  package var leafTargets: [Int]
  package var leafWeights: ForeignTensor
  /// Members of the sets of member nodes in order, each set ended by a NaN.
  package var members: ForeignTensor?
  package var hitRates: ForeignTensor?
  package enum Aggregate: Int, Hashable, Sendable { case average, sum, minimum, maximum }

  package init(
    aggregate: Aggregate, postTransform: Int, targets: Int, roots: [Int], features: [Int], modes: Tensor,
    splits: Tensor, trueNodes: [Int], trueIsLeaf: [Bool], falseNodes: [Int], falseIsLeaf: [Bool],
    missingTracksTrue: [Bool], leafTargets: [Int], leafWeights: Tensor, members: Tensor?, hitRates: Tensor?
  ) {
    self.aggregate = aggregate
    self.postTransform = postTransform
    self.targets = targets
    self.roots = roots
    self.features = features
    self.modes = ForeignTensor(modes)
    self.splits = ForeignTensor(splits)
    self.trueNodes = trueNodes
    self.trueIsLeaf = trueIsLeaf
    self.falseNodes = falseNodes
    self.falseIsLeaf = falseIsLeaf
    self.missingTracksTrue = missingTracksTrue
    self.leafTargets = leafTargets
    self.leafWeights = ForeignTensor(leafWeights)
    self.members = members.map { ForeignTensor($0) }
    self.hitRates = hitRates.map { ForeignTensor($0) }
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let n = features.count
    guard modes.tensor.count == n, splits.tensor.count == n, trueNodes.count == n, trueIsLeaf.count == n,
      falseNodes.count == n, falseIsLeaf.count == n, missingTracksTrue.isEmpty || missingTracksTrue.count == n,
      leafWeights.tensor.count == leafTargets.count, targets >= 1
    else { throw InferenceError("the lists of its nodes or leaves differ in length") }
    for (next, isLeaf) in [(trueNodes, trueIsLeaf), (falseNodes, falseIsLeaf)] {
      for (i, leaf) in zip(next, isLeaf) where i < 0 || i >= (leaf ? leafTargets.count : n) {
        throw InferenceError("a branch goes to \(leaf ? "leaf" : "node") \(i), which there is not")
      }
    }
    guard roots.allSatisfy({ $0 >= 0 && $0 < n }), leafTargets.allSatisfy({ $0 >= 0 && $0 < targets }),
      features.allSatisfy({ $0 >= 0 })
    else { throw InferenceError("a root, target or feature is out of range") }
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    return [.tensor(type, [x.count >= 2 ? x[0] : Dim(1), Dim(targets)])]
  }

  package var attributeText: [(name: String, value: String)] {
    [("trees", "\(roots.count)"), ("nodes", "\(features.count)"), ("targets", "\(targets)")]
  }
}
