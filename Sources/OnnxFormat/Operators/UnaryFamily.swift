import Diagnostics
import ModelGraph
import TensorCore

/// Operators with one operand and one result of the same shape.
enum UnaryFamily {
  /// Functions without parameters, by name.
  static let plain: [(name: String, function: UnaryFunction)] = [
    ("Abs", .absolute), ("Acos", .acos), ("Acosh", .acosh), ("Asin", .asin), ("Asinh", .asinh), ("Atan", .atan),
    ("Atanh", .atanh), ("BitwiseNot", .bitwiseNot), ("Ceil", .ceil), ("Cos", .cos), ("Cosh", .cosh),
    ("Erf", .errorFunction), ("Exp", .exponential), ("Floor", .floor), ("HardSwish", .hardSwish), ("IsNaN", .isNaN),
    ("Log", .naturalLog), ("Mish", .mish), ("Neg", .negate), ("Not", .not), ("Reciprocal", .reciprocal),
    ("Relu", .relu), ("Round", .roundHalfEven), ("Sigmoid", .sigmoid), ("Sign", .sign), ("Sin", .sin),
    ("Sinh", .sinh), ("Softplus", .softplus), ("Softsign", .softsign), ("Sqrt", .squareRoot), ("Tan", .tan),
    ("Tanh", .tanh),
  ]
  private static let names = Dictionary(plain.map { ($0.function, $0.name) }, uniquingKeysWith: { a, _ in a })

  static func name(_ f: UnaryFunction) -> String? { names[f] }

  static let importers: [String: OnnxImporter] = makeImporters()

  private static func makeImporters() -> [String: OnnxImporter] {
    var table: [String: OnnxImporter] = [:]
    for (name, function) in plain {
      table[name] = importer { (s, c) throws(Diagnostic) in try s.apply(UnaryMap(function), c.inputs, c) }
    }
    table.merge(parameterised) { a, _ in a }
    return table
  }

  private static func bits(_ c: OnnxCall, _ name: String) throws(Diagnostic) -> FloatBits {
    FloatBits(try c.float(name))
  }

  private static let parameterised: [String: OnnxImporter] = [
    "Celu": { (s, c) throws(Diagnostic) in try s.apply(UnaryMap(.celu(alpha: try bits(c, "alpha"))), c.inputs, c) },
    "Elu": { (s, c) throws(Diagnostic) in try s.apply(UnaryMap(.elu(alpha: try bits(c, "alpha"))), c.inputs, c) },
    "LeakyRelu": { (s, c) throws(Diagnostic) in
      try s.apply(UnaryMap(.leakyRelu(slope: try bits(c, "alpha"))), c.inputs, c)
    },
    "Selu": { (s, c) throws(Diagnostic) in
      try s.apply(UnaryMap(.selu(alpha: try bits(c, "alpha"), gamma: try bits(c, "gamma"))), c.inputs, c)
    },
    "ThresholdedRelu": { (s, c) throws(Diagnostic) in
      try s.apply(UnaryMap(.thresholdedRelu(alpha: try bits(c, "alpha"))), c.inputs, c)
    },
    "HardSigmoid": { (s, c) throws(Diagnostic) in
      try s.apply(UnaryMap(.hardSigmoid(alpha: try bits(c, "alpha"), beta: try bits(c, "beta"))), c.inputs, c)
    },
    "Swish": { (s, c) throws(Diagnostic) in try s.apply(UnaryMap(.swish(beta: try bits(c, "alpha"))), c.inputs, c) },
    "Gelu": { (s, c) throws(Diagnostic) in
      try s.apply(
        UnaryMap(.gelu(approximate: try c.choice("approximate", ["none": false, "tanh": true]))), c.inputs, c)
    },
    "Shrink": { (s, c) throws(Diagnostic) in
      try s.apply(UnaryMap(.shrink(lambda: try bits(c, "lambd"), bias: try bits(c, "bias"))), c.inputs, c)
    },
    "IsInf": { (s, c) throws(Diagnostic) in
      let op = UnaryMap(
        .isInfinite(positive: try c.bool("detect_positive"), negative: try c.bool("detect_negative")))
      try s.apply(op, c.inputs, c)
    },
    "Identity": { (s, c) throws(Diagnostic) in try s.apply(Identity(), c.inputs, c) },
  ]
}

extension Identity: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("Identity", e.inputs, e.outputs) }
}

extension UnaryMap: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let (i, o) = (e.inputs, e.outputs)
    switch function {
    case .hardSwish where e.opset < 14: try e.hardSwish()
    case .mish where e.opset < 18: try e.mish()
    case .leakyRelu(let slope): try e.put("LeakyRelu", i, o, [("alpha", .float(slope.value))])
    case .elu(let alpha): try e.put("Elu", i, o, [("alpha", .float(alpha.value))])
    case .selu(let alpha, let gamma):
      try e.put("Selu", i, o, [("alpha", .float(alpha.value)), ("gamma", .float(gamma.value))])
    case .celu(let alpha):
      if e.opset >= 12 { return try e.put("Celu", i, o, [("alpha", .float(alpha.value))]) }
      try e.celu(alpha.value)
    case .thresholdedRelu(let alpha):
      if e.opset >= 10 { return try e.put("ThresholdedRelu", i, o, [("alpha", .float(alpha.value))]) }
      try e.thresholdedRelu(alpha.value)
    case .hardSigmoid(let alpha, let beta):
      try e.put("HardSigmoid", i, o, [("alpha", .float(alpha.value)), ("beta", .float(beta.value))])
    case .swish(let beta):
      // Runtimes are slow to take the operator: a recognised formula is written as it was, x · sigmoid(βx).
      if e.opset >= 24, e.node.origin.layerType == "Swish" {
        return try e.put("Swish", i, o, [("alpha", .float(beta.value))])
      }
      try e.swish(beta.value)
    case .gelu(let approximate):
      if e.opset >= 20 {
        return try e.put("Gelu", i, o, [("approximate", .string(approximate ? "tanh" : "none"))])
      }
      try approximate ? e.tanhGelu() : e.exactGelu()
    case .shrink(let lambda, let bias):
      try e.put("Shrink", i, o, [("bias", .float(bias.value)), ("lambd", .float(lambda.value))])
    case .clamp(let lower, let upper): try e.clip(lower.value, upper.value)
    case .step(let threshold): try e.step(threshold.value)
    case .affinePower(let power, let scale, let shift): try e.affinePower(power.value, scale.value, shift.value)
    case .exponentialBase(let base, let scale, let shift):
      try e.exponential(base: base.value, scale: scale.value, shift: shift.value)
    case .logBase(let base, let scale, let shift):
      try e.logarithm(base: base.value, scale: scale.value, shift: shift.value)
    case .isInfinite(let positive, let negative):
      try e.put("IsInf", i, o, [("detect_negative", .bool(negative)), ("detect_positive", .bool(positive))])
    default:
      guard let name = UnaryFamily.name(function) else {
        throw e.refuse("onnx.no-operator", "ONNX has no operator for \(function)")
      }
      try e.put(name, i, o)
    }
  }
}
