import ByteSource
import Diagnostics

/// The last three bits of a protobuf tag.
package enum WireType: UInt8, Sendable, Hashable {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case startGroup = 3
  case endGroup = 4
  case fixed32 = 5
}

/// One field as it lies in a protobuf message.
package struct WireField: Sendable {
  package let number: UInt32
  package let type: WireType
  /// The number of a varint or fixed-width field.
  package let value: UInt64
  /// The content of a length-delimited field or of a group; for others the bytes of the number.
  package let payload: ByteSlice
  /// The whole field, tag included.
  package let bytes: ByteSlice

  /// Where its tag stands in the storage (for a mapped file: in the file).
  package var offset: Int { bytes.offset }
}

/// Reads a protobuf message field by field without knowing its schema: nothing is copied.
package struct WireReader {
  private var cursor: ByteCursor
  /// Groups inside groups that are skipped before the message is refused.
  private static let groupDepth = 64

  package init(_ slice: ByteSlice) { cursor = ByteCursor(slice) }

  /// Offset in the slice of the next field.
  package var position: Int { cursor.position }

  /// The next field; nil at the end.
  ///
  /// - Throws: `protobuf.bad-tag`, `protobuf.bad-length`, `protobuf.bad-group` or `bytes.truncated` with the offset.
  package mutating func next() throws(Diagnostic) -> WireField? {
    if cursor.isAtEnd { return nil }
    let start = cursor.position
    let (number, type) = try tag()
    guard type != .endGroup else { throw bad("bad-group", "a group ends that was not started", start) }
    return try body(number, type, start)
  }

  /// Skips the fields that directly follow `field` with the same tag and width: one stretch of unpacked values.
  ///
  /// - Returns: how many were skipped; `field` has a fixed width and was the last one read.
  mutating func skipRepeats(of field: WireField) -> Int {
    let width = field.bytes.count
    let tagBytes = width - field.payload.count
    let start = cursor.position
    let n = cursor.slice.withUnsafeBytes { all in
      field.bytes.withUnsafeBytes { one in
        var at = start
        while all.count - at >= width {
          // SAFETY: at + width <= all.count was just shown, and tagBytes <= width = one.count.
          var i = 0
          while i < tagBytes, all[at + i] == one[i] { i += 1 }
          if i < tagBytes { break }
          at += width
        }
        return (at - start) / width
      }
    }
    guard n > 0, (try? cursor.skip(n * width)) != nil else { return 0 }
    return n
  }

  private func bad(_ code: String, _ message: String, _ at: Int) -> Diagnostic {
    .error(
      "protobuf." + code, message, at: cursor.slice.location(at),
      help: "the file is damaged or is not a protobuf message of this kind")
  }

  private mutating func tag() throws(Diagnostic) -> (UInt32, WireType) {
    let start = cursor.position
    let tag = try cursor.varint()
    guard let type = WireType(rawValue: UInt8(tag & 7)), tag >> 3 >= 1, tag >> 3 <= 0x1fff_ffff else {
      throw bad("bad-tag", "no protobuf field can start with this tag (\(tag))", start)
    }
    return (UInt32(tag >> 3), type)
  }

  private mutating func body(_ number: UInt32, _ type: WireType, _ start: Int) throws(Diagnostic) -> WireField {
    var content = cursor.position
    var value: UInt64 = 0
    var end: Int?
    switch type {
    case .varint: value = try cursor.varint()
    case .fixed64: value = try cursor.u64()
    case .fixed32: value = UInt64(try cursor.u32())
    case .lengthDelimited:
      let length = try length(number, start)
      content = cursor.position
      try cursor.skip(length)
    case .startGroup: end = try skipGroup(number, start)
    case .endGroup: throw bad("bad-group", "a group ends that was not started", start)
    }
    let slice = cursor.slice
    return WireField(
      number: number, type: type, value: value,
      payload: try slice.checkedSlice(content, (end ?? cursor.position) - content),
      bytes: try slice.checkedSlice(start, cursor.position - start))
  }

  /// The length before a length-delimited content: not more than the bytes left.
  private mutating func length(_ number: UInt32, _ start: Int) throws(Diagnostic) -> Int {
    let length = try cursor.varint()
    guard length <= UInt64(cursor.remaining) else {
      throw bad("bad-length", "field \(number) is \(length) bytes long, but only \(cursor.remaining) are left", start)
    }
    return Int(length)
  }

  /// Skips to behind the end of the group `number`, which may hold further groups.
  ///
  /// - Returns: where its content ends.
  private mutating func skipGroup(_ number: UInt32, _ start: Int) throws(Diagnostic) -> Int {
    var open = [number]
    while let innermost = open.last {
      let at = cursor.position
      let (number, type) = try tag()
      switch type {
      case .startGroup:
        guard open.count < Self.groupDepth else { throw bad("too-deep", "too many groups inside each other", at) }
        open.append(number)
      case .endGroup:
        guard number == innermost else { throw bad("bad-group", "group \(innermost) ends as group \(number)", at) }
        open.removeLast()
        if open.isEmpty { return at }
      case .varint: _ = try cursor.varint()
      case .fixed64: try cursor.skip(8)
      case .fixed32: try cursor.skip(4)
      case .lengthDelimited: try cursor.skip(try length(number, at))
      }
    }
    throw bad("bad-group", "a group does not end", start)
  }
}

/// A message read without a schema: its fields in the order of the file.
package struct WireMessage: Sendable {
  package let bytes: ByteSlice
  package let fields: [WireField]

  /// - Parameter limit: fields that are read before the message is refused.
  /// - Throws: as `WireReader.next()`; `protobuf.too-many-fields`.
  package init(_ bytes: ByteSlice, limit: Int = 1 << 20) throws(Diagnostic) {
    var reader = WireReader(bytes)
    var fields: [WireField] = []
    while let field = try reader.next() {
      guard fields.count < limit else {
        throw .error("protobuf.too-many-fields", "more than \(limit) fields in one message", at: bytes.location())
      }
      fields.append(field)
    }
    self.bytes = bytes
    self.fields = fields
  }

  /// The occurrences of one field.
  package func fields(_ number: UInt32) -> [WireField] { fields.filter { $0.number == number } }

  /// The last occurrence of one field: the one that holds where the field is not repeated.
  package func last(_ number: UInt32) -> WireField? { fields.last { $0.number == number } }
}
