import ByteSource
import Diagnostics
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Containers

@Suite struct HDF5Tests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  func open(_ name: String) throws -> HDF5File { try HDF5File(try ByteStorage.open(folder.path(name)).all) }

  static func samples() throws -> [(String, Tensor)] {
    [
      ("z/f4", try Tensor([Float(1), -2, 3, .infinity, 5, 6], shape: [2, 3])),
      ("a/permuted", try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [2, 3]).permuted([1, 0])),
      ("a/f8", try Tensor([Double.pi])),
      ("a/f2", try Tensor([Float16(0.1), -65504], shape: [2])),
      ("a/bf16", try Tensor(try ByteStorage.copying([0x80, 0x3f, 0, 0xc0]).all, dtype: .bfloat16, shape: [2])),
      ("i1", try Tensor([Int8(-1), 2, 3])),
      ("i8", try Tensor([Int64.min, .max])),
      ("u2", try Tensor([UInt16(65535), 1])),
      ("b", try Tensor([true, false, true])),
      ("c", try Tensor(try ByteStorage.copying([UInt8](0..<16)).all, dtype: .complex64, shape: [2])),
      ("s", try Tensor(strings: ["näh", "", "x"], shape: [3])),
      ("scalar", try Tensor(scalar: Float(2.5))),
      ("none", try Tensor([Float](), shape: [0, 3])),
      ("deep/er/and/deeper/w", try Tensor([UInt8(9)])),
    ]
  }

  func write(_ name: String) throws {
    let w = try HDF5Writer(folder.path(name))
    for (path, t) in try Self.samples() { try w.dataset(path, t) }
    try w.attribute("", "text", "root näh")
    try w.attribute("a", "names", try Tensor(strings: ["conv", "pool2"], shape: [2]))
    try w.attribute("z/f4", "numbers", try Tensor([Int32(3), -4]))
    try w.group("empty/group")
    try w.commit()
  }

  @Test func writtenFilesAreReadBack() throws {
    try write("x.h5")
    let f = try open("x.h5")
    #expect(f.objects.first?.path == "z", "members keep their order")
    #expect(f.members(of: "a") == ["permuted", "f8", "f2", "bf16"])
    #expect(f.kind("empty/group") == .group)
    #expect(f.kind("nothing") == nil)
    for (path, t) in try Self.samples() {
      let back = try f.dataset(path)
      #expect(back.dtype == t.dtype, "\(path)")
      #expect(back.shape == t.shape, "\(path)")
      if t.dtype == .string {
        let strings = try back.strings()
        #expect(try strings == t.strings())
      } else {
        #expect(try back.bytes().contentEquals(try t.bytes()), "\(path)")
      }
    }
    #expect(try f.dataset("z/f4").storage.isResident, "contiguous data is mapped")
    #expect(try f.dataset("z/f4").bytes().storage === f.bytes.storage, "contiguous data is mapped")
  }

  @Test func attributesAreReadBack() throws {
    try write("x.h5")
    let f = try open("x.h5")
    #expect(try f.attributeNames("") == ["text"])
    #expect(try f.attribute("", "text")?.strings().map(\.string) == ["root näh"])
    #expect(try f.attribute("a", "names")?.strings().map(\.string) == ["conv", "pool2"])
    #expect(try f.attribute("z/f4", "numbers")?.values(Int32.self) == [3, -4])
    #expect(try f.attribute("z/f4", "absent") == nil)
    #expect(throws: Diagnostic.self) { try f.attribute("absent", "x") }
  }

  @Test func bytesAreReproducible() throws {
    try write("x.h5")
    Thread.sleep(forTimeInterval: 1.1)
    try write("y.h5")
    #expect(try open("x.h5").bytes.contentEquals(try open("y.h5").bytes))
  }

  @Test func abandonedFilesLeaveNothing() throws {
    do {
      let w = try HDF5Writer(folder.path("gone.h5"))
      try w.dataset("x", try Tensor([Float(1)]))
      #expect(throws: Diagnostic.self) { try w.dataset("x", try Tensor([Float(1)])) }
      #expect(throws: Diagnostic.self) { try w.dataset("a//b", try Tensor([Float(1)])) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test func everyPrefixEndsWell() throws {
    let w = try HDF5Writer(folder.path("small.h5"))
    try w.dataset("g/x", try Tensor((0..<64).map(Float.init), shape: [4, 16]))
    try w.commit()
    let whole = try open("small.h5").bytes.bytes
    #expect(whole.count < 20_000)
    for n in stride(from: 0, to: whole.count, by: 7) {
      let cut = try ByteStorage.copying(Array(whole.prefix(n))).all
      #expect(throws: Diagnostic.self) { _ = try HDF5File(cut).dataset("g/x").bytes() }
    }
  }

  @Test func otherBytesAreNoFile() throws {
    #expect(!HDF5File.matches(ByteSlice.empty))
    #expect(throws: Diagnostic.self) { try HDF5File(.empty) }
    let b = try ByteStorage.copying([UInt8](repeating: 0x89, count: 5000)).all
    #expect(!HDF5File.matches(b))
  }

  /// Values published with lookup3.c.
  @Test func checkSumOfMetadata() {
    #expect([UInt8]().withUnsafeBytes { HDF5TypeVersions.lookup3($0) } == 0xdead_beef)
    let text = Array("Four score and seven years ago".utf8)
    #expect(text.withUnsafeBytes { HDF5TypeVersions.lookup3($0) } == 0x1777_0551)
  }

  @Test(arguments: SharedData.corpus("hdf5-hostile"))
  func hostile(c: SharedData.Case) throws {
    do {
      let f = try HDF5File(try ByteStorage.open(c.mainPath).all)
      for o in f.objects where o.kind == .dataset {
        let t = try f.dataset(o.path)
        for name in try f.attributeNames(o.path) { _ = try f.attribute(o.path, name) }
        if t.dtype != .string { _ = try t.bytes() }
      }
      #expect(c.expect.contains("load"), "\(c.name) was accepted")
    } catch {
      let d = error
      #expect(c.expect.contains("reject"), "\(d.rendered)")
      #expect(d.status == .dataError && d.code.hasPrefix("hdf5."), "\(d.rendered)")
    }
  }

  @Test(arguments: SharedData.corpus("hdf5-keras"))
  func kerasFilesAreListedWhole(c: SharedData.Case) throws {
    let f = try HDF5File(try ByteStorage.open(c.mainPath).all)
    for o in f.objects where o.kind == .dataset {
      let t = try f.dataset(o.path)
      if t.dtype != .string { #expect(try t.bytes().count == t.byteCount) }
    }
    for o in [.init(path: "", kind: .group)] + f.objects where o.kind == .group {
      for name in try f.attributeNames(o.path) { #expect(try f.attribute(o.path, name) != nil) }
    }
  }

  /// Caffe's own layout: /data/<layer>/<n>.
  @Test(arguments: ["weights_hdf5", "weights_hdf5_shared"])
  func caffeWeights(id: String) throws {
    let path = SharedData.root.appending(path: "Tests/Fixtures/caffe-layers/\(id)/weights.caffemodel.h5").path
    let f = try HDF5File(try ByteStorage.open(path).all)
    #expect(f.kind("data") == .group)
    let layers = f.members(of: "data")
    #expect(!layers.isEmpty)
    for layer in layers {
      for n in f.members(of: "data/\(layer)") {
        #expect(try !f.dataset("data/\(layer)/\(n)").floats().isEmpty)
      }
    }
  }
}
