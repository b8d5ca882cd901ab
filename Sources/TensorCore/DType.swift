/// The element types of tensors, named as ONNX and NumPy name them.
///
/// Raw values are stable text names. Sub-byte types are stored packed, first element in the low bits, as ONNX packs them; 6-bit
/// elements are a stream of bits that crosses bytes.
package enum DType: String, Sendable, Hashable, CaseIterable, Codable {
  case float32, float64, float16, bfloat16
  case int8, int16, int32, int64
  case uint8, uint16, uint32, uint64
  case bool, string
  case complex64, complex128
  case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float8e8m0
  case int4, uint4, float4e2m1, int2, uint2
  case float6e2m3, float6e3m2

  /// Bits of one element; 0 for strings, which have no fixed size.
  package var bitWidth: Int {
    switch self {
    case .complex128: 128
    case .float64, .int64, .uint64, .complex64: 64
    case .float32, .int32, .uint32: 32
    case .float16, .bfloat16, .int16, .uint16: 16
    case .int8, .uint8, .bool, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
    case .float6e2m3, .float6e3m2: 6
    case .int4, .uint4, .float4e2m1: 4
    case .int2, .uint2: 2
    case .string: 0
    }
  }

  /// Bytes of one element; 0 for strings and sub-byte types.
  package var byteWidth: Int { bitWidth / 8 }

  package var isSubByte: Bool { bitWidth > 0 && bitWidth < 8 }

  /// Bytes of `count` packed elements, or nil on overflow.
  package func byteCount(_ count: Int) -> Int? {
    guard count >= 0 else { return nil }
    let (bits, overflow) = count.multipliedReportingOverflow(by: bitWidth)
    return overflow ? nil : bits / 8 + (bits % 8 == 0 ? 0 : 1)
  }

  /// Real floating-point types of any width.
  package var isFloat: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0, .float6e2m3, .float6e3m2, .float4e2m1:
      true
    default: false
    }
  }

  package var isInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .int4, .uint4, .int2, .uint2: true
    default: false
    }
  }

  package var isSigned: Bool {
    switch self {
    case .uint8, .uint16, .uint32, .uint64, .uint4, .uint2, .bool: false
    default: true
    }
  }

  package var isComplex: Bool { self == .complex64 || self == .complex128 }

  /// Types that are compared and shown as float32 (the command-line contract's rule for tensor paths).
  package var isNarrowFloat: Bool { isFloat && self != .float32 && self != .float64 }
}
