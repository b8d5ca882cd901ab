import ByteSource
import Containers
import Diagnostics

/// The names of the fields of a block that a translator has asked for: what it never asks for has no effect.
package final class FieldReads: @unchecked Sendable {
  // A layer is translated on one thread.
  private(set) var names: Set<String> = []
  package func note(_ field: String) { names.insert(field) }
}

/// One parameter message of a layer (`convolution_param`, a filler, …), read by field name.
///
/// Fields that are not set answer with the schema's default. The reader has checked all values against the schema; fields
/// of a text that no schema has are read as they were written.
package struct ParameterBlock: Sendable {
  /// The field name of the block in its layer or parent block.
  package let name: String
  /// True where the file has the block.
  package let isPresent: Bool
  package let message: ProtoMessage
  /// Where the names of the fields that are asked for are noted.
  package var reads: FieldReads?

  package init(_ name: String, _ message: ProtoMessage, isPresent: Bool) {
    self.name = name
    self.message = message
    self.isPresent = isPresent
  }

  package func has(_ field: String) -> Bool {
    reads?.note(field)
    return message.has(field) || !loose(field).isEmpty
  }

  package func count(_ field: String) -> Int {
    reads?.note(field)
    return max(message.count(field), loose(field).count)
  }

  /// An integer; a repeated field gives its last value.
  package func int(_ field: String, default fallback: Int = 0) -> Int {
    reads?.note(field)
    if let v = try? message.int(field) { return v }
    return ints(field).last ?? fallback
  }

  /// The values of a repeated integer field.
  package func ints(_ field: String) -> [Int] {
    reads?.note(field)
    if let v = try? message.ints(field) { return v }
    return loose(field).compactMap { if case .integer(let s, let n) = $0 { Int((n ? "-" : "") + s) } else { nil } }
  }

  package func float(_ field: String, default fallback: Float = 0) -> Float {
    reads?.note(field)
    if let v = try? message.float(field) { return v }
    return floats(field).last ?? fallback
  }

  package func floats(_ field: String) -> [Float] {
    reads?.note(field)
    if let v = try? message.floats(field) { return v }
    return loose(field).compactMap {
      switch $0 {
      case .integer(let s, let n), .float(let s, let n): Float((n ? "-" : "") + s)
      default: nil
      }
    }
  }

  package func bool(_ field: String, default fallback: Bool = false) -> Bool {
    reads?.note(field)
    if let v = try? message.bool(field) { return v }
    guard case .some(let scalar) = loose(field).last else { return fallback }
    return ["true", "True", "t", "1"].contains(scalar.written)
  }

  package func string(_ field: String, default fallback: String = "") -> String {
    reads?.note(field)
    if let v = try? message.string(field) { return v }
    return strings(field).last ?? fallback
  }

  package func strings(_ field: String) -> [String] {
    reads?.note(field)
    if let v = try? message.strings(field) { return v }
    return loose(field).compactMap { if case .string(let b) = $0 { String(decoding: b, as: UTF8.self) } else { nil } }
  }

  /// The name of an enumeration's value; the number in decimal where it has no name.
  package func name(of field: String, default fallback: String = "") -> String {
    reads?.note(field)
    guard let number = try? message.enumNumber(field) else { return loose(field).last?.written ?? fallback }
    if let name = (try? message.enumName(field)) ?? nil { return name }
    let enumeration = message.type.field(field)?.enumeration?.name
    return enumeration.flatMap { CaffeForks.valueName(number, in: $0) } ?? "\(number)"
  }

  /// A nested block; one without values where it is not set.
  package func block(_ field: String) -> ParameterBlock {
    reads?.note(field)
    if let m = (try? message.message(field)) ?? nil { return ParameterBlock(field, m, isPresent: true) }
    if let text = looseBlocks(field).first { return ParameterBlock(field, text, isPresent: true) }
    let empty = (try? message.messageOrDefault(field)) ?? ProtoMessage(ProtoType(field, []))
    return ParameterBlock(field, empty, isPresent: false)
  }

  /// All nested blocks of a repeated field.
  package func blocks(_ field: String) -> [ParameterBlock] {
    reads?.note(field)
    if let typed = try? message.messages(field) { return typed.map { ParameterBlock(field, $0, isPresent: true) } }
    return looseBlocks(field).map { ParameterBlock(field, $0, isPresent: true) }
  }

  /// Where the block stands; nil where the file does not have it.
  package var location: SourceLocation? { isPresent ? message.location() : nil }

  /// Where a field's first value stands; nil where it is not set.
  package func location(of field: String) -> SourceLocation? {
    if message.has(field) { return message.location(field) }
    for case .text(let item) in message.unknown where item.name == field {
      return item.place.location(file: message.file)
    }
    return nil
  }

  // MARK: Fields of a text that no schema has

  private func loose(_ field: String) -> [ProtoTextScalar] {
    var out: [ProtoTextScalar] = []
    for case .text(let item) in message.unknown where item.name == field {
      for value in item.values { if case .scalar(let s) = value.content { out.append(s) } }
    }
    return out
  }

  private func looseBlocks(_ field: String) -> [ProtoMessage] {
    var out: [ProtoMessage] = []
    for case .text(let item) in message.unknown where item.name == field {
      for case .message(let text) in item.values.map(\.content) {
        var m = ProtoMessage(ProtoType(field, []), file: message.file, place: text.place)
        m.unknown = text.fields.map { .text($0) }
        out.append(m)
      }
    }
    return out
  }
}
