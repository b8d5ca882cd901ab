/// Codecs of the floating-point formats without a Swift type. Sources: the ONNX "Float stored in 8 bits" page, the OCP
/// 8-bit floating point and microscaling specifications.
package enum SmallFloat {
  // MARK: bfloat16

  @inlinable
  package static func decodeBFloat16(_ b: UInt16) -> Float { Float(bitPattern: UInt32(b) << 16) }

  /// Rounds to nearest even; a NaN stays a NaN.
  @inlinable
  package static func encodeBFloat16(_ f: Float) -> UInt16 {
    let u = f.bitPattern
    if f.isNaN { return UInt16(truncatingIfNeeded: u >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (u &+ 0x7fff &+ ((u >> 16) & 1)) >> 16)
  }

  // MARK: 8 bits and less

  /// A format by its exponent and mantissa widths, bias and special values.
  package struct Layout: Sendable, Hashable {
    package var exponentBits: Int
    package var mantissaBits: Int
    package var bias: Int
    package var kind: Kind
    package enum Kind: Sendable {
      /// As IEEE: the largest exponent holds infinities and NaNs (e5m2).
      case ieee
      /// No infinity; only all-ones is NaN (e4m3fn).
      case finite
      /// No infinity, no negative zero; 0x80 is NaN (the "fnuz" forms).
      case unsignedZero
      /// Neither infinity nor NaN (e2m1, e2m3, e3m2).
      case noSpecials
    }
  }

  /// The layout of an 8-, 6- or 4-bit format with a sign; nil for other types (e8m0 has neither sign nor mantissa).
  package static func layout(_ t: DType) -> Layout? {
    switch t {
    case .float8e4m3fn: Layout(exponentBits: 4, mantissaBits: 3, bias: 7, kind: .finite)
    case .float8e4m3fnuz: Layout(exponentBits: 4, mantissaBits: 3, bias: 8, kind: .unsignedZero)
    case .float8e5m2: Layout(exponentBits: 5, mantissaBits: 2, bias: 15, kind: .ieee)
    case .float8e5m2fnuz: Layout(exponentBits: 5, mantissaBits: 2, bias: 16, kind: .unsignedZero)
    case .float6e2m3: Layout(exponentBits: 2, mantissaBits: 3, bias: 1, kind: .noSpecials)
    case .float6e3m2: Layout(exponentBits: 3, mantissaBits: 2, bias: 3, kind: .noSpecials)
    case .float4e2m1: Layout(exponentBits: 2, mantissaBits: 1, bias: 1, kind: .noSpecials)
    default: nil
    }
  }

  /// The value of `code` in the given layout; exact.
  package static func decode(_ code: UInt8, _ l: Layout) -> Float {
    let width = 1 + l.exponentBits + l.mantissaBits
    let sign: Float = (code >> UInt8(width - 1)) & 1 == 1 ? -1 : 1
    let e = Int(code >> UInt8(l.mantissaBits)) & ((1 << l.exponentBits) - 1)
    let m = Int(code) & ((1 << l.mantissaBits) - 1)
    let lastExponent = (1 << l.exponentBits) - 1
    switch l.kind {
    case .ieee where e == lastExponent: return m == 0 ? sign * .infinity : .nan
    case .finite where e == lastExponent && m == (1 << l.mantissaBits) - 1: return .nan
    case .unsignedZero where code == UInt8(1) << UInt8(width - 1): return .nan
    default: break
    }
    let fraction = Float(m) / Float(1 << l.mantissaBits)
    let significand = e == 0 ? fraction : 1 + fraction
    return sign * significand * Float(sign: .plus, exponent: (e == 0 ? 1 : e) - l.bias, significand: 1)
  }

  /// `e8m0`: a power of two, exponent bias 127; 0xff is NaN.
  package static func decodeE8M0(_ code: UInt8) -> Float {
    if code == 0xff { return .nan }
    // 2^-127 is a subnormal float.
    return code == 0 ? Float(bitPattern: 0x0040_0000) : Float(bitPattern: UInt32(code) << 23)
  }
}
