import ByteSource
import Diagnostics
import TestSupport
import Testing

@Suite struct ByteSliceTests {
  func slice(_ b: [UInt8]) throws -> ByteSlice { try ByteStorage.copying(b).all }

  @Test func slicesAreChecked() throws {
    let s = try slice([1, 2, 3, 4, 5])
    let inner = try s.checkedSlice(1, 3)
    #expect(inner.bytes == [2, 3, 4])
    #expect(inner[0] == 2 && inner[2] == 4 && inner[3] == nil && inner[-1] == nil)
    #expect(inner.slice(3, 0)?.isEmpty == true)
    for (start, length) in [(0, 4), (4, 0), (-1, 1), (1, -1), (.max, 1), (1, .max)] {
      #expect(inner.slice(start, length) == nil)
      #expect(throws: Diagnostic.self) { try inner.checkedSlice(start, length) }
    }
    #expect(inner.storage === s.storage && inner.offset == 1)
  }

  @Test func emptyBytes() throws {
    #expect(ByteSlice.empty.bytes.isEmpty)
    #expect(try slice([]).contentEquals(.empty))
    #expect(ByteSlice.empty.text.isEmpty && ByteSlice.empty[0] == nil)
    #expect(ByteSlice.empty.starts(with: []) && !ByteSlice.empty.starts(with: [1]))
  }

  @Test func cursorReadsBothByteOrders() throws {
    var c = ByteCursor(try slice([1, 2, 3, 4, 5, 6, 7, 8]))
    #expect(try c.u16() == 0x0201)
    #expect(try c.u16BE() == 0x0304)
    #expect(try c.u32BE() == 0x0506_0708)
    #expect(c.isAtEnd)
    #expect(throws: Diagnostic.self) { try c.u8() }
    try c.seek(0)
    #expect(try c.u64() == 0x0807_0605_0403_0201)
    #expect(throws: Diagnostic.self) { try c.seek(9) }
    #expect(throws: Diagnostic.self) { try c.seek(-1) }
    try c.seek(6)
    #expect(throws: Diagnostic.self) { try c.u32() }
    #expect(c.position == 6, "a failed read does not move")
    #expect(throws: Diagnostic.self) { try c.skip(-1) }
    #expect(throws: Diagnostic.self) { try c.take(.max) }
  }

  @Test(
    arguments: [
      ([0x00], 0), ([0x7f], 127), ([0x80, 0x01], 128),
      ([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], UInt64.max),
    ] as [([UInt8], UInt64)])
  func varints(bytes: [UInt8], value: UInt64) throws {
    var c = ByteCursor(try slice(bytes))
    #expect(try c.varint() == value)
    #expect(c.isAtEnd)
  }

  @Test(
    arguments: [
      [], [0x80], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], [UInt8](repeating: 0x80, count: 11),
    ] as [[UInt8]])
  func badVarints(bytes: [UInt8]) throws {
    var c = ByteCursor(try slice(bytes))
    #expect(throws: Diagnostic.self) { try c.varint() }
  }

  @Test func lines() throws {
    var c = ByteCursor(try slice(Array("ab\n\ncd".utf8)))
    #expect(try c.line().text == "ab")
    #expect(try c.line().text == "")
    #expect(throws: Diagnostic.self) { try c.line() }
    var long = ByteCursor(try slice(Array("abcdef\n".utf8)))
    #expect(throws: Diagnostic.self) { try long.line(limit: 3) }
  }

  @Test(
    arguments: [
      ([2, 3, 4], 24), ([], 1), ([0, .max, .max], 0), ([.max, .max, 0], 0), ([.max, 2], nil), ([-1], nil),
      ([0, -1], nil),
      ([-1, 0], nil), ([1 << 31, 1 << 31, 2], nil),
    ] as [([Int], Int?)])
  func products(sizes: [Int], product: Int?) { #expect(checkedProduct(sizes) == product) }

  @Test func allocationFailsPolitely() {
    #expect(throws: Diagnostic.self) { try ByteStorage.allocate(count: .max) { _ in } }
    #expect(throws: Diagnostic.self) {
      try ByteStorage.allocate(count: 8) { (_) throws(Diagnostic) in throw .error("x", "no") }
    }
  }
}
