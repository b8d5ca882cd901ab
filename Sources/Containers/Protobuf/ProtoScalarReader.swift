import ByteSource

/// Why a scalar of a text is not a value of a field.
enum ProtoScalarProblem: Error {
  case wrongKind
  case outOfRange(String, String)
  case unknownName([String])
}

/// Converts scalars of a text to a field's kind, by the rules of libprotobuf's TextFormat.
struct ProtoScalarReader {
  let field: ProtoField
  /// Asked for the number of a name the enumeration does not have.
  let unknownName: (String) -> Int32?

  func read(_ scalar: ProtoTextScalar) throws(ProtoScalarProblem) -> ProtoValue {
    switch field.kind {
    case .int32, .sint32, .sfixed32: return .int(try signed(scalar, bits: 32))
    case .int64, .sint64, .sfixed64: return .int(try signed(scalar, bits: 64))
    case .uint32, .fixed32: return .uint(try unsigned(scalar, max: UInt64(UInt32.max)))
    case .uint64, .fixed64: return .uint(try unsigned(scalar, max: UInt64.max))
    case .double: return .double(try number(scalar))
    case .float: return .float(Float(try number(scalar)))
    case .bool: return .bool(try bool(scalar))
    case .enumeration: return .enumeration(try name(scalar))
    case .string:
      guard case .string(let bytes) = scalar else { throw .wrongKind }
      return .string(String(decoding: bytes, as: UTF8.self))
    case .bytes:
      guard case .string(let bytes) = scalar else { throw .wrongKind }
      guard let storage = try? ByteStorage.copying(bytes) else { throw .wrongKind }
      return .bytes(storage.all)
    case .message: throw .wrongKind
    }
  }

  private func unsigned(_ scalar: ProtoTextScalar, max: UInt64) throws(ProtoScalarProblem) -> UInt64 {
    guard case .integer(let text, isNegative: false) = scalar else { throw .wrongKind }
    guard let value = ProtoTextTokens.integer(text, max: max) else { throw .outOfRange("0", String(max)) }
    return value
  }

  private func signed(_ scalar: ProtoTextScalar, bits: UInt64) throws(ProtoScalarProblem) -> Int64 {
    guard case .integer(let text, let isNegative) = scalar else { throw .wrongKind }
    let limit: UInt64 = 1 << (bits - 1)
    guard let value = ProtoTextTokens.integer(text, max: isNegative ? limit : limit - 1) else {
      throw .outOfRange("-\(limit)", String(limit - 1))
    }
    return Int64(truncatingIfNeeded: isNegative ? 0 &- value : value)
  }

  /// Numbers are decimal here; a word is an infinity or not a number.
  private func number(_ scalar: ProtoTextScalar) throws(ProtoScalarProblem) -> Double {
    switch scalar {
    case .integer(let text, let isNegative):
      if text.count > 1, text.hasPrefix("0") { throw .wrongKind }
      guard let value = ProtoTextTokens.number(text) else { throw .wrongKind }
      return isNegative ? -value : value
    case .float(let text, let isNegative):
      guard let value = ProtoTextTokens.number(text) else { throw .wrongKind }
      return isNegative ? -value : value
    case .identifier(let word, let isNegative):
      switch word.lowercased() {
      case "inf", "infinity": return isNegative ? -Double.infinity : .infinity
      case "nan": return .nan
      default: throw .wrongKind
      }
    case .string: throw .wrongKind
    }
  }

  private func bool(_ scalar: ProtoTextScalar) throws(ProtoScalarProblem) -> Bool {
    switch scalar {
    case .integer(_, isNegative: false):
      guard case .integer(let text, _) = scalar, let value = ProtoTextTokens.integer(text, max: 1) else {
        throw .outOfRange("0", "1")
      }
      return value == 1
    case .identifier("true", isNegative: false), .identifier("True", isNegative: false),
      .identifier("t", isNegative: false):
      return true
    case .identifier("false", isNegative: false), .identifier("False", isNegative: false),
      .identifier("f", isNegative: false):
      return false
    default: throw .wrongKind
    }
  }

  private func name(_ scalar: ProtoTextScalar) throws(ProtoScalarProblem) -> Int32 {
    let names = field.enumeration?.values.map(\.name) ?? []
    switch scalar {
    case .identifier(let word, isNegative: false):
      guard let number = field.enumeration?.number(word) ?? unknownName(word) else { throw .unknownName(names) }
      return number
    case .integer:
      let number = Int32(truncatingIfNeeded: try signed(scalar, bits: 32))
      guard field.enumeration?.name(number) != nil else { throw .unknownName(names) }
      return number
    default: throw .wrongKind
    }
  }
}
