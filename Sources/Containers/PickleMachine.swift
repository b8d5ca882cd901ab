import ByteSource
import Diagnostics

/// Runs the opcodes of a pickle (protocols 0 to 5) without importing or calling anything: a call becomes a record of
/// what would have been called. No recursion; every length is checked against the bytes left.
///
/// Source: CPython's pickletools, whose opcode semantics are matched; Python 2's strings stay bytes.
package struct PickleMachine {
  let file: ByteSlice
  var cursor: ByteCursor
  var objects = PickleObjects()
  /// Offset of the running opcode, for messages.
  var opcodeOffset = 0
  let allowsPersistent: Bool

  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  private static let memoLimit = 1 << 31
  private static let stackLimit = 1 << 24

  private init(_ file: ByteSlice, from: Int, allowsPersistent: Bool) throws(Diagnostic) {
    self.file = file
    self.allowsPersistent = allowsPersistent
    cursor = ByteCursor(file)
    try cursor.seek(from)
  }

  /// Runs the pickle that starts at `from`.
  ///
  /// - Parameter allowsPersistent: whether persistent identifiers mean something to the caller (PyTorch).
  /// - Throws: `pickle.*` with the offset of the opcode.
  package static func run(
    _ file: ByteSlice, from: Int = 0, allowsPersistent: Bool = false
  ) throws(Diagnostic) -> PickleObjects {
    let (objects, error) = runAsFarAsPossible(file, from: from, allowsPersistent: allowsPersistent)
    if let error { throw error }
    return objects
  }

  /// Runs as far as it goes: for scanning, where a broken pickle still did what it did before it broke.
  package static func runAsFarAsPossible(
    _ file: ByteSlice, from: Int = 0, allowsPersistent: Bool = false
  ) -> (objects: PickleObjects, error: Diagnostic?) {
    do throws(Diagnostic) {
      var m = try PickleMachine(file, from: from, allowsPersistent: allowsPersistent)
      do throws(Diagnostic) {
        while try m.step() {}
        return (m.objects, nil)
      } catch {
        return (m.objects, error)
      }
    } catch {
      return (PickleObjects(), error)
    }
  }

  // MARK: Stack

  func error(_ code: String, _ message: String, help: String? = nil) -> Diagnostic {
    .error("pickle." + code, message, at: file.location(opcodeOffset), help: help)
  }

  mutating func push(_ v: PickleValue) throws(Diagnostic) {
    guard stack.count < Self.stackLimit else { throw error("limit", "the pickle's stack grows too large") }
    stack.append(v)
  }

  mutating func push(_ kind: PickleNode.Kind, items: [PickleValue] = []) throws(Diagnostic) {
    guard let v = objects.make(kind, items: items) else {
      throw error("limit", "the pickle makes more than \(PickleObjects.limit) objects")
    }
    try push(v)
  }

  mutating func pop() throws(Diagnostic) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let v = stack.popLast() else {
      throw error("underflow", "an opcode wants a value that is not there")
    }
    return v
  }

  mutating func popMark() throws(Diagnostic) -> [PickleValue] {
    guard let at = marks.popLast(), at <= stack.count else {
      throw error("underflow", "an opcode wants a mark that is not there")
    }
    let items = Array(stack[at...])
    stack.removeSubrange(at...)
    return items
  }

  func top() throws(Diagnostic) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let v = stack.last else {
      throw error("underflow", "an opcode wants a value that is not there")
    }
    return v
  }

  func node(_ v: PickleValue, _ what: String) throws(Diagnostic) -> PickleNode {
    guard let n = objects[v] else { throw error("type", "\(what) something that cannot hold it") }
    return n
  }

  // MARK: Opcodes

  /// Runs one opcode; false after STOP.
  private mutating func step() throws(Diagnostic) -> Bool {
    opcodeOffset = cursor.position
    let op = try cursor.u8()
    switch op {
    case UInt8(ascii: "."):
      objects.root = try pop()
      objects.end = cursor.position
      return false
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"):
      if stack.count > (marks.last ?? 0) { stack.removeLast() } else { _ = try popMark() }
    case UInt8(ascii: "1"): _ = try popMark()
    case UInt8(ascii: "2"): try push(try top())
    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.bool(true))
    case 0x89: try push(.bool(false))
    case 0x80:
      let version = try cursor.u8()
      guard version <= 5 else { throw error("protocol", "pickle protocol \(version) is not known") }
    case 0x95:
      let n = try cursor.u64()
      guard n <= UInt64(cursor.remaining) else {
        throw error("truncated", "a frame of \(n) bytes is claimed, \(cursor.remaining) are left")
      }
    case UInt8(ascii: "J"): try push(.integer(Int(try cursor.i32())))
    case UInt8(ascii: "K"): try push(.integer(Int(try cursor.u8())))
    case UInt8(ascii: "M"): try push(.integer(Int(try cursor.u16())))
    case UInt8(ascii: "G"): try push(.number(try cursor.f64BE()))
    case 0x8a: try push(try long(Int(try cursor.u8())))
    case 0x8b: try push(try long(Int(try cursor.i32())))
    case UInt8(ascii: "I"), UInt8(ascii: "L"), UInt8(ascii: "F"), UInt8(ascii: "S"), UInt8(ascii: "V"):
      try push(try textValue(op))
    case UInt8(ascii: "T"): try push(.string(try take(Int(try cursor.i32()))))
    case UInt8(ascii: "U"): try push(.string(try take(Int(try cursor.u8()))))
    case UInt8(ascii: "X"): try push(.text(try take(Int(try cursor.u32()))))
    case 0x8c: try push(.text(try take(Int(try cursor.u8()))))
    case 0x8d: try push(.text(try take(try length64())))
    case UInt8(ascii: "B"): try push(.bytes(try take(Int(try cursor.u32()))))
    case UInt8(ascii: "C"): try push(.bytes(try take(Int(try cursor.u8()))))
    case 0x8e: try push(.bytes(try take(try length64())))
    case 0x96: try push(.byteArray(try take(try length64())))
    case UInt8(ascii: "]"): try push(.list)
    case UInt8(ascii: "}"): try push(.dictionary)
    case UInt8(ascii: ")"): try push(.tuple)
    case 0x8f: try push(.set)
    case UInt8(ascii: "l"): try push(.list, items: try popMark())
    case UInt8(ascii: "t"): try push(.tuple, items: try popMark())
    case 0x91: try push(.set, items: try popMark())
    case 0x85...0x87:
      var items: [PickleValue] = []
      for _ in 0...(op - 0x85) { items.insert(try pop(), at: 0) }
      try push(.tuple, items: items)
    case UInt8(ascii: "d"):
      let items = try popMark()
      try push(.dictionary)
      try setPairs(items, on: try top())
    case UInt8(ascii: "a"):
      let v = try pop()
      try append([v], to: try top())
    case UInt8(ascii: "e"):
      let items = try popMark()
      try append(items, to: try top())
    case 0x90:
      let items = try popMark()
      try addToSet(items, try top())
    case UInt8(ascii: "s"):
      let value = try pop()
      let key = try pop()
      try setPairs([key, value], on: try top())
    case UInt8(ascii: "u"):
      let items = try popMark()
      try setPairs(items, on: try top())
    case UInt8(ascii: "p"), UInt8(ascii: "g"):
      let index = try memoIndexText()
      if op == UInt8(ascii: "p") { try put(index) } else { try get(index) }
    case UInt8(ascii: "q"): try put(Int(try cursor.u8()))
    case UInt8(ascii: "r"): try put(Int(try cursor.u32()))
    case 0x94: try put(memo.count)
    case UInt8(ascii: "h"): try get(Int(try cursor.u8()))
    case UInt8(ascii: "j"): try get(Int(try cursor.u32()))
    default: try stepOnObjects(op)
    }
    return true
  }

  // MARK: Parts of opcodes

  private mutating func take(_ n: Int) throws(Diagnostic) -> ByteSlice {
    guard n >= 0, n <= cursor.remaining else {
      throw error("truncated", "\(n) bytes are claimed, \(cursor.remaining) are left")
    }
    return try cursor.take(n)
  }

  private mutating func length64() throws(Diagnostic) -> Int {
    let n = try cursor.u64()
    guard n <= UInt64(cursor.remaining) else {
      throw error("truncated", "\(n) bytes are claimed, \(cursor.remaining) are left")
    }
    return Int(n)
  }

  private mutating func long(_ n: Int) throws(Diagnostic) -> PickleValue {
    let b = try take(n)
    guard n <= 8 else { return .largeInteger(b) }
    var v: UInt64 = 0
    for (i, byte) in b.bytes.enumerated() { v |= UInt64(byte) << UInt64(8 * i) }
    // Sign-extend from the last byte.
    if n > 0, n < 8, let last = b[n - 1], last & 0x80 != 0 { v |= UInt64.max << UInt64(8 * n) }
    return .integer(Int(Int64(bitPattern: v)))
  }

  private mutating func put(_ index: Int) throws(Diagnostic) {
    guard index >= 0, index <= Self.memoLimit else { throw error("memo", "memo index \(index) is too large") }
    memo[index] = try top()
  }

  private mutating func get(_ index: Int) throws(Diagnostic) {
    guard let v = memo[index] else { throw error("memo", "memo entry \(index) was never made") }
    try push(v)
  }
}
