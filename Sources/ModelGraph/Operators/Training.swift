import TensorCore

/// One step of a gradient method on several parameters. Operands: rate (0-d float), count of steps before (0-d int64),
/// then the parameters, their gradients and each list of the method's state. Results: the new parameters, then each
/// list of the new state. Sources: ai.onnx.preview.training Adagrad, Adam, Momentum.
package struct OptimizerStep: Operator {
  package static let operatorName = "OptimizerStep"

  package enum Method: Hashable, Sendable {
    /// State: sums of squared gradients.
    case adagrad(decay: FloatBits, epsilon: FloatBits)
    /// State: means of gradients, means of squared gradients.
    case adam(alpha: FloatBits, beta: FloatBits, epsilon: FloatBits, normAfter: FloatBits)
    /// State: momenta.
    case momentum(alpha: FloatBits, beta: FloatBits, isNesterov: Bool)

    /// Lists of state.
    package var stateCount: Int { if case .adam = self { 2 } else { 1 } }
  }

  package var method: Method
  /// Weight of the parameter itself in its gradient.
  package var norm: FloatBits
  package init(_ method: Method, norm: Float) {
    self.method = method
    self.norm = FloatBits(norm)
  }

  /// Parameters among `operands` operands; nil where these do not divide.
  package func parameterCount(operands: Int) -> Int? {
    let lists = 2 + method.stateCount
    guard operands > 2, (operands - 2) % lists == 0 else { return nil }
    return (operands - 2) / lists
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard let n = parameterCount(operands: inputs.count) else {
      throw InferenceError("\(inputs.count - 2) tensors do not divide into parameters, gradients and state")
    }
    var out: [ValueType] = []
    for i in 0..<n {
      let shape = try inputs.shape(2 + i)
      for list in 1..<2 + method.stateCount {
        let k = 2 + list * n + i
        guard try inputs.dtype(k) == inputs.dtype(2 + i) else {
          throw InferenceError("operand \(k) and its parameter differ in type", input: k)
        }
        guard let shape, let other = try inputs.shape(k) else { continue }
        guard shape.count == other.count else {
          throw InferenceError("operand \(k) and its parameter differ in rank", input: k)
        }
        for (a, b) in zip(shape, other) { try ShapeRule.requireEqual(a, b, "operand \(k) and its parameter") }
      }
    }
    for list in 0..<1 + method.stateCount {
      let first = list == 0 ? 2 : 2 + (list + 1) * n
      for i in 0..<n { out.append(try inputs.type(first + i)) }
    }
    return out
  }
}
