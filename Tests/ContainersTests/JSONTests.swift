import ByteSource
import Diagnostics
import Testing

@testable import Containers

@Suite struct JSONTests {
  func parse(_ s: String) throws -> JSON { try JSON.parse(try ByteStorage.copying(Array(s.utf8)).all) }

  @Test func values() throws {
    let v = try parse(#" {"b": [1, -2.5e1, true, null, "x\n\u00e9\ud83d\ude00/\/"], "a": {}, "n": [NaN, -Infinity]} "#)
    #expect(v.object?.map(\.key) == ["b", "a", "n"])
    #expect(v["b"]?.array?.prefix(2).map(\.double) == [1, -25])
    #expect(v["b"]?.array?[1].int == -25)
    #expect(v["b"]?.array?.last?.string == "x\né😀//")
    #expect(v["a"] == .object([]))
    #expect(v["n"]?.array?[0].double?.isNaN == true)
    #expect(v["absent"] == nil)
    #expect(try parse("9223372036854775807") == .integer(.max))
    #expect(try parse("9223372036854775808").int == nil)
    #expect(try parse("0") == .integer(0))
  }

  @Test(arguments: [
    "", "{", "[1,", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "tru", "01", "-", "1.", "+1", "1 2", "\"\\x\"",
    "\"\\u12\"",
    "\"\\ud800\"", "\"a", "\"\u{1}\"", "[1}", "--1", "1e", ".5",
  ])
  func malformed(text: String) throws {
    #expect(throws: Diagnostic.self) { try parse(text) }
  }

  @Test func limits() throws {
    #expect(throws: Diagnostic.self) { try parse(String(repeating: "[", count: 100_000)) }
    #expect(throws: Diagnostic.self) { try parse(String(repeating: "1", count: 100_000)) }
    #expect(throws: Diagnostic.self) { try parse(#"{"a":1,"a":2}"#) }
    #expect(throws: Diagnostic.self) { try JSON.parse(try ByteStorage.copying([0x22, 0xff, 0x22]).all) }
    #expect(try parse(String(repeating: "[", count: 150) + String(repeating: "]", count: 150)).array?.count == 1)
  }
}
