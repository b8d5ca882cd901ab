import ByteSource
import Diagnostics

/// One value of a field.
package enum ProtoValue: Sendable {
  /// All signed integer kinds.
  case int(Int64)
  /// All unsigned integer kinds.
  case uint(UInt64)
  case float(Float)
  case double(Double)
  case bool(Bool)
  /// By number: files can hold numbers that have no name.
  case enumeration(Int32)
  /// Invalid UTF-8 is replaced.
  case string(String)
  case bytes(ByteSlice)
  indirect case message(ProtoMessage)
}

/// Where something stands in its file.
package enum ProtoPlace: Sendable, Hashable {
  case none
  /// One-based line and column (in bytes) of a text.
  case text(line: Int32, column: Int32)
  /// Zero-based offset in a binary file.
  case byte(Int)

  /// The place as diagnostics want it.
  package func location(file: String?, path: [String] = []) -> SourceLocation {
    switch self {
    case .none: SourceLocation(file: file, path: path)
    case .text(let line, let column): SourceLocation(file: file, line: Int(line), column: Int(column), path: path)
    case .byte(let offset): SourceLocation(file: file, byteOffset: offset, path: path)
    }
  }
}

/// A value with its place.
package struct ProtoElement: Sendable {
  package var value: ProtoValue
  /// Of the value.
  package var place: ProtoPlace
  /// Of the field's name before it, in a text.
  package var namePlace: ProtoPlace

  package init(_ value: ProtoValue, place: ProtoPlace = .none, namePlace: ProtoPlace = .none) {
    self.value = value
    self.place = place
    self.namePlace = namePlace
  }
}

/// A field that the schema does not know, kept as it was found.
package enum ProtoUnknown: Sendable {
  /// From a binary file. `problem` says why a field with a known number is here: its bytes are not of its type.
  case wire(WireField, problem: Diagnostic?)
  /// From a text.
  case text(ProtoTextField)

  /// The name in a text, the number in a binary file.
  package var label: String {
    switch self {
    case .wire(let field, _): String(field.number)
    case .text(let field): field.name
    }
  }

  package var place: ProtoPlace {
    switch self {
    case .wire(let field, _): .byte(field.offset)
    case .text(let field): field.place
    }
  }
}
