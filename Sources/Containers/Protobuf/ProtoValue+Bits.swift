extension ProtoValue {
  /// A scalar from the number it is written as: the value of a varint, or the bits of a fixed-width field.
  init(_ kind: ProtoKind, bits: UInt64) {
    func unzigzag(_ v: UInt64) -> Int64 { Int64(bitPattern: (v >> 1) ^ (0 &- (v & 1))) }
    self =
      switch kind {
      case .int32, .sfixed32: .int(Int64(Int32(truncatingIfNeeded: bits)))
      case .int64, .sfixed64: .int(Int64(bitPattern: bits))
      case .sint32: .int(unzigzag(bits & 0xffff_ffff))
      case .sint64: .int(unzigzag(bits))
      case .uint32, .fixed32: .uint(UInt64(UInt32(truncatingIfNeeded: bits)))
      case .uint64, .fixed64: .uint(bits)
      case .float: .float(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      case .double: .double(Double(bitPattern: bits))
      case .bool: .bool(bits != 0)
      default: .enumeration(Int32(truncatingIfNeeded: bits))
      }
  }
}

extension ProtoValue {
  /// The number a scalar is written as: the inverse of `init(_:bits:)`.
  func bits(_ kind: ProtoKind) -> UInt64 {
    switch self {
    case .int(let v):
      kind == .sint32 || kind == .sint64 ? UInt64(bitPattern: (v << 1) ^ (v >> 63)) : UInt64(bitPattern: v)
    case .uint(let v): v
    case .float(let v): kind == .double ? Double(v).bitPattern : UInt64(v.bitPattern)
    case .double(let v): kind == .float ? UInt64(Float(v).bitPattern) : v.bitPattern
    case .bool(let v): v ? 1 : 0
    case .enumeration(let v): UInt64(bitPattern: Int64(v))
    case .string, .bytes, .message: 0
    }
  }
}
