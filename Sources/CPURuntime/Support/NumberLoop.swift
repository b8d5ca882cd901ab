import TensorCore

/// Single elements of any plain numeric type as Double, for rare mixtures of types.
enum NumberLoop {
  static func isSupported(_ t: DType) -> Bool {
    switch t {
    case .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
      .bool:
      true
    default: false
    }
  }

  // SAFETY: `p` holds more than `i` elements of type `t`.
  static func load(_ t: DType, _ p: UnsafeRawPointer, _ i: Int) -> Double {
    func at<T: BitwiseCopyable>(_: T.Type) -> T {
      p.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self)
    }
    switch t {
    case .float32: return Double(at(Float.self))
    case .float64: return at(Double.self)
    case .float16: return Double(at(Float16.self))
    case .bfloat16: return Double(SmallFloat.decodeBFloat16(at(UInt16.self)))
    case .int8: return Double(at(Int8.self))
    case .int16: return Double(at(Int16.self))
    case .int32: return Double(at(Int32.self))
    case .int64: return Double(at(Int64.self))
    case .uint8: return Double(at(UInt8.self))
    case .uint16: return Double(at(UInt16.self))
    case .uint32: return Double(at(UInt32.self))
    case .uint64: return Double(at(UInt64.self))
    case .bool: return at(UInt8.self) == 0 ? 0 : 1
    default: return 0
    }
  }

  /// Stores a number; integers are truncated towards zero and clamped to their range, NaN becomes 0.
  static func store(_ t: DType, _ p: UnsafeMutableRawPointer, _ i: Int, _ v: Double) {
    func put<T: BitwiseCopyable>(_ x: T) { p.storeBytes(of: x, toByteOffset: i * MemoryLayout<T>.size, as: T.self) }
    switch t {
    case .float32: put(Float(v))
    case .float64: put(v)
    case .float16: put(Float16(v))
    case .bfloat16: put(SmallFloat.encodeBFloat16(Float(v)))
    case .int8: put(integer(v) as Int8)
    case .int16: put(integer(v) as Int16)
    case .int32: put(integer(v) as Int32)
    case .int64: put(integer(v) as Int64)
    case .uint8: put(integer(v) as UInt8)
    case .uint16: put(integer(v) as UInt16)
    case .uint32: put(integer(v) as UInt32)
    case .uint64: put(integer(v) as UInt64)
    case .bool: put(UInt8(v == 0 ? 0 : 1))
    default: break
    }
  }

  /// Truncated towards zero, clamped to the type's range; NaN gives 0.
  @inline(__always)
  static func integer<T: FixedWidthInteger, F: BinaryFloatingPoint>(_ v: F) -> T {
    if v.isNaN { return 0 }
    if let exact = T(exactly: v.rounded(.towardZero)) { return exact }
    return v < 0 ? T.min : T.max
  }
}
