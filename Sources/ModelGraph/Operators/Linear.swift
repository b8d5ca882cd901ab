/// Contracts the trailing axes of the input with a matrix, Caffe's fully connected layer for any `axis`.
///
/// Operands: input [d₀ … d_{axis−1}, rest…] with K = Π rest, weights [N, K] (`.outputsByInputs`) or [K, N], optional bias
/// [N]. Result: [d₀ … d_{axis−1}, N]. Source: caffe/layers/inner_product_layer.cpp.
package struct InnerProduct: Operator {
  package static let operatorName = "InnerProduct"
  package var axis: Int
  package var weightLayout: Layout
  package enum Layout: Hashable, Sendable { case outputsByInputs, inputsByOutputs }

  package init(axis: Int = 1, weightLayout: Layout = .outputsByInputs) {
    self.axis = axis
    self.weightLayout = weightLayout
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0), let w = try inputs.shape(1) else { return [.tensor(type, nil)] }
    guard w.count == 2 else { throw InferenceError("weights \(shapeText(w)) are not a matrix", input: 1) }
    let a = try ShapeRule.axis(axis, rank: x.count)
    let (n, k) = weightLayout == .outputsByInputs ? (w[0], w[1]) : (w[1], w[0])
    try ShapeRule.requireEqual(
      try ShapeRule.product(x[a...]), k, "elements of input \(shapeText(x)) from axis \(axis) and weight inputs")
    if inputs.has(2), let b = try inputs.shape(2) {
      guard b.count == 1 else { throw InferenceError("bias \(shapeText(b)) is not one-dimensional", input: 2) }
      try ShapeRule.requireEqual(b[0], n, "bias and outputs")
    }
    return [.tensor(type, x[..<a] + [n])]
  }
}

/// α · A' · B' + β · C, A' and B' transposed where asked; C broadcasts to [M, N]. Source: ONNX Gemm.
package struct Gemm: Operator {
  package static let operatorName = "Gemm"
  package var alpha: FloatBits
  package var beta: FloatBits
  package var transposesA: Bool
  package var transposesB: Bool

  package init(alpha: Float = 1, beta: Float = 1, transposesA: Bool = false, transposesB: Bool = false) {
    self.alpha = FloatBits(alpha)
    self.beta = FloatBits(beta)
    self.transposesA = transposesA
    self.transposesB = transposesB
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let a = try inputs.shape(0), let b = try inputs.shape(1) else { return [.tensor(type, nil)] }
    guard a.count == 2, b.count == 2 else {
      throw InferenceError("operands \(shapeText(a)) and \(shapeText(b)) are not matrices")
    }
    try ShapeRule.requireEqual(a[transposesA ? 0 : 1], b[transposesB ? 1 : 0], "inner extents")
    let out = [a[transposesA ? 1 : 0], b[transposesB ? 0 : 1]]
    if inputs.has(2), let c = try inputs.shape(2) {
      guard c.count <= 2, try ShapeRule.broadcast(c, out).count == 2 else {
        throw InferenceError("\(shapeText(c)) does not broadcast to \(shapeText(out))", input: 2)
      }
    }
    return [.tensor(type, out)]
  }
}

/// NumPy's matmul: batched over leading axes with broadcasting, 1-d operands promoted. Source: ONNX MatMul.
package struct MatMul: Operator {
  package static let operatorName = "MatMul"
  package init() {}

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let a = try inputs.shape(0), let b = try inputs.shape(1) else { return [.tensor(type, nil)] }
    return [.tensor(type, try MatMul.outputShape(a, b))]
  }

  /// The result's shape.
  package static func outputShape(_ a: [Dim], _ b: [Dim]) throws(InferenceError) -> [Dim] {
    guard !a.isEmpty, !b.isEmpty else { throw InferenceError("a 0-d operand has no matrix product") }
    let x = a.count == 1 ? [Dim(1), a[0]] : a
    let y = b.count == 1 ? [b[0], Dim(1)] : b
    try ShapeRule.requireEqual(x[x.count - 1], y[y.count - 2], "inner extents of \(shapeText(a)) and \(shapeText(b))")
    var out = try ShapeRule.broadcast(Array(x.dropLast(2)), Array(y.dropLast(2)))
    if a.count > 1 { out.append(x[x.count - 2]) }
    if b.count > 1 { out.append(y[y.count - 1]) }
    return out
  }
}
