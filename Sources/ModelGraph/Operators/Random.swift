import TensorCore

/// Random numbers in a given shape. Operand: shape (1-d int64). Sources: ONNX RandomNormal, RandomUniform and their
/// Like forms.
package struct RandomFill: Operator {
  package static let operatorName = "RandomFill"
  package var distribution: Distribution
  package var dtype: DType
  /// nil: another one every run. Kept as ONNX has it, a float.
  package var seed: FloatBits?
  package enum Distribution: Hashable, Sendable {
    case normal(mean: FloatBits, deviation: FloatBits)
    case uniform(low: FloatBits, high: FloatBits)
  }
  package init(_ distribution: Distribution, dtype: DType = .float32, seed: Float? = nil) {
    self.distribution = distribution
    self.dtype = dtype
    self.seed = seed.map { FloatBits($0) }
  }
  package var isNondeterministic: Bool { true }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    if let s = inputs.contents(0) { return [.tensor(dtype, s)] }
    let rank = try inputs.shape(0)?.first?.value
    guard let rank, rank >= 0, rank <= 64 else { return [.tensor(dtype, nil)] }
    return [.tensor(dtype, (0..<rank).map { inputs.fresh($0) })]
  }
}

/// True (1) with the probability that each element gives. Source: ONNX Bernoulli.
package struct Bernoulli: Operator {
  package static let operatorName = "Bernoulli"
  /// nil: the operand's element type.
  package var dtype: DType?
  package var seed: FloatBits?
  package init(dtype: DType? = nil, seed: Float? = nil) {
    self.dtype = dtype
    self.seed = seed.map { FloatBits($0) }
  }
  package var isNondeterministic: Bool { true }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    if let dtype { return [.tensor(dtype, try inputs.shape(0))] }
    return [.tensor(try inputs.dtype(0), try inputs.shape(0))]
  }
}

/// Class indices drawn from rows of log-probabilities: [B, C] → [B, samples]. Source: ONNX Multinomial.
package struct Multinomial: Operator {
  package static let operatorName = "Multinomial"
  package var samples: Int
  package var dtype: DType
  package var seed: FloatBits?
  package init(samples: Int = 1, dtype: DType = .int32, seed: Float? = nil) {
    self.samples = samples
    self.dtype = dtype
    self.seed = seed.map { FloatBits($0) }
  }
  package var isNondeterministic: Bool { true }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard samples >= 0 else { throw InferenceError("\(samples) samples") }
    guard let x = try inputs.shape(0) else { return [.tensor(dtype, [inputs.fresh(), Dim(samples)])] }
    guard x.count == 2 else { throw InferenceError("\(shapeText(x)) is not [batch, classes]", input: 0) }
    return [.tensor(dtype, [x[0], Dim(samples)])]
  }
}
