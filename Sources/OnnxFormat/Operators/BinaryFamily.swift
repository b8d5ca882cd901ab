import Diagnostics
import ModelGraph
import TensorCore

/// Operators on two or more operands with broadcasting.
enum BinaryFamily {
  private static let plain: [(name: String, function: BinaryFunction)] = [
    ("Add", .add), ("Sub", .subtract), ("Mul", .multiply), ("Div", .divide), ("Pow", .power), ("Equal", .equal),
    ("Less", .less), ("LessOrEqual", .lessOrEqual), ("Greater", .greater), ("GreaterOrEqual", .greaterOrEqual),
    ("And", .and), ("Or", .or), ("Xor", .xor), ("BitwiseAnd", .bitwiseAnd), ("BitwiseOr", .bitwiseOr),
    ("BitwiseXor", .bitwiseXor), ("PRelu", .prelu),
  ]
  private static let variadic: [(name: String, function: VariadicMap.Function)] = [
    ("Sum", .sum), ("Max", .maximum), ("Min", .minimum), ("Mean", .mean),
  ]
  private static let names = Dictionary(plain.map { ($0.function, $0.name) }, uniquingKeysWith: { a, _ in a })

  static func name(_ f: BinaryFunction) -> String? { names[f] }

  static func name(_ f: VariadicMap.Function) -> String? { variadic.first { $0.function == f }?.name }

  static let importers: [String: OnnxImporter] = makeImporters()

  private static func makeImporters() -> [String: OnnxImporter] {
    var table: [String: OnnxImporter] = [:]
    for (name, function) in plain {
      table[name] = importer { (s, c) throws(Diagnostic) in
        try s.apply(BinaryMap(function), [try c.require(0), try alignedSecond(s, c, function)], c)
      }
    }
    for (name, function) in variadic {
      table[name] = importer { (s, c) throws(Diagnostic) in try s.apply(VariadicMap(function), c.inputs, c) }
    }
    table["Mod"] = importer { (s, c) throws(Diagnostic) in
      try s.apply(BinaryMap(try c.bool("fmod") ? .fmod : .modulo), c.inputs, c)
    }
    table["BitShift"] = importer { (s, c) throws(Diagnostic) in
      try s.apply(BinaryMap(try c.choice("direction", ["LEFT": .shiftLeft, "RIGHT": .shiftRight])), c.inputs, c)
    }
    table["Where"] = importer { (s, c) throws(Diagnostic) in try s.apply(Select(), c.inputs, c) }
    table["Clip"] = importer { (s, c) throws(Diagnostic) in try s.apply(Clip(), try clipOperands(s, c), c) }
    return table
  }

  /// The second operand, with axes appended where an old version aligns it by `broadcast` and `axis`.
  private static func alignedSecond(
    _ s: OnnxScope, _ c: OnnxCall, _ f: BinaryFunction
  ) throws(Diagnostic) -> ValueID {
    let b = try c.require(1)
    guard let ra = s.rank(c.input(0)), let rb = s.rank(b) else { return b }
    var axis: Int?
    if f == .prelu, c.version < 7, rb == 1, ra > 1 {
      // One slope a channel.
      axis = s.type(b).shape?.first?.value == 1 ? nil : 1
    } else if c.version < 7, try c.optionalInt("broadcast") == 1, let given = try c.optionalInt("axis") {
      axis = given < 0 ? given + ra : given
    }
    guard let axis, axis >= 0, ra - axis - rb > 0 else { return b }
    let trailing = Array(rb..<(ra - axis))
    return try s.add(Unsqueeze(), [b, try s.ints(trailing, "axes", c)], "aligned", c)
  }

  private static func clipOperands(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) -> [ValueID?] {
    guard c.version < 11 else { return c.inputs }
    var bounds: [ValueID?] = []
    for name in ["min", "max"] {
      // The defaults are the ends of single precision: no bound at all.
      guard let v = try c.optionalFloat(name), c.has(name) else {
        bounds.append(nil)
        continue
      }
      bounds.append(try s.scalar(Double(v), like: c.input(0), name, c))
    }
    return [c.input(0)] + bounds
  }
}

extension BinaryMap: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let (i, o) = (e.inputs, e.outputs)
    switch function {
    case .modulo where e.opset < 10, .fmod where e.opset < 10: try e.integerModulo(function)
    case .modulo where e.opset < 28 && e.dtype(0).isFloat: try e.flooredModulo()
    case .modulo: try e.put("Mod", i, o)
    case .fmod: try e.put("Mod", i, o, [("fmod", .int(1))])
    case .shiftLeft: try e.put("BitShift", i, o, [("direction", .string("LEFT"))])
    case .shiftRight: try e.put("BitShift", i, o, [("direction", .string("RIGHT"))])
    case .power where e.opset < 12: try e.oldPower()
    case .minimum: try e.put("Min", i, o)
    case .maximum: try e.put("Max", i, o)
    case .lessOrEqual where e.opset < 12: try e.put("Not", [try e.step("Greater", i, "greater")], o)
    case .greaterOrEqual where e.opset < 12: try e.put("Not", [try e.step("Less", i, "less")], o)
    case .equal where e.opset < 11 && e.dtype(0).isFloat: try e.floatEqual()
    default:
      guard let name = BinaryFamily.name(function) else {
        throw e.refuse("onnx.no-operator", "ONNX has no operator for \(function)")
      }
      try e.put(name, i, o)
    }
  }
}

extension OnnxEmitter {
  /// Integers for operator sets without Mod: a − trunc(a / b) · b, moved into the divisor's sign where that is wanted.
  fileprivate func integerModulo(_ f: BinaryFunction) throws(Diagnostic) {
    guard dtype(0).isInteger else {
      throw refuse("onnx.opset-too-low", "Mod came with operator set 10", help: useOpset(10))
    }
    let multiple = try step("Mul", [try step("Div", inputs, "quotient"), input(1)], "multiple")
    if f == .fmod || !dtype(0).isSigned { return try put("Sub", [input(0), multiple], outputs) }
    let rest = try step("Sub", [input(0), multiple], "rest")
    let signs = try signsDiffer(rest, input(1))
    try put("Where", [signs.differ, try step("Add", [rest, input(1)], "moved"), rest], outputs)
  }

  /// Where two values are of opposite signs, neither being zero; and where the second is negative.
  private func signsDiffer(_ a: String, _ b: String) throws(Diagnostic) -> (differ: String, isSecondNegative: String) {
    let zero = try scalar(0, "zero")
    let isNegative = try step("Less", [b, zero], "divisor_negative")
    let isLow = try step(
      "And", [try step("Less", [a, zero], "rest_negative"), try step("Greater", [b, zero], "divisor_positive")], "low")
    let isHigh = try step("And", [try step("Greater", [a, zero], "rest_positive"), isNegative], "high")
    return (try step("Or", [isLow, isHigh], "differs"), isNegative)
  }

  /// a − ⌊a / b⌋ · b of floats before Mod-28 said it: fmod, moved into the divisor's sign (zero included).
  fileprivate func flooredModulo() throws(Diagnostic) {
    let rest = try step("Mod", inputs, "rest", [("fmod", .int(1))])
    note(rest, outputType(0))
    let (differ, isDivisorNegative) = try signsDiffer(rest, input(1))
    let moved = try step("Add", [rest, input(1)], "moved")
    note(moved, outputType(0))
    let value = try step("Where", [differ, moved, rest], "value")
    note(value, outputType(0))
    let size = try step("Abs", [value], "size")
    note(size, outputType(0))
    let opposite = try step("Neg", [size], "opposite")
    note(opposite, outputType(0))
    try put("Where", [isDivisorNegative, opposite, size], outputs)
  }

  /// Pow before it took integers and operands of two types.
  fileprivate func oldPower() throws(Diagnostic) {
    if dtype(0).isFloat {
      let exponent = dtype(1) == dtype(0) ? input(1) : try castStep(input(1), dtype(0), "exponent")
      return try put("Pow", [input(0), exponent], outputs)
    }
    let base = try castStep(input(0), .float64, "base")
    let power = try step("Pow", [base, try castStep(input(1), .float64, "exponent")], "power")
    try put("Cast", [power], outputs, [("to", .int(OnnxDType.number(dtype(0))))])
  }

  /// Equality of floats before Equal took them: neither less nor greater (a NaN differs from everything).
  fileprivate func floatEqual() throws(Diagnostic) {
    let less = try step("Less", inputs, "less")
    let greater = try step("Greater", inputs, "greater")
    let ordered = try step("Not", [try step("Or", [less, greater], "differs")], "same")
    let nan = try step("Or", [try step("IsNaN", [input(0)], "nan_a"), try step("IsNaN", [input(1)], "nan_b")], "nan")
    try put("And", [ordered, try step("Not", [nan], "valid")], outputs)
  }
}

extension VariadicMap: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    switch function {
    case .product: try e.fold("Mul", e.inputs)
    case .weightedSum(let weights): try e.weightedSum(weights.map(\.value))
    default:
      guard let name = BinaryFamily.name(function) else { return }
      try e.put(name, e.inputs, e.outputs)
    }
  }
}

extension OnnxEmitter {
  /// Combines operands from left to right.
  fileprivate func fold(_ type: String, _ operands: [String]) throws(Diagnostic) {
    guard var value = operands.first else { return }
    if operands.count == 1 { return try put("Identity", [value], outputs) }
    for (k, operand) in operands.enumerated().dropFirst() {
      if k == operands.count - 1 { return try put(type, [value, operand], outputs) }
      value = try step(type, [value, operand], "\(type.lowercased())\(k)")
    }
  }

  fileprivate func weightedSum(_ weights: [Float]) throws(Diagnostic) {
    var terms: [String] = []
    for (i, w) in weights.enumerated() where i < inputCount {
      if w == 1 {
        terms.append(input(i))
      } else if w == -1, i == 1, weights.count == 2, weights[0] == 1 {
        return try put("Sub", [input(0), input(1)], outputs)
      } else if weights.count == 1 {
        return try put("Mul", [input(i), try scalar(Double(w), "coeff")], outputs)
      } else {
        terms.append(try step("Mul", [input(i), try scalar(Double(w), "coeff\(i)")], "term\(i)"))
      }
    }
    if terms.count == 1 { return try put("Identity", terms, outputs) }
    try put(terms.count == 2 ? "Add" : "Sum", terms, outputs)
  }
}

extension OnnxEmitter {
  /// Clip with bounds that no attribute can hold: the larger of the operand and the lower bound, then the smaller.
  fileprivate func clipByBounds() throws(Diagnostic) {
    let below = has(2)
    guard has(1) else { return try put("Min", [input(0), input(2)], outputs) }
    if !below { return try put("Max", [input(0), input(1)], outputs) }
    let raised = try step("Max", [input(0), input(1)], "raised")
    note(raised, type(0))
    try put("Min", [raised, input(2)], outputs)
  }
}

extension Select: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("Where", e.inputs, e.outputs) }
}

extension Clip: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if e.opset >= 11 { return try e.put("Clip", e.inputs, e.outputs) }
    var attributes: [(String, OnnxAttribute)] = []
    for (i, name) in [(1, "min"), (2, "max")] where e.has(i) {
      guard e.dtype(0).isFloat, let v = e.constant(i), v.count == 1, let f = try v.floats().first else {
        return try e.clipByBounds()
      }
      attributes.append((name, .float(f)))
    }
    try e.put("Clip", [e.input(0)], e.outputs, attributes)
  }
}
