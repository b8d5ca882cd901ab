import CKernels
import Diagnostics
import ModelGraph
import TensorCore

extension UnaryMap: PlannedKernel {
  package func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel {
    let x = try context.operand(0)
    let count = x.count
    switch x.dtype {
    case .float32:
      guard let c = CKernelMap.unary(function) else { return try real(context, count, Float.self) }
      return PreparedKernel(inPlace: [0]) { (args) throws(Diagnostic) in
        mc_unary(c.op, count, args.input(0), c.p, c.q, args.output(0))
      }
    case .float64: return try real(context, count, Double.self)
    case .int8: return try integer(context, count, Int8.self)
    case .int16: return try integer(context, count, Int16.self)
    case .int32: return try integer(context, count, Int32.self)
    case .int64: return try integer(context, count, Int64.self)
    case .uint8: return try integer(context, count, UInt8.self)
    case .uint16: return try integer(context, count, UInt16.self)
    case .uint32: return try integer(context, count, UInt32.self)
    case .uint64: return try integer(context, count, UInt64.self)
    case .bool where function == .not:
      return ElementLoop.map(count, UInt8.self, UInt8.self) { $0 == 0 ? 1 : 0 }
    case let t where t.isFloat && t.byteWidth == 1 && (function == .isNaN || function.isInfinityTest):
      return try predicateOfCodes(t, count)
    case let t: throw context.unsupportedType(t)
    }
  }

  /// NaN and infinity tests of 8-bit floats, from a table of all codes.
  private func predicateOfCodes(_ t: DType, _ count: Int) throws(Diagnostic) -> PreparedKernel {
    let codes = try Tensor.make(dtype: t, shape: [256]) { (buffer) throws(Diagnostic) in
      for i in buffer.indices { buffer[i] = UInt8(i & 255) }
    }
    let function = function
    let table = try codes.doubles().map { v -> UInt8 in
      if case .isInfinite(let positive, let negative) = function {
        return v.isInfinite && (v > 0 ? positive : negative) ? 1 : 0
      }
      return v.isNaN ? 1 : 0
    }
    return ElementLoop.map(count, UInt8.self, UInt8.self) { table[Int($0)] }
  }

  private func integer<T: FixedWidthInteger & TensorElement>(
    _ context: PlanContext, _ n: Int, _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    switch function {
    case .negate: return ElementLoop.map(n, T.self, T.self) { 0 &- $0 }
    case .absolute: return ElementLoop.map(n, T.self, T.self) { $0 < 0 ? 0 &- $0 : $0 }
    case .sign: return ElementLoop.map(n, T.self, T.self) { $0.signum() }
    case .bitwiseNot: return ElementLoop.map(n, T.self, T.self) { ~$0 }
    case .relu: return ElementLoop.map(n, T.self, T.self) { max($0, 0) }
    case .floor, .ceil, .roundHalfEven: return ElementLoop.map(n, T.self, T.self) { $0 }
    case .shrink:
      let f: (Double) -> Double = UnaryMap.activation(function)
      return ElementLoop.map(n, T.self, T.self) { NumberLoop.integer(f(Double($0))) }
    default: throw context.unsupportedType(T.dtype)
    }
  }

  private func real<T: RealMath>(
    _ context: PlanContext, _ n: Int, _: T.Type
  ) throws(Diagnostic) -> PreparedKernel {
    func map(_ f: @escaping (T) -> T) -> PreparedKernel { ElementLoop.map(n, T.self, T.self, f) }
    func test(_ f: @escaping (T) -> Bool) -> PreparedKernel {
      var k = ElementLoop.map(n, T.self, UInt8.self) { f($0) ? 1 : 0 }
      k.inPlace = []
      return k
    }
    switch function {
    case .negate: return map { -$0 }
    case .absolute: return map { $0.magnitude }
    case .sign: return map { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    case .reciprocal: return map { 1 / $0 }
    case .squareRoot: return map { $0.squareRoot() }
    case .exponential: return map { T.exp($0) }
    case .naturalLog: return map { T.log($0) }
    case .floor: return map { $0.rounded(.down) }
    case .ceil: return map { $0.rounded(.up) }
    case .roundHalfEven: return map { $0.rounded(.toNearestOrEven) }
    case .sin: return map { T.sin($0) }
    case .cos: return map { T.cos($0) }
    case .tan: return map { T.tan($0) }
    case .asin: return map { T.asin($0) }
    case .acos: return map { T.acos($0) }
    case .atan: return map { T.atan($0) }
    case .sinh: return map { T.sinh($0) }
    case .cosh: return map { T.cosh($0) }
    case .tanh: return map { T.tanh($0) }
    case .asinh: return map { T.asinh($0) }
    case .acosh: return map { T.acosh($0) }
    case .atanh: return map { T.atanh($0) }
    case .errorFunction: return map { T.erf($0) }
    case .isNaN: return test { $0.isNaN }
    case .isInfinite(let positive, let negative):
      return test { $0.isInfinite && ($0 > 0 ? positive : negative) }
    case .not, .bitwiseNot: throw context.unsupportedType(T.dtype)
    default: return map(UnaryMap.activation(function))
    }
  }

  /// The functions of neural networks as closures; those of plain mathematics are not among them.
  static func activation<T: RealMath>(_ function: UnaryFunction) -> (T) -> T {
    switch function {
    case .sigmoid: return { 1 / (1 + T.exp(-$0)) }
    case .softplus: return softplus
    case .softsign: return { $0 / (1 + $0.magnitude) }
    case .relu: return { $0 < 0 ? 0 : $0 }
    case .leakyRelu(let slope):
      let s = T(slope.value)
      return { $0 > 0 ? $0 : s * $0 }
    case .elu(let alpha):
      let a = T(alpha.value)
      return { $0 > 0 ? $0 : a * T.expm1($0) }
    case .selu(let alpha, let gamma):
      let (a, g) = (T(alpha.value), T(gamma.value))
      return { $0 > 0 ? g * $0 : g * a * T.expm1($0) }
    case .celu(let alpha):
      let a = T(alpha.value)
      return { $0 > 0 ? $0 : a * T.expm1($0 / a) }
    case .thresholdedRelu(let alpha):
      let a = T(alpha.value)
      return { $0 > a ? $0 : 0 }
    case .step(let threshold):
      let t = T(threshold.value)
      return { $0 > t ? 1 : 0 }
    case .hardSigmoid(let alpha, let beta):
      let (a, b) = (T(alpha.value), T(beta.value))
      return { bounded(a * $0 + b, 0, 1) }
    case .hardSwish: return { $0 * bounded($0 / 6 + T(0.5), 0, 1) }
    case .mish: return { $0 * T.tanh(softplus($0)) }
    case .swish(let beta):
      let b = T(beta.value)
      return { $0 / (1 + T.exp(-b * $0)) }
    case .gelu(let approximate):
      if approximate {
        let c = T((2 / Double.pi).squareRoot())
        return { x in T(0.5) * x * (1 + T.tanh(c * (x + T(0.044715) * x * x * x))) }
      }
      let r = T(0.5.squareRoot())
      return { T(0.5) * $0 * (1 + T.erf($0 * r)) }
    case .shrink(let lambda, let bias):
      let (l, b) = (T(lambda.value), T(bias.value))
      return { $0 < -l ? $0 + b : $0 > l ? $0 - b : 0 }
    case .affinePower(let power, let scale, let shift): return affinePower(power, scale, shift)
    case .exponentialBase(let base, let scale, let shift):
      let l = base.value == -1 ? T(1) : T.log(T(base.value))
      let (a, b) = (l * T(scale.value), T.exp(l * T(shift.value)))
      return { b * T.exp(a * $0) }
    case .logBase(let base, let scale, let shift):
      let l = base.value == -1 ? T(1) : 1 / T.log(T(base.value))
      let (a, b) = (T(scale.value), T(shift.value))
      return { l * T.log(a * $0 + b) }
    case .clamp(let lower, let upper):
      let (a, b) = (T(lower.value), T(upper.value))
      return { bounded($0, a, b) }
    default: return { $0 }
    }
  }

  private static func affinePower<T: RealMath>(
    _ power: FloatBits, _ scale: FloatBits, _ shift: FloatBits
  ) -> (T) -> T {
    let (p, a, b) = (T(power.value), T(scale.value), T(shift.value))
    if power.value * scale.value == 0 {
      let constant = p == 0 ? T(1) : T.pow(b, p)
      return { _ in constant }
    }
    if p == 1 { return { a * $0 + b } }
    if p == 2 {
      return {
        let v = a * $0 + b
        return v * v
      }
    }
    return { T.pow(a * $0 + b, p) }
  }

  /// log(1 + eˣ) without overflow.
  static func softplus<T: RealMath>(_ x: T) -> T {
    x > 0 ? x + T.log1p(T.exp(-x)) : T.log1p(T.exp(x))
  }

  /// min(max(x, low), high); NaN stays NaN.
  @inline(__always)
  static func bounded<T: RealMath>(_ x: T, _ low: T, _ high: T) -> T {
    let v = x < low ? low : x
    return v > high ? high : v
  }
}
