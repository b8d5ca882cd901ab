import TensorCore

/// Normalisation over the axes from `axis` on. Operands: input, scale?, bias?. Results: output, and for `.layer` the
/// mean and the inverse deviation (extent 1 on the normalised axes). Sources: ONNX LayerNormalization,
/// RMSNormalization.
package struct LayerNormalization: Operator {
  package static let operatorName = "LayerNormalization"
  package var kind: Kind
  package var axis: Int
  package var epsilon: FloatBits
  /// The element type that statistics are computed in.
  package var statisticsType: DType
  package enum Kind: String, Hashable, Sendable {
    /// (x − mean) / √(variance + ε) · scale + bias.
    case layer
    /// x / √(mean of x² + ε) · scale.
    case rootMeanSquare
  }
  package init(_ kind: Kind, axis: Int = -1, epsilon: Float = 1e-5, statisticsType: DType = .float32) {
    self.kind = kind
    self.axis = axis
    self.epsilon = FloatBits(epsilon)
    self.statisticsType = statisticsType
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let x = try inputs.shape(0)
    // The scale may have another type than the input, which the result then has.
    let result = kind == .rootMeanSquare && inputs.has(1) ? try inputs.dtype(1) : type
    guard kind == .layer else { return [.tensor(result, x)] }
    var reduced: Shape = nil
    if let x {
      let a = try ShapeRule.axis(axis, rank: x.count)
      reduced = x.enumerated().map { $0.offset >= a ? Dim(1) : $0.element }
    }
    return [.tensor(type, x), .tensor(statisticsType, reduced), .tensor(statisticsType, reduced)]
  }
}

/// Normalisation over groups of channels. Operands: input [N, C, …], scale, bias. Source: ONNX GroupNormalization.
package struct GroupNormalization: Operator {
  package static let operatorName = "GroupNormalization"
  package var groups: Int
  package var epsilon: FloatBits
  package var parameters: Parameters
  package var statisticsType: DType
  /// Whether scale and bias hold one element a channel or one a group (ONNX-18).
  package enum Parameters: String, Hashable, Sendable { case perChannel, perGroup }
  package init(
    groups: Int, epsilon: Float = 1e-5, parameters: Parameters = .perChannel, statisticsType: DType = .float32
  ) {
    self.groups = groups
    self.epsilon = FloatBits(epsilon)
    self.parameters = parameters
    self.statisticsType = statisticsType
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    if let x {
      guard x.count >= 2, groups >= 1 else { throw InferenceError("\(shapeText(x)) in \(groups) groups", input: 0) }
      if let c = x[1].value, c % groups != 0 {
        throw InferenceError("\(c) channels do not divide into \(groups) groups")
      }
    }
    return [.tensor(try inputs.dtype(0), x)]
  }
}

/// Zeroes elements at random and scales the rest. Operands: input, ratio?, training?. Results: output, mask. Without
/// training the input passes and the mask is all true. Source: ONNX Dropout.
package struct Dropout: Operator {
  package static let operatorName = "Dropout"
  package var seed: Int?
  package init(seed: Int? = nil) { self.seed = seed }
  package var isNondeterministic: Bool { seed == nil }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let x = try inputs.shape(0)
    return [.tensor(try inputs.dtype(0), x), .tensor(.bool, x)]
  }
}

/// A loss against class labels. Operands: scores or log-probabilities [N, C, …], labels [N, …], weights [C]?. Results:
/// the loss, and for `.crossEntropy` the log-probabilities. Sources: ONNX NegativeLogLikelihoodLoss,
/// SoftmaxCrossEntropyLoss.
package struct ClassificationLoss: Operator {
  package static let operatorName = "ClassificationLoss"
  package var kind: Kind
  package var reduction: ReductionMode
  package var ignoredLabel: Int?
  package enum Kind: String, Hashable, Sendable { case negativeLogLikelihood, crossEntropy }
  package enum ReductionMode: String, Hashable, Sendable { case none, sum, mean }
  package init(_ kind: Kind, reduction: ReductionMode = .mean, ignoredLabel: Int? = nil) {
    self.kind = kind
    self.reduction = reduction
    self.ignoredLabel = ignoredLabel
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let loss: ValueType = .tensor(type, reduction == .none ? try inputs.shape(1) : [])
    return kind == .crossEntropy ? [loss, .tensor(type, try inputs.shape(0))] : [loss]
  }
}
