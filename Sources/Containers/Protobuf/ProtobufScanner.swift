import ByteSource
import Diagnostics

/// Walks a binary message by its schema. It keeps the slices of repeated numbers and of bytes fields, sets aside what
/// the schema does not know or whose wire type is not the schema's, and copies the rest, which is small, to a skeleton.
///
/// The skeleton holds no trace of what was taken out, so nothing in it can be mistaken for data; it is valid protobuf
/// of the same type, in which every message of the tree stands at its own place.
struct ProtobufScanner {
  let limits: ProtobufLimits
  /// Message fields whose damage is set aside in `unknown` instead of making the whole file unreadable.
  let isolates: @Sendable (ProtoType, ProtoField) -> Bool
  /// True where scalars go straight into the messages: for types that protobuf-c does not know.
  let isDirect: Bool
  /// The message without what was taken out.
  private(set) var skeleton: [UInt8] = []
  private var messages = 0
  private var values = 0
  private var structBytes = 0

  init(
    limits: ProtobufLimits, isDirect: Bool, isolates: @escaping @Sendable (ProtoType, ProtoField) -> Bool
  ) {
    self.limits = limits
    self.isDirect = isDirect
    self.isolates = isolates
  }

  /// Reads the fields of one message into `message`. Scalars and strings go to the skeleton only, unless `isDirect`.
  mutating func scan(_ bytes: ByteSlice, into message: inout ProtoMessage, depth: Int) throws(Diagnostic) {
    try spend(message.type, bytes, depth)
    var reader = WireReader(bytes)
    var missing = message.type.requiredFields.map(\.number)
    while let item = try reader.next() {
      guard let field = message.type.field(number: item.number) else {
        try spendValue(item)
        message.unknown.append(.wire(item, problem: nil))
        continue
      }
      let isPackedRun = item.type == .lengthDelimited && field.isRepeated && field.kind.isPackable
      guard item.type == field.kind.wireType || isPackedRun else {
        try spendValue(item)
        message.unknown.append(.wire(item, problem: wrongType(item, field, message.type)))
        continue
      }
      missing.removeAll { $0 == item.number }
      if field.isBulk {
        try bulk(item, field, isPackedRun, &reader, &message)
      } else if field.kind == .message {
        try nested(item, field, &message, depth)
      } else {
        try spendValue(item)
        try value(item, field, isPackedRun, &message)
      }
    }
    guard let number = missing.first, let field = message.type.field(number: number) else { return }
    throw .error(
      "protobuf.missing-required", "\(message.type.shortName) has no '\(field.name)', which it needs",
      at: bytes.location())
  }

  // MARK: Limits

  private mutating func spend(_ type: ProtoType, _ bytes: ByteSlice, _ depth: Int) throws(Diagnostic) {
    guard depth < limits.depth else {
      throw .error(
        "protobuf.too-deep", "more than \(limits.depth) messages stand inside each other", at: bytes.location())
    }
    messages += 1
    // A message's struct size is a constant of the generated code.
    structBytes += type.descriptor.map { Int($0.pointer.pointee.sizeof_message) } ?? 256
    guard messages <= limits.messages, structBytes <= limits.structBytes else {
      throw tooMany("\(messages) messages", bytes)
    }
  }

  private mutating func spendValue(_ item: WireField) throws(Diagnostic) {
    values += 1
    guard values <= limits.values else { throw tooMany("\(values) values", item.bytes) }
  }

  private func tooMany(_ what: String, _ bytes: ByteSlice) -> Diagnostic {
    .error(
      "protobuf.too-many-fields", "the file has more parts than can be read: \(what)", at: bytes.location(),
      help: "no model has that many; the file is damaged")
  }

  private func wrongType(_ item: WireField, _ field: ProtoField, _ type: ProtoType) -> Diagnostic {
    Diagnostic(
      .warning, "protobuf.wrong-wire-type",
      "field \(item.number) of \(type.shortName) is not a '\(field.name)': it was written by another schema",
      at: item.bytes.location())
  }

  // MARK: Kinds of fields

  private mutating func bulk(
    _ item: WireField, _ field: ProtoField, _ isPacked: Bool, _ reader: inout WireReader, _ message: inout ProtoMessage
  ) throws(Diagnostic) {
    let index: Int
    if let i = message.slots.firstIndex(where: { $0.field === field }) {
      index = i
    } else {
      index = message.slots.count
      message.slots.append(ProtoMessage.Slot(field: field, elements: [], bulk: ProtoBulk(kind: field.kind)))
    }
    let runs = message.slots[index].bulk?.runs.count ?? 0
    if isPacked {
      let n = try packedCount(item, field)
      message.slots[index].bulk?.append(packed: item.payload, count: n)
    } else {
      let repeats = field.kind.wireType == .varint ? 0 : reader.skipRepeats(of: item)
      message.slots[index].bulk?.append(tagged: item, repeats: repeats)
    }
    if message.slots[index].bulk?.runs.count ?? 0 > runs { try spendValue(item) }
  }

  /// How many numbers a packed field holds.
  private func packedCount(_ item: WireField, _ field: ProtoField) throws(Diagnostic) -> Int {
    let bytes = item.payload
    let isWhole: Bool
    let count: Int
    if field.kind.wireType == .varint {
      count = ProtoBulk.varintCount(bytes)
      isWhole = bytes.isEmpty || bytes[bytes.count - 1].map { $0 < 0x80 } == true
    } else {
      let size = field.kind.wireType == .fixed64 ? 8 : 4
      count = bytes.count / size
      isWhole = bytes.count % size == 0
    }
    guard isWhole else {
      throw .error(
        "protobuf.packed-length", "'\(field.name)' ends inside a number: it has \(bytes.count) bytes",
        at: bytes.location(), help: "the file is damaged")
    }
    return count
  }

  private mutating func nested(
    _ item: WireField, _ field: ProtoField, _ message: inout ProtoMessage, _ depth: Int
  ) throws(Diagnostic) {
    guard let type = field.messageType else { return }
    // A second occurrence of a field that is not repeated adds to the first one.
    let existing = field.isRepeated ? nil : message.slots.firstIndex { $0.field === field }
    var child = ProtoMessage(type, file: message.file, place: .byte(item.payload.offset))
    child.wire = item.payload
    if let existing, case .message(let first)? = message.slots[existing].elements.last?.value {
      child = first
      // Held by `child` alone, the first one grows in place.
      message.slots.remove(at: existing)
    }

    let mark = skeleton.count
    if !isDirect {
      try append(tag: item)
      // The length is filled in afterwards: five bytes hold any length, padded.
      skeleton.append(contentsOf: [0x80, 0x80, 0x80, 0x80, 0])
    }
    do throws(Diagnostic) {
      let start = skeleton.count
      try scan(item.payload, into: &child, depth: depth + 1)
      if !isDirect { patch(length: skeleton.count - start, before: start) }
    } catch {
      guard isolates(message.type, field), error.code != "protobuf.too-many-fields" else { throw error }
      skeleton.removeLast(skeleton.count - mark)
      message.unknown.append(.wire(item, problem: error))
      return
    }
    message.add(ProtoElement(.message(child), place: child.place), to: field)
  }

  private mutating func value(
    _ item: WireField, _ field: ProtoField, _ isPacked: Bool, _ message: inout ProtoMessage
  ) throws(Diagnostic) {
    if field.kind == .bytes {
      if !field.isRepeated { message.clear(field.name) }
      message.add(ProtoElement(.bytes(item.payload), place: .byte(item.payload.offset)), to: field)
      return
    }
    if field.kind == .string, item.payload.withUnsafeBytes({ $0.contains(0) }) {
      throw .error(
        "protobuf.string-with-nul", "'\(field.name)' has a NUL inside", at: item.payload.location(),
        help: "the file is damaged")
    }
    if isDirect { return try direct(item, field, isPacked, &message) }
    try append(copy: item.bytes)
  }

  /// Puts a scalar into the message itself.
  private mutating func direct(
    _ item: WireField, _ field: ProtoField, _ isPacked: Bool, _ message: inout ProtoMessage
  ) throws(Diagnostic) {
    let place = ProtoPlace.byte(item.offset)
    if isPacked {
      var cursor = ByteCursor(item.payload)
      while !cursor.isAtEnd {
        try spendValue(item)
        message.add(ProtoElement(ProtoValue(field.kind, bits: try cursor.varint()), place: place), to: field)
      }
      return
    }
    if !field.isRepeated { message.clear(field.name) }
    let value = field.kind == .string ? ProtoValue.string(item.payload.text) : ProtoValue(field.kind, bits: item.value)
    message.add(ProtoElement(value, place: place), to: field)
  }

  // MARK: Skeleton

  private mutating func append(copy bytes: ByteSlice) throws(Diagnostic) {
    guard bytes.count <= limits.skeletonBytes - skeleton.count else { throw tooMany("\(skeleton.count) bytes", bytes) }
    bytes.withUnsafeBytes { skeleton.append(contentsOf: $0) }
  }

  private mutating func append(tag item: WireField) throws(Diagnostic) {
    guard skeleton.count <= limits.skeletonBytes - 16 else { throw tooMany("\(skeleton.count) bytes", item.bytes) }
    skeleton.appendVarint(UInt64(item.number) << 3 | 2)
  }

  /// Writes a length into the five bytes before `start`.
  private mutating func patch(length: Int, before start: Int) {
    var rest = length
    for i in 0..<5 {
      skeleton[start - 5 + i] = UInt8(truncatingIfNeeded: rest & 0x7f) | (i < 4 ? 0x80 : 0)
      rest >>= 7
    }
  }
}
