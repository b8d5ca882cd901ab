import Diagnostics
import ModelGraph
import TensorCore

/// Conversions from and to strings, floats of 8 bits and less, and packed integers.
struct RareCast {
  var to: DType
  var saturates: Bool
  var roundMode: Cast.RoundMode

  func cast(_ x: Tensor, _ context: EvaluationContext) throws(Diagnostic) -> Tensor {
    if x.dtype == to { return x }
    if x.dtype == .string { return try fromStrings(x, context) }
    if to == .string { return try toStrings(x) }
    if let layout = SmallFloat.layout(to) {
      let codes = try x.floats().map { SmallFloatEncoder.encode($0, layout, saturates: saturates) }
      if to.isSubByte { return try Tensor(codes: codes, dtype: to, shape: x.shape) }
      return try Tensor(codes, shape: x.shape).reinterpreted(as: to)
    }
    if to == .float8e8m0 {
      let codes = try x.floats().map { SmallFloatEncoder.encodeE8M0($0, saturates: saturates, mode: roundMode) }
      return try Tensor(codes, shape: x.shape).reinterpreted(as: to)
    }
    if to.isSubByte {
      let values: [Int64] = x.dtype.isFloat ? try x.doubles().map { NumberLoop.integer($0) } : try x.ints()
      return try Tensor(codes: values.map { UInt8(truncatingIfNeeded: $0) }, dtype: to, shape: x.shape)
    }
    // From a rare type to a plain one: through float32 or int64, which hold all its values.
    let plain = x.dtype.isFloat ? try Tensor(try x.floats(), shape: x.shape) : try Tensor(try x.ints(), shape: x.shape)
    guard NumberLoop.isSupported(to) else {
      throw context.error("run.unsupported-type", "\(x.dtype.rawValue) cannot become \(to.rawValue)")
    }
    let out = try Evaluator.evaluate(Cast(to: to), [.tensor(plain)], context)
    guard let t = out.first?.tensor else { throw context.error("run.result-missing", "nothing was computed") }
    return t
  }

  private func fromStrings(_ x: Tensor, _ context: EvaluationContext) throws(Diagnostic) -> Tensor {
    var numbers: [Double] = []
    var integers: [Int64] = []
    for s in try x.strings() {
      let text = s.string.filter { !$0.isWhitespace }
      if to.isInteger, let i = Int64(text) {
        integers.append(i)
        numbers.append(Double(i))
        continue
      }
      guard let v = Self.number(text) else {
        throw context.error("run.not-a-number", "the string '\(s.string.prefix(40))' is not a number")
      }
      numbers.append(v)
      integers.append(NumberLoop.integer(v))
    }
    let plain = to.isInteger ? try Tensor(integers, shape: x.shape) : try Tensor(numbers, shape: x.shape)
    let out = try Evaluator.evaluate(
      Cast(to: to, saturates: saturates, roundMode: roundMode), [.tensor(plain)], context)
    guard let t = out.first?.tensor else { throw context.error("run.result-missing", "nothing was computed") }
    return t
  }

  static func number(_ text: String) -> Double? {
    switch text.lowercased() {
    case "nan", "+nan", "-nan": return .nan
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    default: return Double(text)
    }
  }

  private func toStrings(_ x: Tensor) throws(Diagnostic) -> Tensor {
    let list: [ByteString]
    switch x.dtype {
    case .float64: list = try x.doubles().map { ByteString(Self.text("\($0)")) }
    case .bool: list = try x.ints().map { ByteString($0 == 0 ? "False" : "True") }
    case .uint64: list = try x.values(UInt64.self).map { ByteString("\($0)") }
    case let t where t.isFloat: list = try x.floats().map { ByteString(Self.text("\($0)")) }
    default: list = try x.ints().map { ByteString("\($0)") }
    }
    return try Tensor(strings: list, shape: x.shape)
  }

  /// As NumPy prints floats: `inf`, `nan`, exponents of two digits.
  private static func text(_ s: String) -> String {
    guard let e = s.firstIndex(of: "e") else { return s }
    let mantissa = s[..<e].hasSuffix(".0") ? s[..<e].dropLast(2) : s[..<e]
    let sign = s[s.index(after: e)] == "-" ? "-" : "+"
    let digits = s[s.index(after: e)...].drop { $0 == "-" || $0 == "+" }
    return "\(mantissa)e\(sign)\(digits.count < 2 ? "0" : "")\(digits)"
  }
}

/// Rounding of float32 to formats of 8 bits and less, to nearest even.
enum SmallFloatEncoder {
  static func encode(_ f: Float, _ l: SmallFloat.Layout, saturates: Bool) -> UInt8 {
    let width = 1 + l.exponentBits + l.mantissaBits
    let signBit: UInt8 = f.sign == .minus ? 1 << UInt8(width - 1) : 0
    let largest = largestCode(l)
    if f.isNaN { return nan(l, signBit) }
    if f.isInfinite {
      if saturates || l.kind == .noSpecials { return signBit | largest }
      return l.kind == .ieee ? signBit | (largest + 1) : nan(l, signBit)
    }
    let a = f.magnitude
    // Codes of one sign are in the order of their values: the nearest is found by halving.
    var (low, high) = (UInt8(0), largest)
    while low < high {
      let middle = low + (high - low + 1) / 2
      if SmallFloat.decode(middle, l) <= a { low = middle } else { high = middle - 1 }
    }
    let below = SmallFloat.decode(low, l)
    var code = low
    if low == largest {
      // Past the largest value by half a step or more there is no finite neighbour.
      let step = below - SmallFloat.decode(largest - 1, l)
      let tieGoesUp = largest & 1 == 1
      let past = a - below
      if past > step / 2 || (past == step / 2 && tieGoesUp) {
        if !saturates, l.kind != .noSpecials { return l.kind == .ieee ? signBit | (largest + 1) : nan(l, signBit) }
      }
    } else {
      let above = SmallFloat.decode(low + 1, l)
      let (down, up) = (Double(a) - Double(below), Double(above) - Double(a))
      if up < down || (up == down && low & 1 == 1) { code = low + 1 }
    }
    if l.kind == .unsignedZero, code == 0 { return 0 }
    return signBit | code
  }

  private static func nan(_ l: SmallFloat.Layout, _ signBit: UInt8) -> UInt8 {
    switch l.kind {
    case .ieee, .finite: return signBit | 0x7f
    case .unsignedZero: return 0x80
    // The sign alone: −0.
    case .noSpecials: return 1 << UInt8(l.exponentBits + l.mantissaBits)
    }
  }

  /// The code of the largest finite value.
  private static func largestCode(_ l: SmallFloat.Layout) -> UInt8 {
    let all = UInt8((1 << (l.exponentBits + l.mantissaBits)) - 1)
    switch l.kind {
    case .ieee: return all - UInt8((1 << l.mantissaBits) - 1) - 1
    case .finite: return all - 1
    case .unsignedZero, .noSpecials: return all
    }
  }

  /// A power of two: `up` away from zero, `down` towards it, `nearest` with ties up.
  static func encodeE8M0(_ f: Float, saturates: Bool, mode: Cast.RoundMode) -> UInt8 {
    if f.isNaN { return 0xff }
    if f.isInfinite { return saturates ? 0xfe : 0xff }
    let a = f.magnitude
    if a == 0 { return 0 }
    let bits = a.bitPattern
    var exponent = Int(bits >> 23)
    let fraction = bits & 0x7f_ffff
    if exponent == 0 {
      // Subnormal: below 2^-126.
      let half: UInt32 = 0x40_0000
      switch mode {
      case .up: exponent = fraction > half ? 1 : 0
      case .down: exponent = 0
      case .nearest: exponent = fraction >= half + half / 2 ? 1 : 0
      }
    } else {
      switch mode {
      case .up: if fraction > 0 { exponent += 1 }
      case .down: break
      case .nearest: if fraction >= 0x40_0000 { exponent += 1 }
      }
    }
    if exponent >= 255 { return saturates ? 0xfe : 0xff }
    return UInt8(exponent)
  }
}
