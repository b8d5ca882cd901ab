import TensorCore

/// Scaled dot-product attention. Operands: query, key, value, mask?, past key?, past value?, lengths of keys and
/// values?. Results: output, present key, present value, the product of query and key.
///
/// Query, key and value are [B, heads, S, H], or [B, S, heads · H] with the head counts given. Source: ONNX Attention.
package struct Attention: Operator {
  package static let operatorName = "Attention"
  package var queryHeads: Int?
  package var keyValueHeads: Int?
  package var isCausal: Bool
  /// nil: 1/√H.
  package var scale: FloatBits?
  /// Scores become c · tanh(score / c); 0 switches it off.
  package var softcap: FloatBits
  package var softmaxPrecision: DType?
  /// What the fourth result holds: 0 the product, 1 with the mask, 2 with the softcap, 3 after softmax.
  package var productMode: Int
  /// Positions before and after the query's own that are seen; −1: all.
  package var leftWindow: Int
  package var rightWindow: Int

  package init(
    queryHeads: Int? = nil, keyValueHeads: Int? = nil, isCausal: Bool = false, scale: Float? = nil, softcap: Float = 0,
    softmaxPrecision: DType? = nil, productMode: Int = 0, leftWindow: Int = -1, rightWindow: Int = -1
  ) {
    self.queryHeads = queryHeads
    self.keyValueHeads = keyValueHeads
    self.isCausal = isCausal
    self.scale = scale.map { FloatBits($0) }
    self.softcap = FloatBits(softcap)
    self.softmaxPrecision = softmaxPrecision
    self.productMode = productMode
    self.leftWindow = leftWindow
    self.rightWindow = rightWindow
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let valueType = try inputs.dtype(2)
    let unknown: [ValueType] = [.tensor(type, nil), .tensor(type, nil), .tensor(valueType, nil), .tensor(type, nil)]
    guard let q = try inputs.shape(0), let k = try inputs.shape(1), let v = try inputs.shape(2) else { return unknown }
    guard q.count == k.count, q.count == v.count, q.count == 3 || q.count == 4 else {
      throw InferenceError("query \(shapeText(q)), key \(shapeText(k)) and value \(shapeText(v)) do not fit")
    }
    let query = try heads(q, queryHeads)
    let key = try heads(k, keyValueHeads)
    let value = try heads(v, keyValueHeads)
    var presentKey = key
    var presentValue = value
    if inputs.has(4), let past = try inputs.shape(4), past.count == 4 { presentKey[2] = try past[2].plus(key[2]) }
    if inputs.has(5), let past = try inputs.shape(5), past.count == 4 { presentValue[2] = try past[2].plus(value[2]) }
    let output = q.count == 4 ? [q[0], q[1], q[2], v[3]] : [q[0], q[1], try query[1].times(value[3])]
    return [
      .tensor(type, output), .tensor(type, presentKey), .tensor(valueType, presentValue),
      .tensor(type, [query[0], query[1], query[2], presentKey[2]]),
    ]
  }

  /// [B, heads, S, H] of a three- or four-dimensional operand.
  private func heads(_ x: [Dim], _ n: Int?) throws(InferenceError) -> [Dim] {
    if x.count == 4 { return x }
    guard let n, n >= 1 else { throw InferenceError("the number of heads is not given") }
    if let v = x[2].value, v % n != 0 { throw InferenceError("\(v) features do not divide into \(n) heads") }
    return [x[0], Dim(n), x[1], try x[2].floorDiv(n)]
  }
}

/// Attention whose scores and probabilities go through given graphs. Operands: query, key, value [B, heads, S, H], then
/// what the bodies capture. Source: ONNX FlexAttention.
package struct FlexAttention: Operator {
  package static let operatorName = "FlexAttention"
  package var scale: FloatBits?
  package var softmaxPrecision: DType?
  /// Score → score; with the captures of each body behind the operands in the order of the bodies.
  package var scoreBody: Graph?
  package var probabilityBody: Graph?
  package init(scale: Float?, softmaxPrecision: DType?, scoreBody: Graph?, probabilityBody: Graph?) {
    self.scale = scale.map { FloatBits($0) }
    self.softmaxPrecision = softmaxPrecision
    self.scoreBody = scoreBody
    self.probabilityBody = probabilityBody
  }
  package var bodies: [Graph] { [scoreBody, probabilityBody].compactMap { $0 } }
  package func replacingBodies(_ new: [Graph]) -> any Operator {
    guard new.count == bodies.count else { return self }
    var op = self
    if scoreBody != nil { op.scoreBody = new.first }
    if probabilityBody != nil { op.probabilityBody = new.last }
    return op
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let q = try inputs.shape(0), let v = try inputs.shape(2), q.count == 4, v.count == 4 else {
      return [.tensor(type, nil)]
    }
    return [.tensor(type, [q[0], q[1], q[2], v[3]])]
  }
  package var attributeText: [(name: String, value: String)] {
    [("scale", scale.map { "\($0)" } ?? "none"), ("bodies", "\(bodies.count)")]
  }
}

/// Rotary position embedding. Operands: input [B, heads, S, H] or [B, S, heads · H], cosines, sines, positions [B, S]?.
/// Source: ONNX RotaryEmbedding.
package struct RotaryEmbedding: Operator {
  package static let operatorName = "RotaryEmbedding"
  package var isInterleaved: Bool
  package var heads: Int
  /// Features that are rotated; 0: all.
  package var rotaryDimension: Int
  package init(isInterleaved: Bool = false, heads: Int = 0, rotaryDimension: Int = 0) {
    self.isInterleaved = isInterleaved
    self.heads = heads
    self.rotaryDimension = rotaryDimension
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    [.tensor(try inputs.dtype(0), try inputs.shape(0))]
  }
}

/// Attention with a linear recurrent state. Operands: query, key, value [B, S, heads · H], past state?, decay?, beta?.
/// Results: output, present state [B, heads, K, V]. Source: ONNX LinearAttention.
package struct LinearAttention: Operator {
  package static let operatorName = "LinearAttention"
  package var queryHeads: Int
  package var keyValueHeads: Int
  package var updateRule: UpdateRule
  /// 0: 1/√K.
  package var scale: FloatBits
  /// A hint for how a kernel may cut the sequence; results do not depend on it.
  package var chunkSize: Int
  package enum UpdateRule: String, Hashable, Sendable {
    case linear, gated, delta
    case gatedDelta = "gated_delta"
  }
  package init(queryHeads: Int, keyValueHeads: Int, updateRule: UpdateRule, scale: Float, chunkSize: Int) {
    self.queryHeads = queryHeads
    self.keyValueHeads = keyValueHeads
    self.updateRule = updateRule
    self.scale = FloatBits(scale)
    self.chunkSize = chunkSize
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    let stateType = inputs.has(3) ? try inputs.dtype(3) : type
    guard let q = try inputs.shape(0), let k = try inputs.shape(1), let v = try inputs.shape(2) else {
      return [.tensor(type, nil), .tensor(stateType, nil)]
    }
    guard q.count == 3, k.count == 3, v.count == 3, queryHeads >= 1, keyValueHeads >= 1 else {
      throw InferenceError("query \(shapeText(q)), key \(shapeText(k)) and value \(shapeText(v)) do not fit")
    }
    let keySize = try k[2].floorDiv(keyValueHeads)
    let valueSize = try v[2].floorDiv(keyValueHeads)
    return [
      .tensor(type, [q[0], q[1], try valueSize.times(queryHeads)]),
      .tensor(stateType, [q[0], Dim(keyValueHeads), keySize, valueSize]),
    ]
  }
}

/// Causal depthwise convolution over a sequence with carried state. Operands: input [B, C, L], weights [C, 1, k],
/// bias?, past state [B, C, k−1]?. Results: output [B, C, L], present state [B, C, k−1]. Source: ONNX
/// CausalConvWithState.
package struct CausalConvolution: Operator {
  package static let operatorName = "CausalConvolution"
  package var activation: Activation
  package enum Activation: String, Hashable, Sendable { case none, silu, swish }
  package init(activation: Activation = .none) { self.activation = activation }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let w = try inputs.shape(1), x.count >= 2, let k = w.last else {
      return [.tensor(type, nil), .tensor(type, nil)]
    }
    return [.tensor(type, x), .tensor(type, [x[0], x[1], try k.minus(1)])]
  }
}
