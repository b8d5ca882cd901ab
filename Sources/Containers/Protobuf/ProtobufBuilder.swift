import ByteSource
import Diagnostics

/// Bytes that a writer fetches only when they are written.
package enum ProtobufPayload: Sendable {
  /// Bytes of a mapped file or of memory, as they are.
  case slice(ByteSlice)
  /// `count` bytes that `produce` hands over piece by piece.
  case stream(
    count: Int, produce: @Sendable ((UnsafeRawBufferPointer) throws(Diagnostic) -> Void) throws(Diagnostic) -> Void)

  package var count: Int {
    switch self {
    case .slice(let s): s.count
    case .stream(let n, _): n
    }
  }
}

/// A protobuf message being written: fields in the order they are added, sizes known, bulk left where it is.
///
/// Only what is small is held in memory; payloads are streamed when the whole is written. Nested messages are built
/// first and added to the outer one.
package struct ProtobufBuilder: Sendable {
  private var small: [UInt8] = []
  /// Payloads, with the position in `small` they stand at.
  private var payloads: [(at: Int, payload: ProtobufPayload)] = []
  private var payloadBytes = 0

  package init() {}

  /// Size of the message in bytes.
  package var byteCount: Int { small.count + payloadBytes }

  // MARK: Fields

  private mutating func tag(_ field: UInt32, _ type: WireType) {
    small.appendVarint(UInt64(field) << 3 | UInt64(type.rawValue))
  }

  /// uint32, uint64, and bool as 0 or 1.
  package mutating func varint(_ field: UInt32, _ value: UInt64) {
    tag(field, .varint)
    small.appendVarint(value)
  }

  /// int32, int64 and enumerations: negative numbers take ten bytes.
  package mutating func int(_ field: UInt32, _ value: Int64) { varint(field, UInt64(bitPattern: value)) }

  package mutating func bool(_ field: UInt32, _ value: Bool) { varint(field, value ? 1 : 0) }

  package mutating func float(_ field: UInt32, _ value: Float) { fixed32(field, value.bitPattern) }

  package mutating func double(_ field: UInt32, _ value: Double) { fixed64(field, value.bitPattern) }

  package mutating func fixed32(_ field: UInt32, _ bits: UInt32) {
    tag(field, .fixed32)
    withUnsafeBytes(of: bits.littleEndian) { small.append(contentsOf: $0) }
  }

  package mutating func fixed64(_ field: UInt32, _ bits: UInt64) {
    tag(field, .fixed64)
    withUnsafeBytes(of: bits.littleEndian) { small.append(contentsOf: $0) }
  }

  package mutating func string(_ field: UInt32, _ value: String) { bytes(field, Array(value.utf8)) }

  package mutating func bytes(_ field: UInt32, _ value: [UInt8]) {
    tag(field, .lengthDelimited)
    small.appendVarint(UInt64(value.count))
    small += value
  }

  /// Packed int32, int64 or enumerations.
  package mutating func packed(_ field: UInt32, _ values: some Sequence<Int64>) {
    var content: [UInt8] = []
    for v in values { content.appendVarint(UInt64(bitPattern: v)) }
    bytes(field, content)
  }

  /// Packed floats.
  package mutating func packed(_ field: UInt32, _ values: some Sequence<Float>) {
    var content: [UInt8] = []
    for v in values { withUnsafeBytes(of: v.bitPattern.littleEndian) { content.append(contentsOf: $0) } }
    bytes(field, content)
  }

  /// A length-delimited field (bytes, packed floats or doubles) whose content stays where it is until it is written.
  package mutating func payload(_ field: UInt32, _ payload: ProtobufPayload) {
    tag(field, .lengthDelimited)
    small.appendVarint(UInt64(payload.count))
    append(payload)
  }

  /// A nested message.
  package mutating func message(_ field: UInt32, _ inner: ProtobufBuilder) {
    tag(field, .lengthDelimited)
    small.appendVarint(UInt64(inner.byteCount))
    append(inner)
  }

  /// Whole fields as they were read: tag and content.
  package mutating func raw(_ fields: ByteSlice) { append(.slice(fields)) }

  /// The fields of another message of the same type.
  package mutating func append(_ other: ProtobufBuilder) {
    let start = small.count
    small += other.small
    for (at, payload) in other.payloads { payloads.append((start + at, payload)) }
    payloadBytes += other.payloadBytes
  }

  private mutating func append(_ payload: ProtobufPayload) {
    // A few bytes are cheaper to copy than to remember.
    if case .slice(let s) = payload, s.count <= 64 {
      s.withUnsafeBytes { small.append(contentsOf: $0) }
      return
    }
    payloads.append((small.count, payload))
    payloadBytes += payload.count
  }

  // MARK: Writing

  /// Hands over all bytes in order, piece by piece.
  ///
  /// - Throws: what `write` throws; `internal.payload-size` when a payload has not the size it said.
  package func write(to write: (UnsafeRawBufferPointer) throws(Diagnostic) -> Void) throws(Diagnostic) {
    try self.write(slice: { (s) throws(Diagnostic) in try s.withUnsafeBytes(write) }, bytes: write)
  }

  private func write(
    slice: (ByteSlice) throws(Diagnostic) -> Void, bytes: (UnsafeRawBufferPointer) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    var done = 0
    for (at, payload) in payloads {
      try piece(done, at, bytes)
      done = at
      switch payload {
      case .slice(let s): try slice(s)
      case .stream(let count, let produce):
        var written = 0
        try produce { (b) throws(Diagnostic) in
          written += b.count
          try bytes(b)
        }
        guard written == count else {
          throw .error(
            "internal.payload-size", "\(written) bytes were written where \(count) were announced", status: .software)
        }
      }
    }
    try piece(done, small.count, bytes)
  }

  private func piece(
    _ from: Int, _ to: Int, _ write: (UnsafeRawBufferPointer) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    guard from < to else { return }
    try small.withUnsafeBufferPointer { (b) throws(Diagnostic) in
      try write(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: b[from..<to])))
    }
  }

  /// Writes the message to a file; mapped slices go in pieces, so that their pages are touched once and in order.
  package func write(to file: FileWriter) throws(Diagnostic) {
    try write(slice: { (s) throws(Diagnostic) in try file.write(s) }) { (b) throws(Diagnostic) in try file.write(b) }
  }

  /// The message in memory: for tests and small messages.
  package func bytes() throws(Diagnostic) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(byteCount)
    try write { (b) throws(Diagnostic) in out.append(contentsOf: b) }
    return out
  }
}
