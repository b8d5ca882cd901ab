import ByteSource
import Diagnostics

extension PickleMachine {
  /// More digits than Python itself converts.
  private static let digitLimit = 4300

  mutating func line() throws(Diagnostic) -> ByteSlice { try cursor.line(limit: file.count) }

  mutating func lineText() throws(Diagnostic) -> String { try line().text }

  /// The index that a text PUT or GET names.
  mutating func memoIndexText() throws(Diagnostic) -> Int {
    let l = try line()
    guard l.count <= 20, let i = Int(l.text), i >= 0 else { throw error("memo", "a memo index is no number") }
    return i
  }

  /// The value of INT, LONG, FLOAT, STRING or UNICODE, which are lines of text.
  mutating func textValue(_ op: UInt8) throws(Diagnostic) -> PickleValue {
    let l = try line()
    switch op {
    case UInt8(ascii: "I"):
      if l.count == 2, l[0] == UInt8(ascii: "0") {
        if l[1] == UInt8(ascii: "0") { return .bool(false) }
        if l[1] == UInt8(ascii: "1") { return .bool(true) }
      }
      return try integer(l)
    case UInt8(ascii: "L"): return try integer(l)
    case UInt8(ascii: "F"):
      guard l.count <= 400, let d = Double(l.text.trimmingSpaces) else {
        throw error("number", "a floating-point number is malformed")
      }
      return .number(d)
    case UInt8(ascii: "S"): return .string(try unquoted(l))
    default: return .text(try rawUnicode(l))
    }
  }

  private func integer(_ l: ByteSlice) throws(Diagnostic) -> PickleValue {
    guard l.count <= Self.digitLimit else { throw error("number", "an integer of \(l.count) digits") }
    var s = l.text.trimmingSpaces
    if s.hasSuffix("L") { s.removeLast() }
    if let i = Int(s) { return .integer(i) }
    let digits = s.utf8.drop { $0 == UInt8(ascii: "-") }
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), s.utf8.count - digits.count <= 1 else {
      throw error("number", "an integer is malformed")
    }
    return .largeInteger(try ByteStorage.copying(Array(s.utf8)).all)
  }

  /// The bytes of a quoted string with Python 2's escapes.
  private func unquoted(_ l: ByteSlice) throws(Diagnostic) -> ByteSlice {
    let b = l.bytes
    guard b.count >= 2, let quote = b.first, quote == b.last, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw error("string", "a string has no closing quote") }
    let end = b.count - 1
    guard b[1..<end].contains(UInt8(ascii: "\\")) else { return try l.checkedSlice(1, end - 1) }
    var out: [UInt8] = []
    out.reserveCapacity(b.count)
    var i = 1
    while i < end {
      guard b[i] == UInt8(ascii: "\\") else {
        out.append(b[i])
        i += 1
        continue
      }
      i += 1
      guard i < end else { throw error("string", "a string ends in half an escape") }
      let c = b[i]
      i += 1
      switch c {
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): out.append(c)
      case UInt8(ascii: "n"): out.append(10)
      case UInt8(ascii: "r"): out.append(13)
      case UInt8(ascii: "t"): out.append(9)
      case UInt8(ascii: "a"): out.append(7)
      case UInt8(ascii: "b"): out.append(8)
      case UInt8(ascii: "f"): out.append(12)
      case UInt8(ascii: "v"): out.append(11)
      case UInt8(ascii: "x"):
        guard i + 2 <= end, let hi = Self.hex(b[i]), let lo = Self.hex(b[i + 1]) else {
          throw error("string", "a string holds a malformed escape")
        }
        out.append(hi << 4 | lo)
        i += 2
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        var v = UInt(c - 0x30)
        var n = 1
        while n < 3, i < end, b[i] >= 0x30, b[i] <= 0x37 {
          v = v * 8 + UInt(b[i] - 0x30)
          i += 1
          n += 1
        }
        out.append(UInt8(truncatingIfNeeded: v))
      default: out += [UInt8(ascii: "\\"), c]
      }
    }
    return try ByteStorage.copying(out).all
  }

  private static func hex(_ c: UInt8) -> UInt8? {
    switch c {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): c - 0x30
    case UInt8(ascii: "a")...UInt8(ascii: "f"): c - 0x57
    case UInt8(ascii: "A")...UInt8(ascii: "F"): c - 0x37
    default: nil
    }
  }

  /// UTF-8 of text in raw-unicode-escape: Latin-1 with escapes of 4 (`\u`) and 8 (`\U`) hexadecimal digits.
  private func rawUnicode(_ l: ByteSlice) throws(Diagnostic) -> ByteSlice {
    let b = l.bytes
    guard b.contains(where: { $0 >= 0x80 || $0 == UInt8(ascii: "\\") }) else { return l }
    var out: [UInt8] = []
    out.reserveCapacity(b.count)
    var i = 0
    while i < b.count {
      let width =
        i + 1 < b.count && b[i] == UInt8(ascii: "\\")
        ? (b[i + 1] == UInt8(ascii: "u") ? 4 : b[i + 1] == UInt8(ascii: "U") ? 8 : 0) : 0
      guard width > 0 else {
        Self.appendUTF8(UInt32(b[i]), &out)
        i += 1
        continue
      }
      guard i + 2 + width <= b.count else { throw error("string", "a text ends in half an escape") }
      var v: UInt32 = 0
      for c in b[(i + 2)..<(i + 2 + width)] {
        guard let h = Self.hex(c) else { throw error("string", "a text holds a malformed escape") }
        v = v << 4 | UInt32(h)
      }
      guard v <= 0x10ffff else { throw error("string", "a text holds a malformed escape") }
      Self.appendUTF8(v, &out)
      i += 2 + width
    }
    return try ByteStorage.copying(out).all
  }

  /// UTF-8 that also takes lone surrogates, as Python's does here.
  private static func appendUTF8(_ v: UInt32, _ out: inout [UInt8]) {
    func tail(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(v >> shift & 0x3f) }
    switch v {
    case 0..<0x80: out.append(UInt8(v))
    case 0x80..<0x800: out += [0xc0 | UInt8(v >> 6), tail(0)]
    case 0x800..<0x10000: out += [0xe0 | UInt8(v >> 12), tail(6), tail(0)]
    default: out += [0xf0 | UInt8(v >> 18 & 7), tail(12), tail(6), tail(0)]
    }
  }
}

extension String {
  /// Without spaces and tabs at both ends.
  fileprivate var trimmingSpaces: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    var s = self[...].drop(while: isSpace)
    while let last = s.last, isSpace(last) { s.removeLast() }
    return String(s)
  }
}
