import ByteSource
import Diagnostics

/// A JSON value. Objects keep the order of their members, which are unique.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits 64 bits.
  case integer(Int)
  /// Any other number; `NaN`, `Infinity` and `-Infinity` as Python writes them.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// One member of an object.
  package struct Member: Sendable, Hashable {
    package var key: String
    package var value: JSON

    package init(key: String, value: JSON) {
      self.key = key
      self.value = value
    }
  }

  /// Parses a document (RFC 8259, plus Python's names for numbers that are not finite).
  ///
  /// - Throws: `json.syntax` with the offset; `json.duplicate` for a key that stands twice in an object; `json.depth`
  ///   past 200 levels.
  package static func parse(_ b: ByteSlice) throws(Diagnostic) -> JSON {
    var parser = JSONParser(b)
    return try parser.document()
  }

  /// The member called `key` of an object; nil for other values.
  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  package var string: String? { if case .string(let s) = self { s } else { nil } }
  package var bool: Bool? { if case .bool(let b) = self { b } else { nil } }
  package var array: [JSON]? { if case .array(let a) = self { a } else { nil } }
  package var object: [Member]? { if case .object(let o) = self { o } else { nil } }
  package var isNull: Bool { self == .null }

  /// An integer, also where it is written as a whole number with a fraction.
  package var int: Int? {
    switch self {
    case .integer(let i): i
    case .number(let d): Int(exactly: d)
    default: nil
    }
  }

  package var double: Double? {
    switch self {
    case .integer(let i): Double(i)
    case .number(let d): d
    default: nil
    }
  }
}

private struct JSONParser {
  let text: [UInt8]
  let source: ByteSlice
  var at = 0

  static let depthLimit = 200

  init(_ b: ByteSlice) {
    source = b
    text = b.bytes
  }

  func error(_ what: String, code: String = "json.syntax") -> Diagnostic {
    .error(code, "the JSON text \(what)", at: source.location(at))
  }

  private var current: UInt8 { at < text.count ? text[at] : 0 }

  private mutating func skipSpace() {
    while at < text.count, text[at] == 0x20 || text[at] == 0x0a || text[at] == 0x0d || text[at] == 0x09 { at += 1 }
  }

  mutating func document() throws(Diagnostic) -> JSON {
    let v = try value(depth: 0)
    skipSpace()
    guard at == text.count else { throw error("goes on after its value") }
    return v
  }

  private mutating func value(depth: Int) throws(Diagnostic) -> JSON {
    guard depth <= Self.depthLimit else { throw error("is nested too deeply", code: "json.depth") }
    skipSpace()
    switch current {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "-"):
      if text[at...].starts(with: "-Infinity".utf8) {
        at += 9
        return .number(-.infinity)
      }
      return try number()
    default:
      for (word, v) in Self.words where text[at...].starts(with: word.utf8) {
        at += word.utf8.count
        return v
      }
      throw error(at < text.count ? "holds no value where one is wanted" : "ends early")
    }
  }

  private static let words: [(String, JSON)] = [
    ("true", .bool(true)), ("false", .bool(false)), ("null", .null), ("NaN", .number(.nan)),
    ("Infinity", .number(.infinity)),
  ]

  private mutating func array(_ depth: Int) throws(Diagnostic) -> JSON {
    at += 1
    var items: [JSON] = []
    skipSpace()
    if current == UInt8(ascii: "]") {
      at += 1
      return .array(items)
    }
    while true {
      items.append(try value(depth: depth + 1))
      skipSpace()
      let c = current
      guard c == UInt8(ascii: ",") || c == UInt8(ascii: "]") else { throw error("has an unclosed array") }
      at += 1
      if c == UInt8(ascii: "]") { return .array(items) }
    }
  }

  private mutating func object(_ depth: Int) throws(Diagnostic) -> JSON {
    at += 1
    var members: [JSON.Member] = []
    var keys: Set<String> = []
    skipSpace()
    if current == UInt8(ascii: "}") {
      at += 1
      return .object(members)
    }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw error("has an object member without a name") }
      let key = try string()
      guard keys.insert(key).inserted else { throw error("has the key '\(key)' twice", code: "json.duplicate") }
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw error("has an object member without ':'") }
      at += 1
      members.append(.init(key: key, value: try value(depth: depth + 1)))
      skipSpace()
      let c = current
      guard c == UInt8(ascii: ",") || c == UInt8(ascii: "}") else { throw error("has an unclosed object") }
      at += 1
      if c == UInt8(ascii: "}") { return .object(members) }
    }
  }

  private mutating func number() throws(Diagnostic) -> JSON {
    let start = at
    var isWhole = true
    while at < text.count {
      switch text[at] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
      case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isWhole = false
      default:
        return try number(start, isWhole)
      }
      at += 1
    }
    return try number(start, isWhole)
  }

  private func number(_ start: Int, _ isWhole: Bool) throws(Diagnostic) -> JSON {
    guard at - start <= 400 else { throw error("holds a number of \(at - start) digits") }
    let s = String(decoding: text[start..<at], as: UTF8.self)
    // Swift also takes forms that JSON does not have: a leading zero or plus is refused here.
    let digits = s.drop { $0 == "-" }
    let hasBadZero = digits.hasPrefix("0") && digits.dropFirst().first?.isNumber == true
    guard !hasBadZero, digits.first?.isNumber == true, s.last?.isNumber == true else {
      throw error("holds a malformed number")
    }
    if isWhole, let i = Int(s) { return .integer(i) }
    guard let d = Double(s) else { throw error("holds a malformed number") }
    return .number(d)
  }

  private mutating func string() throws(Diagnostic) -> String {
    at += 1
    var out: [UInt8] = []
    while at < text.count {
      let c = text[at]
      at += 1
      switch c {
      case UInt8(ascii: "\""):
        guard let s = String(validating: out, as: UTF8.self) else { throw error("holds a string that is not UTF-8") }
        return s
      case UInt8(ascii: "\\"): try escape(&out)
      case 0..<0x20: throw error("holds a control character in a string")
      default: out.append(c)
      }
    }
    throw error("has an unclosed string")
  }

  private mutating func escape(_ out: inout [UInt8]) throws(Diagnostic) {
    let c = current
    at += 1
    switch c {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(c)
    case UInt8(ascii: "b"): out.append(8)
    case UInt8(ascii: "f"): out.append(12)
    case UInt8(ascii: "n"): out.append(10)
    case UInt8(ascii: "r"): out.append(13)
    case UInt8(ascii: "t"): out.append(9)
    case UInt8(ascii: "u"):
      var unit = try hex4()
      if (0xd800..<0xdc00).contains(unit), current == UInt8(ascii: "\\"), at + 1 < text.count,
        text[at + 1] == UInt8(ascii: "u")
      {
        at += 2
        let low = try hex4()
        guard (0xdc00..<0xe000).contains(low) else { throw error("holds half a character") }
        unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(unit) else { throw error("holds half a character") }
      out.append(contentsOf: String(Character(scalar)).utf8)
    default: throw error("holds an unknown escape")
    }
  }

  private mutating func hex4() throws(Diagnostic) -> UInt32 {
    guard at + 4 <= text.count else { throw error("ends early") }
    let digits = String(decoding: text[at..<at + 4], as: UTF8.self)
    guard digits.allSatisfy(\.isHexDigit), let v = UInt32(digits, radix: 16) else {
      throw error("holds a malformed escape")
    }
    at += 4
    return v
  }
}
