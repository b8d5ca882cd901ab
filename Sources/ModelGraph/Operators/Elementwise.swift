import TensorCore

/// One operand, one result of the same shape, element by element.
package struct UnaryMap: Operator {
  package static let operatorName = "UnaryMap"
  package var function: UnaryFunction
  package init(_ function: UnaryFunction) { self.function = function }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    return [.tensor(function.isPredicate ? .bool : type, try inputs.shape(0))]
  }

  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard function == .negate, let c = inputs.contents(0) else { return [] }
    return [try? c.map { (d) throws(InferenceError) in try d.times(-1) }]
  }

  package var attributeText: [(name: String, value: String)] { [("function", "\(function)")] }
}

/// The scalar functions of `UnaryMap`. Parameters are single precision, as every source format has them.
package enum UnaryFunction: Hashable, Sendable {
  case negate, absolute, sign, reciprocal, squareRoot, exponential, naturalLog
  case floor, ceil, roundHalfEven
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh
  case sigmoid, softplus, softsign, errorFunction, not, bitwiseNot, isNaN
  case relu
  /// x where x > 0, else slope · x.
  case leakyRelu(slope: FloatBits)
  /// x where x > 0, else α (eˣ − 1).
  case elu(alpha: FloatBits)
  /// γ x where x > 0, else γ α (eˣ − 1).
  case selu(alpha: FloatBits, gamma: FloatBits)
  /// max(0, x) + min(0, α (e^{x/α} − 1)).
  case celu(alpha: FloatBits)
  /// x where x > α, else 0.
  case thresholdedRelu(alpha: FloatBits)
  /// x > threshold ? 1 : 0 (Caffe Threshold).
  case step(threshold: FloatBits)
  /// max(0, min(1, α x + β)).
  case hardSigmoid(alpha: FloatBits, beta: FloatBits)
  case hardSwish, mish
  /// x · sigmoid(β x).
  case swish(beta: FloatBits)
  case gelu(approximate: Bool)
  /// x < −λ: x + bias; x > λ: x − bias; else 0.
  case shrink(lambda: FloatBits, bias: FloatBits)
  /// (shift + scale · x)^power, with Caffe's rule that scale · power = 0 gives the constant shift^power.
  case affinePower(power: FloatBits, scale: FloatBits, shift: FloatBits)
  /// base^(shift + scale · x); a base of −1 means e.
  case exponentialBase(base: FloatBits, scale: FloatBits, shift: FloatBits)
  /// log_base(shift + scale · x); a base of −1 means e.
  case logBase(base: FloatBits, scale: FloatBits, shift: FloatBits)
  /// min(max(x, lower), upper) with constant bounds (ReLU6, Caffe Clip).
  case clamp(lower: FloatBits, upper: FloatBits)
  case isInfinite(positive: Bool, negative: Bool)

  package var isInfinityTest: Bool { if case .isInfinite = self { true } else { false } }

  /// Functions whose result is bool.
  package var isPredicate: Bool {
    switch self {
    case .isNaN, .isInfinite, .not: true
    default: false
    }
  }
}

/// Two operands, NumPy broadcasting, element by element. Operands have one element type (`power` and shifts may differ).
package struct BinaryMap: Operator {
  package static let operatorName = "BinaryMap"
  package var function: BinaryFunction
  package init(_ function: BinaryFunction) { self.function = function }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let a = try inputs.dtype(0)
    let b = try inputs.dtype(1)
    if a != b, function != .power { throw InferenceError("operands are \(a.rawValue) and \(b.rawValue)", input: 1) }
    let type = function.isPredicate ? DType.bool : a
    guard let x = try inputs.shape(0), let y = try inputs.shape(1) else { return [.tensor(type, nil)] }
    return [.tensor(type, try ShapeRule.broadcast(x, y))]
  }

  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard let a = inputs.contents(0), let b = inputs.contents(1), a.count == b.count || a.count == 1 || b.count == 1
    else { return [] }
    var out: [Dim] = []
    for i in 0..<(a.isEmpty || b.isEmpty ? 0 : max(a.count, b.count)) {
      let x = a.count == 1 ? a[0] : a[i]
      let y = b.count == 1 ? b[0] : b[i]
      do throws(InferenceError) {
        switch function {
        case .add: out.append(try x.plus(y))
        case .subtract: out.append(try x.minus(y))
        case .multiply: out.append(try x.times(y))
        case .divide:
          // Integer division truncates; for the non-negative extents this is about, that is the floor.
          guard (y.value ?? 1) > 0, (x.value ?? 0) >= 0 else { return [] }
          out.append(try x.floorDiv(y))
        case .minimum: out.append(x.minimum(y))
        case .maximum: out.append(x.maximum(y))
        default: return []
        }
      } catch { return [] }
    }
    return [out]
  }

  package var attributeText: [(name: String, value: String)] { [("function", "\(function)")] }
}

package enum BinaryFunction: Hashable, Sendable {
  case add, subtract, multiply, divide, power, minimum, maximum
  /// Python's modulo (sign of the divisor), or C's fmod.
  case modulo, fmod
  case equal, less, lessOrEqual, greater, greaterOrEqual
  case and, or, xor
  case bitwiseAnd, bitwiseOr, bitwiseXor, shiftLeft, shiftRight
  /// x where x ≥ 0, else slope · x; the slope is the second operand, broadcast to the first one's shape.
  case prelu

  package var isPredicate: Bool {
    switch self {
    case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or, .xor: true
    default: false
    }
  }
}

/// Any number of operands combined element by element with broadcasting, from left to right.
///
/// Sources: ONNX Sum, Max, Min, Mean; caffe/layers/eltwise_layer.cpp (PROD, SUM with coefficients, MAX).
package struct VariadicMap: Operator {
  package static let operatorName = "VariadicMap"
  package var function: Function
  package enum Function: Hashable, Sendable {
    case sum, product, maximum, minimum, mean
    /// Σ coefficient · operand.
    case weightedSum([FloatBits])
  }
  package init(_ function: Function) { self.function = function }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    if case .weightedSum(let c) = function, c.count != inputs.count {
      throw InferenceError("\(c.count) coefficients for \(inputs.count) operands")
    }
    guard var out = try inputs.shape(0) else { return [.tensor(type, nil)] }
    for i in 1..<max(inputs.count, 1) {
      guard try inputs.dtype(i) == type else { throw InferenceError("operands differ in element type", input: i) }
      guard let s = try inputs.shape(i) else { return [.tensor(type, nil)] }
      out = try ShapeRule.broadcast(out, s)
    }
    return [.tensor(type, out)]
  }
}

/// min(max(x, lower), upper); operands: input, lower?, upper? (0-d). Source: ONNX Clip.
package struct Clip: Operator {
  package static let operatorName = "Clip"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    [.tensor(try inputs.dtype(0), try inputs.shape(0))]
  }
}

/// Element of the second operand where the first is true, else of the third; broadcast. Source: ONNX Where.
package struct Select: Operator {
  package static let operatorName = "Select"
  package init() {}
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    guard try inputs.dtype(0) == .bool else { throw InferenceError("the condition is not bool", input: 0) }
    let type = try inputs.dtype(1)
    guard try inputs.dtype(2) == type else { throw InferenceError("the branches differ in element type", input: 2) }
    guard let c = try inputs.shape(0), let x = try inputs.shape(1), let y = try inputs.shape(2) else {
      return [.tensor(type, nil)]
    }
    return [.tensor(type, try ShapeRule.broadcast(ShapeRule.broadcast(c, x), y))]
  }
}

/// The value as another element type. Source: ONNX Cast (`saturate` and `roundMode` concern the 8-bit floats).
package struct Cast: Operator {
  package static let operatorName = "Cast"
  package var to: DType
  package var saturates: Bool
  package var roundMode: RoundMode
  package enum RoundMode: String, Hashable, Sendable { case up, down, nearest }
  package init(to: DType, saturates: Bool = true, roundMode: RoundMode = .up) {
    self.to = to
    self.saturates = saturates
    self.roundMode = roundMode
  }
  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    _ = try inputs.dtype(0)
    return [.tensor(to, try inputs.shape(0))]
  }
  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] {
    guard to == .int64 || to == .int32 else { return [] }
    return [inputs.contents(0)]
  }
}

/// Scale and shift per channel range: x · scale + bias, operands shaped to broadcast from `axis` on.
///
/// Operands: input, scale?, bias?; scale and bias have the shape of the input's axes `axis ..< axis + their rank`.
/// Source: caffe/layers/scale_layer.cpp, bias_layer.cpp.
package struct ScaleShift: Operator {
  package static let operatorName = "ScaleShift"
  package var axis: Int
  package init(axis: Int = 1) { self.axis = axis }

  package func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType] {
    let type = try inputs.dtype(0)
    guard let x = try inputs.shape(0) else { return [.tensor(type, nil)] }
    for i in 1...2 where inputs.has(i) {
      guard let p = try inputs.shape(i) else { continue }
      let a = p.isEmpty ? 0 : try ShapeRule.axis(axis, rank: x.count)
      guard a + p.count <= x.count else {
        throw InferenceError("parameter \(shapeText(p)) from axis \(axis) does not fit input \(shapeText(x))", input: i)
      }
      for (j, d) in p.enumerated() { try ShapeRule.requireEqual(d, x[a + j], "parameter and input axis \(a + j)") }
    }
    return [.tensor(type, x)]
  }
}
