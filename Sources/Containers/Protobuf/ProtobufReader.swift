import ByteSource
import CProtobufC
import Diagnostics

/// Reads binary protobuf as messages of a type: bulk stays in the file, the rest is decoded by protobuf-c.
package struct ProtobufReader: Sendable {
  package var limits: ProtobufLimits
  /// Which message fields may be damaged without making the file unreadable: such a field then is in `unknown` of its
  /// message, with the problem. For parameters that another fork may have written under the same number.
  package var isolates: @Sendable (ProtoType, ProtoField) -> Bool

  package init(
    limits: ProtobufLimits = ProtobufLimits(),
    isolates: @escaping @Sendable (ProtoType, ProtoField) -> Bool = { _, _ in false }
  ) {
    self.limits = limits
    self.isolates = isolates
  }

  /// The message that `bytes` hold.
  ///
  /// - Throws: `protobuf.*` or `bytes.*` with the offset where the bytes are not such a message or run into a limit.
  package func read(_ bytes: ByteSlice, as type: ProtoType) throws(Diagnostic) -> ProtoMessage {
    var message = ProtoMessage(type, file: bytes.storage.path, place: .byte(bytes.offset))
    message.wire = bytes
    var scanner = ProtobufScanner(limits: limits, isDirect: type.descriptor == nil, isolates: isolates)
    try scanner.scan(bytes, into: &message, depth: 0)
    guard let descriptor = type.descriptor else { return message }
    let skeleton = scanner.skeleton
    let unpacked = skeleton.withUnsafeBufferPointer {
      protobuf_c_message_unpack(descriptor.pointer, nil, $0.count, $0.baseAddress)
    }
    guard let unpacked else {
      throw .error("protobuf.unreadable", "the file is no \(type.shortName)", at: bytes.location())
    }
    defer { protobuf_c_message_free_unpacked(unpacked, nil) }
    try ProtobufCFields.fill(&message, from: unpacked)
    return message
  }

  /// Reads an unknown field, or one that a fork gave another meaning, by that meaning: the occurrences of
  /// `field.number` among the bytes `message` was read from are added to it under `field.name`.
  ///
  /// - Returns: false where no bytes under that number are of the field's wire type; `message` then is unchanged.
  /// - Throws: as `read`; `message` then is unchanged.
  @discardableResult
  package func adopt(_ field: ProtoField, in message: inout ProtoMessage) throws(Diagnostic) -> Bool {
    guard let wire = message.wire else { return false }
    let only = ProtoType("fork of \(message.type.name)", [field])
    var scanner = ProtobufScanner(limits: limits, isDirect: true, isolates: isolates)
    var read = ProtoMessage(only, file: message.file, place: message.place)
    try scanner.scan(wire, into: &read, depth: 0)
    guard let slot = read.slot(field.name) else { return false }
    message.slots.removeAll { $0.field.number == field.number || $0.field.name == field.name }
    message.slots.append(slot)
    message.unknown.removeAll { if case .wire(let item, _) = $0 { item.number == field.number } else { false } }
    return true
  }
}

/// Copies what protobuf-c decoded into a message that the scanner made.
enum ProtobufCFields {
  /// Adds scalars and strings to `message` and to all messages in it.
  ///
  /// - Throws: `protobuf.unreadable` when the two trees differ, which they cannot.
  static func fill(
    _ message: inout ProtoMessage, from unpacked: UnsafePointer<ProtobufCMessage>
  ) throws(Diagnostic) {
    // SAFETY: `unpacked` was made by protobuf-c for the descriptor it names, whose table gives the offset and the kind
    // of every member of its struct.
    let descriptor = unpacked.pointee.descriptor.pointee
    let base = UnsafeRawPointer(unpacked)
    let place = message.place
    for d in UnsafeBufferPointer(start: descriptor.fields, count: Int(descriptor.n_fields)) {
      guard let field = message.type.field(number: d.id) else { continue }
      if field.isBulk || field.kind == .bytes { continue }
      let member = base + Int(d.offset)
      if field.isRepeated {
        let count = base.load(fromByteOffset: Int(d.quantifier_offset), as: Int.self)
        guard count > 0, let array = member.load(as: UnsafeRawPointer?.self) else { continue }
        if field.kind == .message {
          let pointers = array.assumingMemoryBound(to: UnsafePointer<ProtobufCMessage>?.self)
          try fillNested(field, UnsafeBufferPointer(start: pointers, count: count), in: &message)
          continue
        }
        let size = field.kind == .string ? MemoryLayout<UnsafeRawPointer>.size : 4
        var elements: [ProtoElement] = []
        elements.reserveCapacity(count)
        for i in 0..<count {
          if let v = scalar(field.kind, at: array + i * size) { elements.append(ProtoElement(v, place: place)) }
        }
        message.slots.append(ProtoMessage.Slot(field: field, elements: elements, bulk: nil))
        continue
      }
      guard isSet(d, member, base) else {
        // Of a `oneof` only the last member given holds.
        if field.kind == .message { message.clear(field.name) }
        continue
      }
      if field.kind == .message {
        let pointers = member.assumingMemoryBound(to: UnsafePointer<ProtobufCMessage>?.self)
        try fillNested(field, UnsafeBufferPointer(start: pointers, count: 1), in: &message)
      } else if let v = scalar(field.kind, at: member) {
        message.add(ProtoElement(v, place: place), to: field)
      }
    }
  }

  private static func isSet(_ d: ProtobufCFieldDescriptor, _ member: UnsafeRawPointer, _ base: UnsafeRawPointer) -> Bool
  {
    if d.flags & PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue != 0 {
      return base.load(fromByteOffset: Int(d.quantifier_offset), as: UInt32.self) == d.id
    }
    if d.type == PROTOBUF_C_TYPE_STRING || d.type == PROTOBUF_C_TYPE_MESSAGE {
      let pointer = member.load(as: UnsafeRawPointer?.self)
      return pointer != nil && pointer != d.default_value
    }
    if d.label == PROTOBUF_C_LABEL_REQUIRED { return true }
    return base.load(fromByteOffset: Int(d.quantifier_offset), as: Int32.self) != 0
  }

  /// A value of a struct's member; strings lie behind a pointer.
  private static func scalar(_ kind: ProtoKind, at member: UnsafeRawPointer) -> ProtoValue? {
    guard kind == .string else { return ProtoField.value(kind, at: member) }
    return member.load(as: UnsafePointer<CChar>?.self).map { .string(String(cString: $0)) }
  }

  private static func fillNested(
    _ field: ProtoField, _ unpacked: UnsafeBufferPointer<UnsafePointer<ProtobufCMessage>?>,
    in message: inout ProtoMessage
  ) throws(Diagnostic) {
    guard let index = message.slots.firstIndex(where: { $0.field === field }),
      message.slots[index].elements.count == unpacked.count
    else { throw .error("protobuf.unreadable", "'\(field.name)' cannot be read", at: message.location()) }
    for (i, pointer) in unpacked.enumerated() {
      guard let pointer, case .message(var child) = message.slots[index].elements[i].value else { continue }
      // Held by `child` alone, the message is changed in place.
      message.slots[index].elements[i].value = .bool(false)
      try fill(&child, from: pointer)
      message.slots[index].elements[i].value = .message(child)
    }
  }
}
