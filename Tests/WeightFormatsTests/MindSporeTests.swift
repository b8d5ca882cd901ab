import ByteSource
import Diagnostics
import TensorCore
import TestSupport
import Testing

@testable import WeightFormats

@Suite struct MindSporeTests {
  func field(_ n: UInt8, _ body: [UInt8]) -> [UInt8] { [n << 3 | 2, UInt8(body.count)] + body }

  func value(_ tag: String, _ dims: [UInt8], _ type: String, _ data: [UInt8]) -> [UInt8] {
    let tensor = dims.flatMap { [8, $0] } + field(2, Array(type.utf8)) + field(3, data)
    return field(1, field(1, Array(tag.utf8)) + field(2, tensor))
  }

  func read(_ b: [UInt8]) throws -> WeightBag { try MindSporeCheckpoint.read(try ByteStorage.copying(b).all) }

  @Test func partsAreJoinedAndScalarsHaveNoAxes() throws {
    let bytes =
      value("a", [2, 3], "UInt8", [1, 2, 3, 4]) + value("a", [2, 3], "UInt8", [5, 6])
      + value("s", [0], "Float32", [0, 0, 128, 63]) + value("n", [], "Int16", [7, 0])
      + value("t", [2], "str", [0xe4, 0, 0, 0, 0x62, 0, 0, 0])
    let bag = try read(bytes)
    #expect(bag.paths == ["a", "s", "n"])
    #expect(try bag["a"]?.values(UInt8.self) == [1, 2, 3, 4, 5, 6])
    #expect(bag["a"]?.shape == [2, 3])
    #expect(bag["s"]?.shape == [])
    #expect(try bag["n"]?.values(Int16.self) == [7])
    #expect(bag.metadata.map(\.value) == ["äb"])
    #expect(MindSporeCheckpoint.matches(try ByteStorage.copying(bytes).all))
  }

  @Test func disagreeingSizesAreErrors() throws {
    #expect(try diagnostic { _ = try read(value("a", [3], "Float32", [1, 2, 3, 4])) }.code == "mindspore.size")
    #expect(try diagnostic { _ = try read(value("a", [1], "Float9", [1])) }.code == "mindspore.dtype")
    let whole = value("a", [2], "Int8", [1, 2])
    for n in 0..<whole.count { #expect(throws: Diagnostic.self) { try read(Array(whole.prefix(n))) } }
  }

  @Test(
    arguments: SharedData.corpus("mindspore").filter { $0.main.hasSuffix(".ckpt") || $0.main.hasSuffix(".mindir") }
      + SharedData.corpus("mindspore-hostile"))
  func corpus(c: SharedData.Case) throws {
    let b = try ByteStorage.open(c.mainPath).all
    #expect(MindSporeCheckpoint.matches(b) || b.isEmpty)
    try check(c) { _ in try MindSporeCheckpoint.read(b) }
  }
}
