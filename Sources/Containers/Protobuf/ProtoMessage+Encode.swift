import ByteSource
import Diagnostics

extension ProtoMessage {
  /// The message as it is written to a binary file: fields in the order of their numbers, then unknown fields as they
  /// were read. Bulk is not copied. Unknown fields of a text have no binary form and are left out.
  ///
  /// - Throws: `memory.exhausted` or what reading scattered bulk throws.
  package func encoded() throws(Diagnostic) -> ProtobufBuilder {
    var out = ProtobufBuilder()
    for slot in slots.sorted(by: { $0.field.number < $1.field.number }) {
      let field = slot.field
      // Elements beside a bulk follow it in the list.
      if let bulk = slot.bulk, !bulk.runs.isEmpty { try out.add(bulk, field) }
      if field.isRepeated, field.isPacked, !slot.elements.isEmpty {
        try out.add(
          ProtoBulk(kind: field.kind, packed: try packed(slot.elements, field.kind), isFixedWidth: true), field)
        continue
      }
      for element in slot.elements { try out.add(element.value, field) }
    }
    for case .wire(let item, _) in unknown { out.raw(item.bytes) }
    return out
  }

  private func packed(_ elements: [ProtoElement], _ kind: ProtoKind) throws(Diagnostic) -> ByteSlice {
    var bytes: [UInt8] = []
    for element in elements { element.value.appendFixed(kind, to: &bytes) }
    return try ByteStorage.copying(bytes).all
  }
}

extension ProtobufBuilder {
  fileprivate mutating func add(_ value: ProtoValue, _ field: ProtoField) throws(Diagnostic) {
    let n = field.number
    switch value {
    case .string(let s): string(n, s)
    case .bytes(let b): payload(n, .slice(b))
    case .message(let m): message(n, try m.encoded())
    case .int, .uint, .float, .double, .bool, .enumeration:
      let bits = value.bits(field.kind)
      switch field.kind.wireType {
      case .fixed32: fixed32(n, UInt32(truncatingIfNeeded: bits))
      case .fixed64: fixed64(n, bits)
      default: varint(n, bits)
      }
    }
  }

  /// Numbers that lie in a file or in memory: as they are where the field is packed and their form is that of the
  /// wire, otherwise one by one.
  fileprivate mutating func add(_ bulk: ProtoBulk, _ field: ProtoField) throws(Diagnostic) {
    let isWireForm = bulk.kind.wireType != .varint && bulk.kind == field.kind
    if field.kind == .bytes || isWireForm && field.isPacked {
      payload(field.number, .slice(try bulk.contiguous()))
      return
    }
    if isWireForm {
      var cursor = ByteCursor(try bulk.contiguous())
      while cursor.remaining >= field.kind.elementSize {
        if field.kind.elementSize == 8 {
          fixed64(field.number, try cursor.u64())
        } else {
          fixed32(field.number, try cursor.u32())
        }
      }
      return
    }
    let isZigzag = field.kind == .sint32 || field.kind == .sint64
    let values = try bulk.extended().map { isZigzag ? ($0 << 1) ^ (0 &- ($0 >> 63)) : $0 }
    if field.isPacked {
      packed(field.number, values.map { Int64(bitPattern: $0) })
    } else {
      for v in values { varint(field.number, v) }
    }
  }
}
