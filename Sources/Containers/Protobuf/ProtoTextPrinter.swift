import ByteSource
import Diagnostics

/// Writes messages as protobuf text: one field a line, in the order of their numbers, two spaces a level.
///
/// What the reader of this module reads back is the same message. Numbers have as many digits as they need.
package struct ProtoTextPrinter: Sendable {
  /// Fields that are left out wherever they stand, such as `blobs`.
  package var omitted: Set<String> = []
  /// The name of an enumeration's value that the schema does not have, by number and enumeration.
  package var valueName: @Sendable (Int32, String) -> String? = { _, _ in nil }
  /// Levels that are printed before the message is cut; the reader has such a limit too.
  private static let depth = 100

  package init(
    omitting: Set<String> = [], valueName: @escaping @Sendable (Int32, String) -> String? = { _, _ in nil }
  ) {
    omitted = omitting
    self.valueName = valueName
  }

  /// The text. Unknown fields of a text are printed as they were written; those of a binary file have no name and are
  /// left out.
  ///
  /// - Throws: what reading scattered numbers of a binary file throws.
  package func print(_ message: ProtoMessage) throws(Diagnostic) -> String {
    var out = ""
    try print(message, indent: "", depth: 0, to: &out)
    return out
  }

  private func print(_ message: ProtoMessage, indent: String, depth: Int, to out: inout String) throws(Diagnostic) {
    guard depth < Self.depth else { return }
    for slot in message.slots.sorted(by: { $0.field.number < $1.field.number }) {
      let field = slot.field
      if omitted.contains(field.name) { continue }
      for text in try numbers(slot.bulk, field) { out += "\(indent)\(field.name): \(text)\n" }
      for element in slot.elements {
        if case .message(let inner) = element.value {
          out += "\(indent)\(field.name) {\n"
          try print(inner, indent: indent + "  ", depth: depth + 1, to: &out)
          out += "\(indent)}\n"
        } else {
          out += "\(indent)\(field.name): \(text(element.value, field))\n"
        }
      }
    }
    for case .text(let field) in message.unknown where !omitted.contains(field.name) {
      print(field, indent: indent, depth: depth, to: &out)
    }
  }

  private func numbers(_ bulk: ProtoBulk?, _ field: ProtoField) throws(Diagnostic) -> [String] {
    guard let bulk else { return [] }
    if field.kind == .float { return try bulk.doubles().map { Self.number(Float($0)) } }
    if field.kind == .double { return try bulk.doubles().map { Self.number($0) } }
    if field.kind.isUnsigned { return try bulk.extended().map { String($0) } }
    return try bulk.integers().map { String($0) }
  }

  /// A field the schema does not know, as it was written.
  private func print(_ field: ProtoTextField, indent: String, depth: Int, to out: inout String) {
    guard depth < Self.depth else { return }
    for value in field.values {
      switch value.content {
      case .scalar(.string(let bytes)): out += "\(indent)\(field.name): \(Self.quoted(bytes))\n"
      case .scalar(let scalar): out += "\(indent)\(field.name): \(scalar.written)\n"
      case .message(let message):
        out += "\(indent)\(field.name) {\n"
        for inner in message.fields { print(inner, indent: indent + "  ", depth: depth + 1, to: &out) }
        out += "\(indent)}\n"
      }
    }
  }

  // MARK: Scalars

  private func text(_ value: ProtoValue, _ field: ProtoField) -> String {
    switch value {
    case .int(let v): String(v)
    case .uint(let v): String(v)
    case .float(let v): Self.number(v)
    case .double(let v): Self.number(v)
    case .bool(let v): v ? "true" : "false"
    case .enumeration(let v): field.enumeration.flatMap { $0.name(v) ?? valueName(v, $0.name) } ?? String(v)
    case .string(let s): Self.quoted(Array(s.utf8))
    case .bytes(let b): Self.quoted(b.bytes)
    case .message: ""
    }
  }

  /// The shortest digits that read back as the same number.
  private static func number(_ v: some BinaryFloatingPoint & LosslessStringConvertible) -> String {
    if v.isNaN { return "nan" }
    if v.isInfinite { return v.sign == .minus ? "-inf" : "inf" }
    let s = v.description
    return s.hasSuffix(".0") ? String(s.dropLast(2)) : s
  }

  /// In double quotes; control characters and bytes that are no UTF-8 as escapes.
  static func quoted(_ bytes: [UInt8]) -> String {
    let isText = String(validating: bytes, as: UTF8.self) != nil
    var out: [UInt8] = [0x22]
    for b in bytes {
      switch b {
      case 0x0a: out += Array("\\n".utf8)
      case 0x0d: out += Array("\\r".utf8)
      case 0x09: out += Array("\\t".utf8)
      case 0x22: out += Array("\\\"".utf8)
      case 0x5c: out += Array("\\\\".utf8)
      case 0x20..<0x7f: out.append(b)
      case 0x80...0xff where isText: out.append(b)
      default:
        // Three octal digits end an escape whatever follows.
        out.append(0x5c)
        for shift in [6, 3, 0] as [UInt8] { out.append(0x30 + (b >> shift & 7)) }
      }
    }
    out.append(0x22)
    return String(decoding: out, as: UTF8.self)
  }
}
