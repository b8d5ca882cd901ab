import TensorCore
import Testing

@Suite struct SmallFloatTests {
  @Test func bfloat16RoundTripsAllPatterns() {
    for b in UInt16.min...UInt16.max {
      let f = SmallFloat.decodeBFloat16(b)
      if f.isNaN {
        #expect(SmallFloat.decodeBFloat16(SmallFloat.encodeBFloat16(f)).isNaN)
      } else if SmallFloat.encodeBFloat16(f) != b {
        Issue.record("pattern \(b)")
      }
    }
  }

  @Test(
    arguments: [
      (Float(1), 0x3f80), (1.00390625, 0x3f80), (1.01171875, 0x3f82), (1.0117188, 0x3f82), (.infinity, 0x7f80),
      (Float.greatestFiniteMagnitude, 0x7f80), (-0.0, 0x8000), (Float.leastNonzeroMagnitude, 0),
    ] as [(Float, UInt16)])
  func bfloat16RoundsToNearestEven(value: Float, code: UInt16) { #expect(SmallFloat.encodeBFloat16(value) == code) }

  /// Values of the formats' tables (OCP 8-bit floating point, ONNX float8 page).
  @Test(arguments: [
    (DType.float8e4m3fn, UInt8(0x7e), Float(448)), (.float8e4m3fn, 0x01, 0.001953125), (.float8e4m3fn, 0x38, 1),
    (.float8e4m3fn, 0x80, -0.0), (.float8e4m3fnuz, 0x7f, 240), (.float8e4m3fnuz, 0x40, 1),
    (.float8e5m2, 0x7b, 57344), (.float8e5m2, 0x7c, .infinity), (.float8e5m2, 0x01, 1.52587890625e-05),
    (.float8e5m2fnuz, 0x7f, 57344), (.float8e5m2fnuz, 0x40, 1), (.float4e2m1, 0x01, 0.5), (.float4e2m1, 0x0f, -6),
  ])
  func tableValues(type: DType, code: UInt8, value: Float) throws {
    let l = try #require(SmallFloat.layout(type))
    #expect(SmallFloat.decode(code, l).bitPattern == value.bitPattern)
  }

  @Test(arguments: [
    (DType.float8e4m3fn, [UInt8(0x7f), 0xff]), (.float8e4m3fnuz, [0x80]), (.float8e5m2, [0x7d, 0xfe]),
    (.float8e5m2fnuz, [0x80]),
  ])
  func notNumbers(type: DType, codes: [UInt8]) throws {
    let l = try #require(SmallFloat.layout(type))
    let all = (UInt8.min...UInt8.max).filter { SmallFloat.decode($0, l).isNaN }
    for c in codes { #expect(all.contains(c)) }
    if type != .float8e5m2 { #expect(all == codes) }
  }

  /// Positive codes are ordered as their values, which a wrong exponent or mantissa width would break.
  @Test(arguments: [DType.float8e4m3fn, .float8e4m3fnuz, .float8e5m2fnuz])
  func codesAreOrdered(type: DType) throws {
    let l = try #require(SmallFloat.layout(type))
    let values = (UInt8(0)..<0x7f).map { SmallFloat.decode($0, l) }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func powersOfTwo() {
    #expect(SmallFloat.decodeE8M0(127) == 1)
    #expect(SmallFloat.decodeE8M0(130) == 8)
    #expect(SmallFloat.decodeE8M0(0) == 0x1p-127)
    #expect(SmallFloat.decodeE8M0(254) == 0x1p127)
    #expect(SmallFloat.decodeE8M0(255).isNaN)
  }
}
