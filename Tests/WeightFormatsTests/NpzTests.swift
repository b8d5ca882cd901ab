import ByteSource
import Containers
import Diagnostics
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import WeightFormats

@Suite struct NpzTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  func open(_ name: String) throws -> ByteSlice { try ByteStorage.open(folder.path(name)).all }

  @Test func keysKeepTheirOrder() throws {
    let arrays: [(key: String, tensor: Tensor)] = [
      ("z/é", try Tensor([Float(1), 2, 3], shape: [1, 3])),
      ("a.npy", try Tensor([Int32(7), -7], shape: [2])),
      ("empty", try Tensor([UInt8](), shape: [0])),
      ("s", try Tensor(strings: ["x", "yz"], shape: [2])),
    ]
    try Npz.write(arrays, path: folder.path("a.npz"))
    let bag = try Npz.read(try open("a.npz"))
    #expect(bag.paths == arrays.map(\.key))
    for a in arrays { try expectEqual(try #require(bag[a.key]), a.tensor, a.key) }
    try Npz.write(arrays, path: folder.path("b.npz"))
    #expect(try open("a.npz").contentEquals(try open("b.npz")))
  }

  @Test func noArrays() throws {
    try Npz.write([], path: folder.path("e.npz"))
    #expect(try Npz.read(try open("e.npz")).count == 0)
  }

  @Test func duplicateKeysAreRefused() throws {
    let t = try Tensor([Float(1)])
    let d = try diagnostic { try Npz.write([("x", t), ("x", t)], path: folder.path("d.npz")) }
    #expect(d.code == "zip.name")
    #expect(!FileManager.default.fileExists(atPath: folder.path("d.npz")))
  }

  @Test func damageIsFoundOnUse() throws {
    try Npz.write([("x", try Tensor([Float](repeating: 3, count: 100)))], path: folder.path("x.npz"))
    var bytes = try open("x.npz").bytes
    let middle = bytes.count / 2
    bytes[middle] ^= 1
    let bag = try Npz.read(try ByteStorage.copying(bytes).all)
    let d = try diagnostic { _ = try bag["x"]?.floats() }
    #expect(d.code == "zip.checksum")
    #expect(d.location.member == "x.npy")
  }

  @Test func everyPrefixIsRefused() throws {
    try Npz.write([("x", try Tensor([Float(1), 2]))], path: folder.path("x.npz"))
    let bytes = try open("x.npz").bytes
    for n in 0..<bytes.count {
      let cut = try ByteStorage.copying(Array(bytes.prefix(n))).all
      #expect(throws: Diagnostic.self) { try Npz.read(cut) }
    }
  }

  @Test func everyFlippedByteEndsWell() throws {
    try Npz.write([("x", try Tensor([Float(1), 2])), ("y", try Tensor([Int8(5)]))], path: folder.path("x.npz"))
    let bytes = try open("x.npz").bytes
    for i in bytes.indices {
      for flip in [UInt8(1), 0x80, 0xff] {
        var b = bytes
        b[i] ^= flip
        guard let bag = try? Npz.read(try ByteStorage.copying(b).all) else { continue }
        for e in bag.entries where e.tensor.dtype != .string { _ = try? e.tensor.bytes() }
      }
    }
  }

  @Test(arguments: SharedData.corpus("npz"))
  func corpus(c: SharedData.Case) throws {
    try check(c) { try Npz.read(try ByteStorage.open($0).all) }
  }
}
