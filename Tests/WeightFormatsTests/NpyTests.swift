import ByteSource
import Diagnostics
import TensorCore
import TestSupport
import Testing

@testable import WeightFormats

@Suite struct NpyTests {
  /// A file with the given header text and data.
  func file(_ header: String, version: UInt8 = 1, _ data: [UInt8]) throws -> ByteSlice {
    let text = Array(header.utf8)
    let n = text.count
    let length = version == 1 ? [UInt8(n & 0xff), UInt8(n >> 8)] : [UInt8(n & 0xff), UInt8(n >> 8), 0, 0]
    return try ByteStorage.copying(NpyHeader.magic + [version, 0] + length + text + data).all
  }

  func dict(_ descr: String, _ shape: String, fortran: Bool = false) -> String {
    "{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n"
  }

  @Test(arguments: [UInt8(1), 2, 3])
  func versions(version: UInt8) throws {
    let t = try NpyReader.read(
      try file(dict("<i2", "(2, 3)"), version: version, [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 255, 255]))
    #expect(t.shape == [2, 3])
    #expect(try t.values(Int16.self) == [1, 2, 3, 4, 5, -1])
  }

  @Test func fortranOrderIsAView() throws {
    let t = try NpyReader.read(try file(dict("|u1", "(2, 3)", fortran: true), [1, 2, 3, 4, 5, 6]))
    #expect(t.shape == [2, 3])
    #expect(t.strides == [1, 2])
    #expect(try t.values(UInt8.self) == [1, 3, 5, 2, 4, 6])
  }

  @Test func bigEndianIsSwapped() throws {
    let t = try NpyReader.read(try file(dict(">i4", "(2,)"), [0, 0, 1, 2, 255, 255, 255, 254]))
    #expect(try t.values(Int32.self) == [258, -2])
    let c = try NpyReader.read(try file(dict(">c8", "(1,)"), [0x3f, 0x80, 0, 0, 0x40, 0, 0, 0]))
    #expect(c.dtype == .complex64)
    #expect(try c.bytes().bytes == [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40])
  }

  @Test func stringsKeepTheirBytes() throws {
    let s = try NpyReader.read(try file(dict("|S3", "(2,)"), Array("ab\0xyz".utf8)))
    #expect(try s.strings().map(\.string) == ["ab", "xyz"])
    let u = try NpyReader.read(
      try file(dict("<U2", "(1, 2)"), [0xe4, 0, 0, 0, 0, 0, 0, 0, 0x61, 0, 0, 0, 0x62, 0, 0, 0]))
    #expect(u.shape == [1, 2])
    #expect(try u.strings().map(\.string) == ["ä", "ab"])
  }

  @Test(arguments: ["()", "(0,)", "(3, 0, 2)", "(0, 9223372036854775807)"])
  func degenerateShapes(shape: String) throws {
    let t = try? NpyReader.read(try file(dict("<f4", shape), [0, 0, 128, 63]))
    switch shape {
    case "()":
      #expect(t?.shape == [])
      #expect(try t?.floats() == [1])
    case "(0, 9223372036854775807)": #expect(t?.count == 0)
    default: #expect(t?.count == 0)
    }
  }

  @Test(arguments: [
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)", "npy.header"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "npy.header"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", "npy.truncated"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "npy.shape"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "npy.header"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", "npy.header"),
    ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "npy.header"),
    ("{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,)}", "npy.header"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "npy.structured"),
    ("{'descr': '|O', 'fortran_order': False, 'shape': ()}", "npy.object"),
    ("{'descr': '<f16', 'fortran_order': False, 'shape': ()}", "npy.dtype"),
    ("{'descr': '|V2', 'fortran_order': False, 'shape': ()}", "npy.dtype"),
    ("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': ()}", "npy.dtype"),
    ("{'descr': '<U99999999999', 'fortran_order': False, 'shape': ()}", "npy.dtype"),
    ("{'descr': '|S0', 'fortran_order': False, 'shape': (9999999999,)}", "npy.shape"),
    (String(repeating: "(", count: 5000), "npy.header"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (\(String(repeating: "1, ", count: 65)))}", "npy.header"),
  ])
  func badHeaders(header: String, code: String) throws {
    let d = try diagnostic { _ = try NpyReader.read(try file(header, [0, 0, 0, 0, 0, 0, 0, 0])) }
    #expect(d.code == code, "\(d.rendered)")
  }

  @Test func everyPrefixIsRefused() throws {
    let whole = try file(dict("<f4", "(1, 2)"), [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(try NpyReader.read(whole).count == 2)
    for n in 0..<whole.count {
      let cut = try ByteStorage.copying(Array(whole.bytes.prefix(n))).all
      #expect(throws: Diagnostic.self) { try NpyReader.read(cut) }
    }
  }

  @Test func writtenFilesAreReadBack() throws {
    let folder = try TemporaryFolder()
    let tensors: [Tensor] = [
      try Tensor([Float(1), 2, 3, 4, 5, .nan], shape: [2, 3]).permuted([1, 0]),
      try Tensor(scalar: Double.pi),
      try Tensor([Int64](), shape: [0, 4]),
      try Tensor([true, false, true], shape: [3]),
      try Tensor([Float16(0.5), -2], shape: [2, 1]),
      try Tensor(strings: ["", "näh", "\u{1F600}"], shape: [3]),
      try Tensor([UInt16](0..<40), shape: [40]),
    ]
    for t in tensors {
      let path = folder.path("x.npy")
      try NpyWriter.write(t, path: path)
      let back = try NpyReader.read(try ByteStorage.open(path).all)
      #expect(back.dtype == t.dtype)
      try expectEqual(back, t, "\(t.shape)")
    }
  }

  @Test func narrowTypesAreWidened() throws {
    let b = try Tensor(try ByteStorage.copying([0x80, 0x3f, 0, 0xc0]).all, dtype: .bfloat16, shape: [2])
    let w = try NpyWriter.encodable(b)
    #expect(w.dtype == .float32)
    #expect(try w.floats() == [1, -2])
    let i = try Tensor(try ByteStorage.copying([0xf1, 0x07]).all, dtype: .int4, shape: [3])
    #expect(try NpyWriter.encodable(i).values(Int8.self) == [1, -1, 7])
  }

  @Test(arguments: SharedData.corpus("npy") + SharedData.corpus("npy-real"))
  func corpus(c: SharedData.Case) throws {
    try check(c) { try NumpyWeights.read(try ByteStorage.open($0).all) }
  }

  @Test(arguments: SharedData.corpus("numpy-hostile"))
  func hostile(c: SharedData.Case) throws {
    try check(c) { path in
      let b = try ByteStorage.open(path).all
      if c.main.hasSuffix(".npz") { return try Npz.read(b) }
      var bag = WeightBag(format: "npy")
      try bag.add(WeightBag.valuePath, try NpyReader.read(b))
      return bag
    }
  }
}
