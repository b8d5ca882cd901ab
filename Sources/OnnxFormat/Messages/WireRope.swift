import ByteSource
import Diagnostics
import TensorCore

/// Encoded protobuf in pieces: bytes, and payloads that are fetched only when they are written.
///
/// Sizes are known before the first byte is written, so a message of any size streams through a small buffer.
struct WireRope: Sendable {
  /// A payload of known size that is made piece by piece.
  struct Payload: Sendable {
    var byteCount: Int
    /// Gives exactly `byteCount` bytes, piece by piece.
    var produce: @Sendable ((ByteSlice) throws(Diagnostic) -> Void) throws(Diagnostic) -> Void

    func bytes() throws(Diagnostic) -> [UInt8] {
      var out: [UInt8] = []
      try produce { (b) throws(Diagnostic) in out.append(contentsOf: b.bytes) }
      return out
    }
  }
  private enum Piece: Sendable {
    case bytes([UInt8])
    case payload(Payload)
  }
  private var pieces: [Piece] = []
  private var tail: [UInt8] = []
  /// Bytes in all.
  private(set) var byteCount = 0

  init() {}

  private mutating func raw(_ v: UInt64) {
    var v = v
    while v > 0x7f {
      tail.append(UInt8(truncatingIfNeeded: v) | 0x80)
      v >>= 7
      byteCount += 1
    }
    tail.append(UInt8(truncatingIfNeeded: v))
    byteCount += 1
  }

  private mutating func tag(_ field: Int, _ wire: Int) { raw(UInt64(field) << 3 | UInt64(wire)) }

  private mutating func append(_ bytes: some Collection<UInt8>) {
    tail.append(contentsOf: bytes)
    byteCount += bytes.count
  }

  private mutating func fixed32(_ v: UInt32) {
    withUnsafeBytes(of: v.littleEndian) { append(Array($0)) }
  }

  /// An integer field; negative numbers take ten bytes, as protobuf writes them.
  mutating func int(_ field: Int, _ v: Int64) {
    tag(field, 0)
    raw(UInt64(bitPattern: v))
  }

  mutating func int(_ field: Int, _ v: Int) { int(field, Int64(v)) }

  mutating func float(_ field: Int, _ v: Float) {
    tag(field, 5)
    fixed32(v.bitPattern)
  }

  mutating func bytes(_ field: Int, _ v: some Collection<UInt8>) {
    tag(field, 2)
    raw(UInt64(v.count))
    append(v)
  }

  mutating func string(_ field: Int, _ v: String) { bytes(field, Array(v.utf8)) }

  /// A string field that is left out when it is empty.
  mutating func stringIfAny(_ field: Int, _ v: String) { if !v.isEmpty { string(field, v) } }

  mutating func floats(_ field: Int, _ v: [Float]) {
    for x in v { float(field, x) }
  }

  mutating func ints(_ field: Int, _ v: [Int64]) {
    for x in v { int(field, x) }
  }

  /// Integers packed into one field.
  mutating func packed(_ field: Int, _ v: [Int64]) {
    var inner = WireRope()
    for x in v { inner.raw(UInt64(bitPattern: x)) }
    message(field, inner)
  }

  mutating func message(_ field: Int, _ m: WireRope) {
    tag(field, 2)
    raw(UInt64(m.byteCount))
    if m.pieces.isEmpty {
      append(m.tail)
      return
    }
    if !tail.isEmpty {
      pieces.append(.bytes(tail))
      tail = []
    }
    pieces.append(contentsOf: m.pieces)
    tail = m.tail
    byteCount += m.byteCount
  }

  mutating func payload(_ field: Int, _ p: Payload) {
    tag(field, 2)
    raw(UInt64(p.byteCount))
    pieces.append(.bytes(tail))
    tail = []
    pieces.append(.payload(p))
    byteCount += p.byteCount
  }

  /// Everything in memory.
  ///
  /// - Throws: what fetching a payload throws.
  func bytes() throws(Diagnostic) -> [UInt8] {
    var out: [UInt8] = []
    for p in pieces {
      switch p {
      case .bytes(let b): out.append(contentsOf: b)
      case .payload(let p): out.append(contentsOf: try p.bytes())
      }
    }
    return out + tail
  }

  /// Writes everything in order.
  func write(to out: FileWriter) throws(Diagnostic) {
    for p in pieces {
      switch p {
      case .bytes(let b): try out.write(b)
      case .payload(let p):
        let start = out.position
        try p.produce { (b) throws(Diagnostic) in try out.write(b) }
        guard out.position - start == p.byteCount else {
          throw .error("onnx.payload-size", "a constant changed its size while it was written", status: .software)
        }
      }
    }
    try out.write(tail)
  }
}
