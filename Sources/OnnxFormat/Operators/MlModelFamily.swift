import Diagnostics
import ModelGraph
import TensorCore

/// Linear models and support vector machines of the ai.onnx.ml domain.
enum MlModelFamily {
  static let importers: [String: OnnxImporter] = [
    "ai.onnx.ml|LinearRegressor": { (s, c) throws(Diagnostic) in
      let op = LinearRegressor(
        coefficients: try c.floats("coefficients"), intercepts: try c.floats("intercepts"),
        targets: try c.int("targets"), postTransform: try c.postTransform())
      try s.apply(op, c.inputs, c)
    },
    "ai.onnx.ml|LinearClassifier": { (s, c) throws(Diagnostic) in
      let op = LinearClassifier(
        coefficients: try c.floats("coefficients"), intercepts: try c.floats("intercepts"),
        labels: try c.classLabels("classlabels_ints"), isMultiClass: try c.bool("multi_class"),
        postTransform: try c.postTransform())
      try s.apply(op, c.inputs, c)
    },
    "ai.onnx.ml|SVMRegressor": { (s, c) throws(Diagnostic) in
      let op = SupportVectorRegressor(
        kernel: try kernel(c), vectors: try c.floats("support_vectors"), vectorCount: try c.int("n_supports"),
        coefficients: try c.floats("coefficients"), rho: try c.floats("rho").first ?? 0,
        isOneClass: try c.bool("one_class"), postTransform: try c.postTransform())
      try s.apply(op, c.inputs, c)
    },
    "ai.onnx.ml|SVMClassifier": { (s, c) throws(Diagnostic) in
      let op = SupportVectorClassifier(
        kernel: try kernel(c), vectors: try c.floats("support_vectors"),
        vectorsPerClass: try c.ints("vectors_per_class"), coefficients: try c.floats("coefficients"),
        rho: try c.floats("rho"), probA: try c.floats("prob_a"), probB: try c.floats("prob_b"),
        labels: try c.classLabels("classlabels_ints"), postTransform: try c.postTransform())
      try s.apply(op, c.inputs, c)
    },
  ]

  private static func kernel(_ c: OnnxCall) throws(Diagnostic) -> SupportKernel {
    let text = try c.string("kernel_type")
    guard let f = SupportKernel.Function(rawValue: text) else {
      throw c.error("onnx.attribute-value", "kernel_type is '\(text)'")
    }
    let p = try c.floats("kernel_params")
    guard p.isEmpty || p.count == 3 else {
      throw c.error("onnx.attribute-value", "kernel_params has \(p.count) numbers, not gamma, coef0 and degree")
    }
    return p.isEmpty ? SupportKernel(f) : SupportKernel(f, gamma: p[0], offset: p[1], degree: p[2])
  }
}

extension OnnxCall {
  func postTransform() throws(Diagnostic) -> PostTransform {
    let text = try string("post_transform")
    guard let p = PostTransform(rawValue: text) else {
      throw error("onnx.attribute-value", "post_transform is '\(text)'")
    }
    return p
  }

  /// The labels of a classifier: `classlabels_strings`, or the integers of `integers`.
  func classLabels(_ integers: String) throws(Diagnostic) -> Tensor {
    let texts = try textTensor("classlabels_strings")
    if texts.count > 0 { return texts }
    let numbers = try ints(integers)
    guard !numbers.isEmpty else { throw error("onnx.attribute-missing", "its class labels are not given") }
    return try Tensor(numbers.map { Int64($0) })
  }
}

extension OnnxAttribute {
  static func floats(_ list: [FloatBits]) -> OnnxAttribute { list.isEmpty ? .omit : .floats(list.map(\.value)) }

  static func kernel(_ k: SupportKernel) -> OnnxAttribute {
    .floats([k.gamma.value, k.offset.value, k.degree.value])
  }
}

extension Tensor {
  /// The attribute of a list of labels: `strings` for texts, `integers` for numbers.
  func labelAttribute(strings name: String, integers: String) throws(Diagnostic) -> (String, OnnxAttribute) {
    dtype == .string
      ? (name, .byteStrings(try strings())) : (integers, .ints(try ints().map { Int($0) }))
  }

  func classLabelAttribute(_ integers: String) throws(Diagnostic) -> (String, OnnxAttribute) {
    try labelAttribute(strings: "classlabels_strings", integers: integers)
  }
}

extension LinearRegressor: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "LinearRegressor", e.inputs, e.outputs,
      [
        ("coefficients", .floats(coefficients)), ("intercepts", .floats(intercepts)),
        ("post_transform", .string(postTransform.rawValue)), ("targets", .int(targets)),
      ], domain: MlFamily.domain)
  }
}

extension LinearClassifier: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "LinearClassifier", e.inputs, e.outputs(all: true),
      [
        try labels.tensor.classLabelAttribute("classlabels_ints"), ("coefficients", .floats(coefficients)),
        ("intercepts", .floats(intercepts)), ("multi_class", isMultiClass ? .int(1) : .omit),
        ("post_transform", .string(postTransform.rawValue)),
      ], domain: MlFamily.domain)
  }
}

extension SupportVectorRegressor: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "SVMRegressor", e.inputs, e.outputs,
      [
        ("coefficients", .floats(coefficients)), ("kernel_params", .kernel(kernel)),
        ("kernel_type", .string(kernel.function.rawValue)), ("n_supports", .int(vectorCount)),
        ("one_class", isOneClass ? .int(1) : .omit), ("post_transform", .string(postTransform.rawValue)),
        ("rho", .floats([rho])), ("support_vectors", .floats(vectors)),
      ], domain: MlFamily.domain)
  }
}

extension SupportVectorClassifier: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "SVMClassifier", e.inputs, e.outputs(all: true),
      [
        try labels.tensor.classLabelAttribute("classlabels_ints"), ("coefficients", .floats(coefficients)),
        ("kernel_params", .kernel(kernel)), ("kernel_type", .string(kernel.function.rawValue)),
        ("post_transform", .string(postTransform.rawValue)), ("prob_a", .floats(probA)), ("prob_b", .floats(probB)),
        ("rho", .floats(rho)), ("support_vectors", .floats(vectors)),
        ("vectors_per_class", vectorsPerClass.isEmpty ? .omit : .ints(vectorsPerClass)),
      ], domain: MlFamily.domain)
  }
}
