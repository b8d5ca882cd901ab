import ByteSource
import Diagnostics
import TensorCore
import TestSupport
import Testing

@testable import WeightFormats

@Suite struct SafetensorsTests {
  func file(_ header: String, _ data: [UInt8]) throws -> ByteSlice {
    let text = Array(header.utf8)
    let n = UInt64(text.count)
    return try ByteStorage.copying((0..<8).map { UInt8(truncatingIfNeeded: n >> ($0 * 8)) } + text + data).all
  }

  @Test func tensorsAreViews() throws {
    let b = try file(
      #"{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[2,10]},"#
        + #""a\u00e9":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}}   "#,
      [0x80, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
    let bag = try Safetensors.read(b)
    #expect(Safetensors.matches(b))
    #expect(bag.paths == ["b", "aé"])
    #expect(try bag["b"]?.floats() == [1, -2])
    #expect(bag["b"]?.shape == [2, 1])
    #expect(try bag["aé"]?.floats() == [1])
    #expect(bag.metadata.map(\.key) == ["format"])
    #expect(try bag["b"]?.bytes().storage === b.storage)
  }

  @Test func writtenFilesAreReadBack() throws {
    let folder = try TemporaryFolder()
    let arrays: [(key: String, tensor: Tensor)] = [
      ("a\"\n", try Tensor([UInt8(1), 2, 3])),
      ("w", try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [2, 3]).permuted([1, 0])),
      ("d", try Tensor(scalar: Double.pi)), ("e", try Tensor([Float](), shape: [0, 2])),
    ]
    for name in ["x", "y"] {
      try Safetensors.write(arrays, metadata: [("k", "v\\")], path: folder.path(name))
    }
    let b = try ByteStorage.open(folder.path("x")).all
    #expect(b.contentEquals(try ByteStorage.open(folder.path("y")).all))
    let bag = try Safetensors.read(b)
    for a in arrays { try expectEqual(try #require(bag[a.key]), a.tensor, a.key) }
    #expect(bag.metadata.first?.value == "v\\")
    let strings = try Tensor(strings: ["x"], shape: [1])
    #expect(throws: Diagnostic.self) { try Safetensors.write([("s", strings)], path: folder.path("s")) }
  }

  @Test(arguments: [
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      "json.duplicate"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "safetensors.offset"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "safetensors.offset"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "safetensors.size"),
    (#"{"a":{"dtype":"F9","shape":[2],"data_offsets":[0,8]}}"#, "safetensors.dtype"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#, "safetensors.header"),
    (#"{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}"#, "safetensors.shape"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, "json.syntax"),
    (String(repeating: "{\"a\":", count: 5000), "json.depth"),
    ("{}", "safetensors.offset"),
  ])
  func badHeaders(header: String, code: String) throws {
    let d = try diagnostic { _ = try Safetensors.read(try file(header, [1, 2, 3, 4, 5, 6, 7, 8])) }
    #expect(d.code == code, "\(d.rendered)")
  }

  @Test(
    arguments: SharedData.corpus("safetensors") + SharedData.corpus("safetensors-real")
      + SharedData.corpus("safetensors-hostile"))
  func corpus(c: SharedData.Case) throws {
    try check(c) { try Safetensors.read(try ByteStorage.open($0).all) }
  }
}
