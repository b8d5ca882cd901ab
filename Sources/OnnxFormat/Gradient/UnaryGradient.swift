import Diagnostics
import ModelGraph

/// Derivatives of functions of one number.
enum UnaryGradient {
  static func pull(
    _ f: UnaryFunction, _ n: Node, _ x: ValueID, _ y: ValueID, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> ValueID {
    switch f {
    case .negate: return try b.unary(.negate, g)
    case .sign, .floor, .ceil, .roundHalfEven: return try b.filled(like: x, 0)
    case .naturalLog: return try b.binary(.divide, g, x)
    case .leakyRelu(let slope): return try piecewise(x, g, below: b.scaled(g, Double(slope.value)), &b)
    case .relu: return try piecewise(x, g, below: b.number(0, like: g), &b)
    case .thresholdedRelu(let alpha):
      let passes = try b.binary(.greater, x, b.number(Double(alpha.value), like: x))
      return try b.make(Select(), [passes, g, b.number(0, like: g)])
    case .elu(let alpha):
      let below = try b.times(g, b.binary(.add, y, b.number(Double(alpha.value), like: y)))
      return try piecewise(x, g, below: below, &b)
    case .selu(let alpha, let gamma):
      let limit = Double(alpha.value) * Double(gamma.value)
      let below = try b.times(g, b.binary(.add, y, b.number(limit, like: y)))
      return try piecewise(x, b.scaled(g, Double(gamma.value)), below: below, &b)
    case .clamp(let lower, let upper):
      let zero = try b.number(0, like: g)
      let low = try b.binary(.greaterOrEqual, x, b.number(Double(lower.value), like: x))
      let high = try b.binary(.lessOrEqual, x, b.number(Double(upper.value), like: x))
      return try b.make(Select(), [high, b.make(Select(), [low, g, zero]), zero])
    case .hardSigmoid(let alpha, _):
      let zero = try b.number(0, like: g)
      let isInside = try b.times(y, one(minus: y, &b))
      let inside = try b.binary(.greater, isInside, b.number(0, like: y))
      return try b.make(Select(), [inside, b.scaled(g, Double(alpha.value)), zero])
    default:
      guard let slope = try slope(f, x, y, &b) else { throw b.refuse(n, "is not known") }
      return try b.times(g, slope)
    }
  }

  /// `above` where x > 0, else `below`.
  private static func piecewise(
    _ x: ValueID, _ above: ValueID, below: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> ValueID {
    try b.make(Select(), [b.binary(.greater, x, b.number(0, like: x)), above, below])
  }

  private static func one(minus v: ValueID, _ b: inout GradientBuilder) throws(Diagnostic) -> ValueID {
    try b.binary(.subtract, b.number(1, like: v), v)
  }

  private static func one(plus v: ValueID, _ b: inout GradientBuilder) throws(Diagnostic) -> ValueID {
    try b.binary(.add, b.number(1, like: v), v)
  }

  /// dy/dx as a value.
  private static func slope(
    _ f: UnaryFunction, _ x: ValueID, _ y: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> ValueID? {
    switch f {
    case .absolute: return try b.unary(.sign, x)
    case .reciprocal: return try b.unary(.negate, b.times(y, y))
    case .squareRoot: return try b.binary(.divide, b.number(0.5, like: y), y)
    case .exponential: return y
    case .sin: return try b.unary(.cos, x)
    case .cos: return try b.unary(.negate, b.unary(.sin, x))
    case .tan: return try one(plus: b.times(y, y), &b)
    case .asin: return try b.unary(.reciprocal, b.unary(.squareRoot, one(minus: b.times(x, x), &b)))
    case .acos:
      let root = try b.unary(.squareRoot, one(minus: b.times(x, x), &b))
      return try b.unary(.negate, b.unary(.reciprocal, root))
    case .atan: return try b.unary(.reciprocal, one(plus: b.times(x, x), &b))
    case .sinh: return try b.unary(.cosh, x)
    case .cosh: return try b.unary(.sinh, x)
    case .tanh: return try one(minus: b.times(y, y), &b)
    case .asinh: return try b.unary(.reciprocal, b.unary(.squareRoot, one(plus: b.times(x, x), &b)))
    case .acosh:
      let square = try b.binary(.subtract, b.times(x, x), b.number(1, like: x))
      return try b.unary(.reciprocal, b.unary(.squareRoot, square))
    case .atanh: return try b.unary(.reciprocal, one(minus: b.times(x, x), &b))
    case .sigmoid: return try b.times(y, one(minus: y, &b))
    case .softplus: return try b.unary(.sigmoid, x)
    case .softsign:
      let width = try one(plus: b.unary(.absolute, x), &b)
      return try b.unary(.reciprocal, b.times(width, width))
    case .errorFunction:
      let bell = try b.unary(.exponential, b.unary(.negate, b.times(x, x)))
      return try b.scaled(bell, 1.1283791670955126)
    case .swish(let beta):
      let s = try b.unary(.sigmoid, b.scaled(x, Double(beta.value)))
      let rest = try b.scaled(b.times(y, one(minus: s, &b)), Double(beta.value))
      return try b.binary(.add, s, rest)
    case .gelu(approximate: false):
      let bell = try b.unary(.exponential, b.scaled(b.times(x, x), -0.5))
      let density = try b.scaled(b.times(x, bell), 0.3989422804014327)
      let normal = try b.scaled(one(plus: b.unary(.errorFunction, b.scaled(x, 0.7071067811865476)), &b), 0.5)
      return try b.binary(.add, normal, density)
    default: return nil
    }
  }
}
