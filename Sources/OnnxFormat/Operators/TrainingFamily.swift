import Diagnostics
import ModelGraph
import TensorCore

/// Steps of gradient methods and derivatives: the ai.onnx.preview.training domain.
enum TrainingFamily {
  static let domain = "ai.onnx.preview.training"

  static let importers: [String: OnnxImporter] = [
    "ai.onnx.preview.training|Adagrad": { (s, c) throws(Diagnostic) in
      let method = OptimizerStep.Method.adagrad(
        decay: FloatBits(try c.float("decay_factor")), epsilon: FloatBits(try c.float("epsilon")))
      try s.apply(OptimizerStep(method, norm: try c.float("norm_coefficient")), c.inputs, c)
    },
    "ai.onnx.preview.training|Adam": { (s, c) throws(Diagnostic) in
      let method = OptimizerStep.Method.adam(
        alpha: FloatBits(try c.float("alpha")), beta: FloatBits(try c.float("beta")),
        epsilon: FloatBits(try c.float("epsilon")), normAfter: FloatBits(try c.float("norm_coefficient_post")))
      try s.apply(OptimizerStep(method, norm: try c.float("norm_coefficient")), c.inputs, c)
    },
    "ai.onnx.preview.training|Momentum": { (s, c) throws(Diagnostic) in
      let method = OptimizerStep.Method.momentum(
        alpha: FloatBits(try c.float("alpha")), beta: FloatBits(try c.float("beta")),
        isNesterov: try c.choice("mode", ["standard": false, "nesterov": true]))
      try s.apply(OptimizerStep(method, norm: try c.float("norm_coefficient")), c.inputs, c)
    },
    "ai.onnx.preview.training|Gradient": { (s, c) throws(Diagnostic) in try gradient(s, c) },
  ]

  private static func gradient(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) {
    let xs = try c.strings("xs")
    let names = xs + (try c.strings("zs"))
    func value(_ name: String) throws(Diagnostic) -> ValueID {
      guard let v = s.lookup(name) else {
        throw c.error("onnx.value-missing", "it differentiates by '\(name)', which nothing makes before it")
      }
      return v
    }
    var sources: [ValueID] = []
    for name in names { sources.append(try value(name)) }
    let values = c.inputs.compactMap { $0 }
    guard values.count == names.count, Set(names).count == names.count else {
      throw c.error("onnx.input-count", "it has \(values.count) inputs for the \(names.count) names of xs and zs")
    }
    var builder = GradientBuilder(s, c)
    let results = try builder.derivatives(
      of: try value(try c.string("y")), sources: sources, values: values, count: xs.count)
    // Two results may be one value; each name gets its own.
    var out: [ValueID] = []
    for (i, v) in results.enumerated() { out.append(try s.add(Identity(), [v], "gradient\(i)", c)) }
    try s.finish(c, out.map { $0 })
  }
}

extension OptimizerStep: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let norm: (String, OnnxAttribute) = ("norm_coefficient", .float(self.norm.value))
    let (name, attributes): (String, [(String, OnnxAttribute)]) =
      switch method {
      case .adagrad(let decay, let epsilon):
        ("Adagrad", [("decay_factor", .float(decay.value)), ("epsilon", .float(epsilon.value)), norm])
      case .adam(let alpha, let beta, let epsilon, let normAfter):
        (
          "Adam",
          [
            ("alpha", .float(alpha.value)), ("beta", .float(beta.value)), ("epsilon", .float(epsilon.value)), norm,
            ("norm_coefficient_post", .float(normAfter.value)),
          ]
        )
      case .momentum(let alpha, let beta, let isNesterov):
        (
          "Momentum",
          [
            ("alpha", .float(alpha.value)), ("beta", .float(beta.value)),
            ("mode", .string(isNesterov ? "nesterov" : "standard")), norm,
          ]
        )
      }
    try e.put(name, e.inputs, e.outputs(all: true), attributes, domain: TrainingFamily.domain)
  }
}
