import ByteSource
import Diagnostics

/// A value of Python's literal syntax: what a NumPy header may hold. No names, calls or operators.
enum PythonLiteral: Sendable, Hashable {
  case string(String)
  case integer(Int)
  case bool(Bool)
  case none
  case tuple([PythonLiteral])
  case list([PythonLiteral])
  case dictionary([Pair])

  struct Pair: Sendable, Hashable {
    var key: PythonLiteral
    var value: PythonLiteral
  }

  /// Parses one literal that fills all of `text` but for white space.
  ///
  /// - Throws: `npy.header` with the offset in `text` where something else than a literal stands.
  static func parse(_ text: [UInt8], isUTF8: Bool) throws(Diagnostic) -> PythonLiteral {
    var p = PythonLiteralParser(text: text, isUTF8: isUTF8)
    let v = try p.value(depth: 0)
    p.skipSpace()
    guard p.at == text.count else { throw p.error("has more text after its value") }
    return v
  }
}

private struct PythonLiteralParser {
  let text: [UInt8]
  let isUTF8: Bool
  var at = 0

  private static let depthLimit = 32

  func error(_ what: String) -> Diagnostic {
    .error("npy.header", "the array's header \(what) (character \(at))")
  }

  private var current: UInt8 { at < text.count ? text[at] : 0 }

  mutating func skipSpace() {
    while at < text.count, [0x20, 0x09, 0x0a, 0x0d, 0x0c].contains(text[at]) { at += 1 }
  }

  mutating func value(depth: Int) throws(Diagnostic) -> PythonLiteral {
    guard depth < Self.depthLimit else { throw error("is nested too deeply") }
    skipSpace()
    switch current {
    case UInt8(ascii: "("):
      var sawComma = false
      let items = try sequence(UInt8(ascii: ")"), depth, &sawComma)
      // Parentheses without a comma only group.
      if items.count == 1, !sawComma, let only = items.first { return only }
      return .tuple(items)
    case UInt8(ascii: "["):
      var sawComma = false
      return .list(try sequence(UInt8(ascii: "]"), depth, &sawComma))
    case UInt8(ascii: "{"): return try dictionary(depth)
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "u"), UInt8(ascii: "b"):
      at += 1
      guard current == UInt8(ascii: "'") || current == UInt8(ascii: "\"") else { throw error("holds no literal") }
      return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try integer())
    default:
      for (word, v) in [("True", PythonLiteral.bool(true)), ("False", .bool(false)), ("None", .none)]
      where text[at...].starts(with: word.utf8) {
        at += word.utf8.count
        return v
      }
      throw error("holds something that is not a literal")
    }
  }

  private mutating func sequence(
    _ close: UInt8, _ depth: Int, _ sawComma: inout Bool
  ) throws(Diagnostic) -> [PythonLiteral] {
    at += 1
    var items: [PythonLiteral] = []
    while true {
      skipSpace()
      if current == close, at < text.count { break }
      items.append(try value(depth: depth + 1))
      skipSpace()
      if current == UInt8(ascii: ",") {
        sawComma = true
        at += 1
      } else if current != close {
        throw error("has an unclosed bracket")
      }
    }
    at += 1
    return items
  }

  private mutating func dictionary(_ depth: Int) throws(Diagnostic) -> PythonLiteral {
    at += 1
    var pairs: [PythonLiteral.Pair] = []
    while true {
      skipSpace()
      if current == UInt8(ascii: "}") { break }
      let key = try value(depth: depth + 1)
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw error("has a dictionary entry without ':'") }
      at += 1
      pairs.append(.init(key: key, value: try value(depth: depth + 1)))
      skipSpace()
      if current == UInt8(ascii: ",") {
        at += 1
      } else if current != UInt8(ascii: "}") {
        throw error("has an unclosed dictionary")
      }
    }
    at += 1
    return .dictionary(pairs)
  }

  private mutating func integer() throws(Diagnostic) -> Int {
    var negative = false
    if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") {
      negative = current == UInt8(ascii: "-")
      at += 1
    }
    let first = at
    var v = 0
    while at < text.count, text[at] >= 0x30, text[at] <= 0x39 {
      let (m, o1) = v.multipliedReportingOverflow(by: 10)
      let (s, o2) = m.addingReportingOverflow(Int(text[at] - 0x30))
      guard !o1, !o2 else { throw error("holds a number of more than 64 bits") }
      v = s
      at += 1
    }
    guard at > first else { throw error("holds no number where one is wanted") }
    // Python 2 wrote long integers with a suffix.
    if current == UInt8(ascii: "L") { at += 1 }
    return negative ? -v : v
  }

  private mutating func string() throws(Diagnostic) -> String {
    let quote = current
    at += 1
    var out: [UInt8] = []
    while at < text.count, text[at] != quote {
      if text[at] == UInt8(ascii: "\\") {
        at += 1
        guard at < text.count else { break }
        switch text[at] {
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): out.append(text[at])
        case UInt8(ascii: "n"): out.append(0x0a)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "r"): out.append(0x0d)
        default: throw error("holds an escape sequence that no header needs")
        }
      } else if !isUTF8, text[at] >= 0x80 {
        out.append(0xc0 | text[at] >> 6)
        out.append(0x80 | text[at] & 0x3f)
      } else {
        out.append(text[at])
      }
      at += 1
    }
    guard at < text.count else { throw error("has an unclosed string") }
    at += 1
    return String(decoding: out, as: UTF8.self)
  }
}
