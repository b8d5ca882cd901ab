import Diagnostics
import ModelGraph
import TensorCore

/// Random numbers.
enum RandomFamily {
  static let importers: [String: OnnxImporter] = [
    "RandomNormal": { (s, c) throws(Diagnostic) in try fill(s, c, try normal(c), like: false) },
    "RandomUniform": { (s, c) throws(Diagnostic) in try fill(s, c, try uniform(c), like: false) },
    "RandomNormalLike": { (s, c) throws(Diagnostic) in try fill(s, c, try normal(c), like: true) },
    "RandomUniformLike": { (s, c) throws(Diagnostic) in try fill(s, c, try uniform(c), like: true) },
    "Bernoulli": { (s, c) throws(Diagnostic) in
      try s.apply(
        Bernoulli(dtype: try c.optionalDType("dtype"), seed: try c.optionalFloat("seed")), c.inputs, c)
    },
    "Multinomial": { (s, c) throws(Diagnostic) in
      let op = Multinomial(
        samples: try c.int("sample_size"), dtype: try c.optionalDType("dtype") ?? .int32,
        seed: try c.optionalFloat("seed"))
      try s.apply(op, c.inputs, c)
    },
  ]

  private static func normal(_ c: OnnxCall) throws(Diagnostic) -> RandomFill.Distribution {
    .normal(mean: FloatBits(try c.float("mean")), deviation: FloatBits(try c.float("scale")))
  }

  private static func uniform(_ c: OnnxCall) throws(Diagnostic) -> RandomFill.Distribution {
    .uniform(low: FloatBits(try c.float("low")), high: FloatBits(try c.float("high")))
  }

  private static func fill(
    _ s: OnnxScope, _ c: OnnxCall, _ d: RandomFill.Distribution, like: Bool
  ) throws(Diagnostic) {
    var type = try c.optionalDType("dtype")
    if type == nil { type = like ? s.dtype(c.input(0)) : .float32 }
    guard let type else { throw c.error("onnx.unknown-type", "the type of its operand is not known") }
    let shape = like ? try s.add(ShapeOf(), [c.input(0)], "shape", c) : try s.ints(try c.ints("shape"), "shape", c)
    try s.apply(RandomFill(d, dtype: type, seed: try c.optionalFloat("seed")), [shape], c)
  }
}

extension RandomFill: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var attributes: [(String, OnnxAttribute)] = [("dtype", .int(OnnxDType.number(dtype)))]
    if let seed { attributes.append(("seed", .float(seed.value))) }
    let name: String
    switch distribution {
    case .normal(let mean, let deviation):
      name = "RandomNormal"
      attributes += [("mean", .float(mean.value)), ("scale", .float(deviation.value))]
    case .uniform(let low, let high):
      name = "RandomUniform"
      attributes += [("high", .float(high.value)), ("low", .float(low.value))]
    }
    if let shape = e.ints(0) { return try e.put(name, [], e.outputs, attributes + [("shape", .ints(shape))]) }
    let like = try e.step("ConstantOfShape", [e.input(0)], "like")
    try e.put(name + "Like", [like], e.outputs, attributes)
  }
}

extension Bernoulli: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if e.opset < 15 {
      let seeds: [(String, OnnxAttribute)] = seed.map { [("seed", .float($0.value))] } ?? []
      let draw = try e.step("RandomUniformLike", [e.input(0)], "draw", seeds)
      let less = try e.step("Less", [draw, e.input(0)], "less")
      return try e.put("Cast", [less], e.outputs, [("to", .int(OnnxDType.number(dtype ?? e.dtype(0))))])
    }
    try e.put(
      "Bernoulli", e.inputs, e.outputs,
      [("dtype", .optional(dtype.map { OnnxDType.number($0) })), ("seed", seed.map { .float($0.value) } ?? .omit)])
  }
}

extension Multinomial: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "Multinomial", e.inputs, e.outputs,
      [
        ("dtype", .int(OnnxDType.number(dtype))), ("sample_size", .int(samples)),
        ("seed", seed.map { .float($0.value) } ?? .omit),
      ])
  }
}
