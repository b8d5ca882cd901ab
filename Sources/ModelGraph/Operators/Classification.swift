import TensorCore

/// The result types that classifiers share: one label a row, and scores.
enum LabelRule {
  /// - Parameter scores: columns of the second result; nil where only running tells.
  static func types(
    _ inputs: TypeInputs, labels: Tensor, scores: Int?
  ) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    guard labels.count >= 1, labels.dtype == .int64 || labels.dtype == .string else {
      throw InferenceError("its class labels are not given")
    }
    let shape = try inputs.shape(0)
    let rows = shape.map { $0.count >= 2 ? $0[0] : Dim(1) } ?? inputs.fresh(0)
    return [
      .tensor(labels.dtype, [rows]), .tensor(.float32, [rows, scores.map { Dim($0) } ?? inputs.fresh(1)]),
    ]
  }
}

/// Scores X · coefficientsᵀ + intercepts, and the label of the largest.
///
/// Operand: [N, features] or [features]. Results: labels [N], scores float32 [N, classes]. A single row of coefficients
/// with two labels decides by its sign. Source: ai.onnx.ml LinearClassifier.
package struct LinearClassifier: Operator {
  package static let operatorName = "LinearClassifier"
  /// Class by class.
  package var coefficients: [FloatBits]
  package var intercepts: [FloatBits]
  /// int64 or string, 1-d.
  package var labels: ForeignTensor
  package var isMultiClass: Bool
  package var postTransform: PostTransform
  package init(
    coefficients: [Float], intercepts: [Float], labels: Tensor, isMultiClass: Bool, postTransform: PostTransform
  ) {
    self.coefficients = coefficients.map { FloatBits($0) }
    self.intercepts = intercepts.map { FloatBits($0) }
    self.labels = ForeignTensor(labels)
    self.isMultiClass = isMultiClass
    self.postTransform = postTransform
  }

  /// Rows of coefficients: one a class, or one for two classes.
  package var rows: Int { intercepts.isEmpty ? labels.tensor.count : intercepts.count }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let n = labels.tensor.count
    guard rows == n || rows == 1, coefficients.count % rows == 0 else {
      throw InferenceError("\(coefficients.count) coefficients and \(intercepts.count) intercepts for \(n) classes")
    }
    return try LabelRule.types(inputs, labels: labels.tensor, scores: n)
  }
  package var attributeText: [(name: String, value: String)] {
    [("classes", "\(labels.tensor.count)"), ("postTransform", postTransform.rawValue)]
  }
}

/// The kernel of a support vector machine: u·v, (γ u·v + c)^degree, exp(−γ|u − v|²), tanh(γ u·v + c).
package struct SupportKernel: Hashable, Sendable {
  package enum Function: String, Hashable, Sendable, CaseIterable { case LINEAR, POLY, RBF, SIGMOID }
  package var function: Function
  package var gamma: FloatBits
  package var offset: FloatBits
  package var degree: FloatBits
  package init(_ function: Function, gamma: Float = 0, offset: Float = 0, degree: Float = 0) {
    self.function = function
    self.gamma = FloatBits(gamma)
    self.offset = FloatBits(offset)
    self.degree = FloatBits(degree)
  }
}

/// Σ coefficient · kernel(x, support vector) + ρ; without support vectors x · coefficients + ρ.
///
/// Operand: [N, features] or [features]. Result: float32 [N, 1]; ±1 for one-class machines. Source: ai.onnx.ml
/// SVMRegressor.
package struct SupportVectorRegressor: Operator {
  package static let operatorName = "SupportVectorRegressor"
  package var kernel: SupportKernel
  /// Vector by vector.
  package var vectors: [FloatBits]
  package var vectorCount: Int
  package var coefficients: [FloatBits]
  package var rho: FloatBits
  package var isOneClass: Bool
  package var postTransform: PostTransform
  package init(
    kernel: SupportKernel, vectors: [Float], vectorCount: Int, coefficients: [Float], rho: Float, isOneClass: Bool,
    postTransform: PostTransform
  ) {
    self.kernel = kernel
    self.vectors = vectors.map { FloatBits($0) }
    self.vectorCount = vectorCount
    self.coefficients = coefficients.map { FloatBits($0) }
    self.rho = FloatBits(rho)
    self.isOneClass = isOneClass
    self.postTransform = postTransform
  }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    guard vectorCount >= 0, !coefficients.isEmpty,
      vectorCount == 0 || coefficients.count == vectorCount && vectors.count % vectorCount == 0
    else {
      throw InferenceError("\(coefficients.count) coefficients for \(vectorCount) support vectors")
    }
    guard let x = try inputs.shape(0) else { return [.tensor(.float32, nil)] }
    return [.tensor(.float32, [x.count >= 2 ? x[0] : Dim(1), Dim(1)])]
  }
  package var attributeText: [(name: String, value: String)] {
    [("kernel", kernel.function.rawValue), ("vectors", "\(vectorCount)")]
  }
}

/// One machine for each pair of classes; the label with most votes, or the most probable one.
///
/// Operand: [N, features] or [features]. Results: labels [N]; scores float32 [N, classes] with probabilities (`probA`)
/// or without support vectors, else one score a pair (two for two classes). Source: ai.onnx.ml SVMClassifier.
package struct SupportVectorClassifier: Operator {
  package static let operatorName = "SupportVectorClassifier"
  package var kernel: SupportKernel
  package var vectors: [FloatBits]
  package var vectorsPerClass: [Int]
  /// (classes − 1) rows of one coefficient a support vector; without support vectors one row of features a class.
  package var coefficients: [FloatBits]
  /// One a pair of classes.
  package var rho: [FloatBits]
  package var probA: [FloatBits]
  package var probB: [FloatBits]
  package var labels: ForeignTensor
  package var postTransform: PostTransform
  package init(
    kernel: SupportKernel, vectors: [Float], vectorsPerClass: [Int], coefficients: [Float], rho: [Float],
    probA: [Float], probB: [Float], labels: Tensor, postTransform: PostTransform
  ) {
    self.kernel = kernel
    self.vectors = vectors.map { FloatBits($0) }
    self.vectorsPerClass = vectorsPerClass
    self.coefficients = coefficients.map { FloatBits($0) }
    self.rho = rho.map { FloatBits($0) }
    self.probA = probA.map { FloatBits($0) }
    self.probB = probB.map { FloatBits($0) }
    self.labels = ForeignTensor(labels)
    self.postTransform = postTransform
  }

  package var pairCount: Int { labels.tensor.count * (labels.tensor.count - 1) / 2 }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let n = labels.tensor.count
    guard n < 1 << 16, vectorsPerClass.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }), vectorsPerClass.count < 1 << 16 else {
      throw InferenceError("\(n) classes with \(vectorsPerClass.count) groups of support vectors")
    }
    let total = vectorsPerClass.reduce(0, +)
    guard probA.count == probB.count, !coefficients.isEmpty, !rho.isEmpty else {
      throw InferenceError("its coefficients, rho or probability parameters are not complete")
    }
    if total > 0 {
      let needed = max(n - 1, 0).multipliedReportingOverflow(by: total)
      guard vectorsPerClass.count == n, vectors.count % total == 0, !needed.overflow,
        coefficients.count >= needed.partialValue, rho.count >= pairCount, probA.isEmpty || probA.count >= pairCount
      else {
        throw InferenceError("\(coefficients.count) coefficients and \(rho.count) rho for \(total) support vectors")
      }
    }
    let scores = total == 0 || !probA.isEmpty ? n : n > 2 ? pairCount : 2
    return try LabelRule.types(inputs, labels: labels.tensor, scores: scores)
  }
  package var attributeText: [(name: String, value: String)] {
    [("kernel", kernel.function.rawValue), ("classes", "\(labels.tensor.count)")]
  }
}
