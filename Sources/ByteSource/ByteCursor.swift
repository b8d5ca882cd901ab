import Diagnostics

/// A reading position in a `ByteSlice`: every read is checked against the bytes left and throws, never traps.
package struct ByteCursor {
  package let slice: ByteSlice
  /// Offset in `slice` of the next byte.
  package private(set) var position = 0

  package init(_ slice: ByteSlice) { self.slice = slice }

  package var remaining: Int { slice.count - position }
  package var isAtEnd: Bool { position == slice.count }
  package var location: SourceLocation { slice.location(position) }

  /// The error for input that ends too early.
  private func truncated(_ n: Int) -> Diagnostic {
    .error(
      "bytes.truncated", "the file ends early: \(n) more bytes are wanted, \(remaining) are left", at: location,
      help: "the file may have been cut off while it was copied or downloaded")
  }

  /// Moves to an absolute offset of the slice.
  package mutating func seek(_ to: Int) throws(Diagnostic) {
    guard to >= 0, to <= slice.count else {
      throw .error("bytes.out-of-range", "offset \(to) is outside the \(slice.count) bytes", at: location)
    }
    position = to
  }

  package mutating func skip(_ n: Int) throws(Diagnostic) {
    guard n >= 0, n <= remaining else { throw truncated(n) }
    position += n
  }

  /// The next `n` bytes as a slice: no copy.
  package mutating func take(_ n: Int) throws(Diagnostic) -> ByteSlice {
    guard let s = slice.slice(position, n) else { throw truncated(n) }
    position += n
    return s
  }

  /// Loads a fixed-width integer as it lies in memory (little-endian on the machines we run on).
  @inline(__always)
  private mutating func load<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(Diagnostic) -> T {
    let n = MemoryLayout<T>.size
    guard n <= remaining else { throw truncated(n) }
    // SAFETY: position + n <= slice.count was just shown.
    let v = slice.storage.base.loadUnaligned(fromByteOffset: slice.offset + position, as: T.self)
    position += n
    return v
  }

  package mutating func u8() throws(Diagnostic) -> UInt8 { try load(UInt8.self) }
  package mutating func u16() throws(Diagnostic) -> UInt16 { UInt16(littleEndian: try load(UInt16.self)) }
  package mutating func u32() throws(Diagnostic) -> UInt32 { UInt32(littleEndian: try load(UInt32.self)) }
  package mutating func u64() throws(Diagnostic) -> UInt64 { UInt64(littleEndian: try load(UInt64.self)) }
  package mutating func i32() throws(Diagnostic) -> Int32 { Int32(littleEndian: try load(Int32.self)) }
  package mutating func i64() throws(Diagnostic) -> Int64 { Int64(littleEndian: try load(Int64.self)) }
  package mutating func u16BE() throws(Diagnostic) -> UInt16 { UInt16(bigEndian: try load(UInt16.self)) }
  package mutating func u32BE() throws(Diagnostic) -> UInt32 { UInt32(bigEndian: try load(UInt32.self)) }
  package mutating func u64BE() throws(Diagnostic) -> UInt64 { UInt64(bigEndian: try load(UInt64.self)) }
  package mutating func f32() throws(Diagnostic) -> Float { Float(bitPattern: try u32()) }
  package mutating func f64() throws(Diagnostic) -> Double { Double(bitPattern: try u64()) }
  package mutating func f64BE() throws(Diagnostic) -> Double { Double(bitPattern: try u64BE()) }

  /// A base-128 varint of at most 64 bits (protobuf).
  package mutating func varint() throws(Diagnostic) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let b = try u8()
      if shift == 63 && b > 1 {
        throw .error("bytes.varint-overflow", "a variable-length integer has more than 64 bits", at: location)
      }
      value |= UInt64(b & 0x7f) << shift
      if b < 0x80 { return value }
      shift += 7
      if shift > 63 {
        throw .error("bytes.varint-overflow", "a variable-length integer has more than 10 bytes", at: location)
      }
    }
  }

  /// Bytes up to (not including) the next line feed, which is consumed.
  package mutating func line(limit: Int = 1 << 20) throws(Diagnostic) -> ByteSlice {
    var n = 0
    while let b = slice[position + n], n <= limit {
      if b == 0x0a {
        let s = try take(n)
        position += 1
        return s
      }
      n += 1
    }
    throw .error("bytes.unterminated-line", "a line does not end", at: location)
  }
}

/// The product of sizes, or nil when one is negative or the product overflows.
@inlinable
package func checkedProduct(_ sizes: some Sequence<Int>) -> Int? {
  var p = 1
  var overflowed = false
  for x in sizes {
    guard x >= 0 else { return nil }
    if x == 0 { return zeroProduct(sizes) }
    let (v, o) = p.multipliedReportingOverflow(by: x)
    if o { overflowed = true } else { p = v }
  }
  return overflowed ? nil : p
}

/// A product with a zero factor is zero, however large the others are, unless one is negative.
@usableFromInline
func zeroProduct(_ sizes: some Sequence<Int>) -> Int? { sizes.contains { $0 < 0 } ? nil : 0 }
