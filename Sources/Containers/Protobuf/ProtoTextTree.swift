/// A field of a protobuf text as it was written, before any schema.
package struct ProtoTextField: Sendable {
  /// As written; extensions and Any types with their brackets: `[my.ext]`.
  package let name: String
  /// Of the name.
  package let place: ProtoPlace
  /// A colon stood behind the name.
  package let hasColon: Bool
  /// Values were written as a list in brackets.
  package let isList: Bool
  package let values: [ProtoTextValue]
}

/// A value of a protobuf text.
package struct ProtoTextValue: Sendable {
  package enum Content: Sendable {
    case scalar(ProtoTextScalar)
    case message(ProtoTextMessage)
  }
  package let place: ProtoPlace
  package let content: Content
}

/// A scalar of a protobuf text, not yet converted: its type depends on the field.
package enum ProtoTextScalar: Sendable, Hashable {
  /// Decimal, hexadecimal or octal digits, without the sign.
  case integer(String, isNegative: Bool)
  case float(String, isNegative: Bool)
  /// A bare word: an enumeration's name, true, inf, nan.
  case identifier(String, isNegative: Bool)
  /// Adjacent strings are joined, escapes resolved.
  case string([UInt8])

  /// As written, for messages to the user.
  package var written: String {
    switch self {
    case .integer(let s, let negative), .float(let s, let negative), .identifier(let s, let negative):
      negative ? "-" + s : s
    case .string(let b): "\"" + String(decoding: b, as: UTF8.self) + "\""
    }
  }
}

/// The fields between two braces (or of a whole text), in the order of the file.
package struct ProtoTextMessage: Sendable {
  package var fields: [ProtoTextField]
  /// Of the opening brace; of a whole text its start.
  package var place: ProtoPlace

  package init(fields: [ProtoTextField] = [], place: ProtoPlace = .none) {
    self.fields = fields
    self.place = place
  }

  /// The fields of that name.
  package func fields(_ name: String) -> [ProtoTextField] { fields.filter { $0.name == name } }
}
