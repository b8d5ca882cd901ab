import ByteSource
import Containers
import Diagnostics
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import WeightFormats

@Suite struct PickleTests {
  func read(_ s: String) throws -> WeightBag { try PickleWeights.read(try ByteStorage.copying(Array(s.utf8)).all) }
  func read(_ b: [UInt8]) throws -> WeightBag { try PickleWeights.read(try ByteStorage.copying(b).all) }

  /// Two float32, 1 and -2, written by Python 2 in protocol 0 under the key `w`.
  static let protocol0 =
    "(dp1\nS'w'\np2\ncnumpy.core.multiarray\n_reconstruct\np3\n(cnumpy\nndarray\np4\n(I0\ntS'b'\ntRp5\n(I1\n(I2\ntcnumpy"
    + "\ndtype\np6\n(S'f4'\nI0\nI1\ntRp7\n(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'\\x00\\x00\\x80?\\x00\\x00\\x00\\xc0'\ntbsS'n'\nI7\ns."

  @Test func arraysOfPythonTwo() throws {
    let bag = try read(Self.protocol0)
    #expect(bag.paths == ["w"])
    #expect(try bag["w"]?.floats() == [1, -2])
    #expect(bag.metadata.map { "\($0.key)=\($0.value)" } == ["n=7"])
  }

  @Test func everyPrefixIsRefused() throws {
    let whole = Array(Self.protocol0.utf8)
    for n in 0..<whole.count { #expect(throws: Diagnostic.self) { try read(Array(whole.prefix(n))) } }
  }

  @Test func everyFlippedByteEndsWell() throws {
    let whole = Array(Self.protocol0.utf8)
    for i in whole.indices {
      for flip in [UInt8(1), 0x20, 0x80, 0xff] {
        var b = whole
        b[i] ^= flip
        _ = try? read(b)
      }
    }
  }

  @Test(arguments: [
    ("cposix\nsystem\n(S'x'\ntR.", "pickle.dangerous"), ("(S'x'\nios\nsystem\n.", "pickle.dangerous"),
    ("c__builtin__\neval\n(S'x'\ntR.", "pickle.dangerous"), ("cnumpy\nload\n(S'x'\ntR.", "pickle.dangerous"),
    ("cos\nsystem\n(S'x'\nt", "pickle.dangerous"), ("cnumpy\ncore.multiarray.os.system\n.", "pickle.dangerous"),
    ("P/etc/passwd\n.", "pickle.persistent"), ("I7\nI8\na.", "pickle.type"), ("].", "none"),
    ("}]I1\ns.", "pickle.type"),
    ("I\(String(repeating: "1", count: 5000))\n.", "pickle.number"), ("S'x\n.", "pickle.string"),
    ("t.", "pickle.underflow"),
    ("(e.", "pickle.underflow"), ("g5\n.", "pickle.memo"), ("Np99999999999\n.", "pickle.memo"),
    ("\u{1}", "pickle.opcode"),
    ("c__main__\nThing\n)R.", "none"), ("I1\n)R.", "pickle.type"),
  ])
  func malformedAndDangerous(text: String, code: String) throws {
    let got = (try? read(text)) == nil ? try diagnostic { _ = try read(text) }.code : "none"
    #expect(got == code)
  }

  @Test func depthAndCyclesEnd() throws {
    let deep = String(repeating: "]", count: 200_000) + String(repeating: "a", count: 199_999) + "."
    #expect(try diagnostic { _ = try read(deep) }.code == "pickle.depth")
    #expect(try diagnostic { _ = try read("(dp0\nS'me'\ng0\ns.") }.code == "pickle.depth")
    // 30 lists that hold the one before them twice: a thousand million paths.
    var laughs = "]p0\nI1\na0"
    for i in 0..<30 { laughs += "](g\(i)\ng\(i)\nep\(i + 1)\n0" }
    #expect(try diagnostic { _ = try read(laughs + "g30\n.") }.code == "pickle.limit")
  }

  @Test func scanListsGlobalsWithOffsets() throws {
    let b = try ByteStorage.copying(Array("(dS'a'\ncnumpy\ndtype\nsS'b'\ncos\nsystem\nsS'c'\nc__main__\nNet\ns.".utf8))
      .all
    let scan = PickleScan(b)
    #expect(scan.findings.map(\.global.description) == ["numpy.dtype", "os.system", "__main__.Net"])
    #expect(scan.findings.map(\.verdict) == [.known, .dangerous, .unknown])
    #expect(scan.findings.map(\.global.offset) == [7, 26, 43])
    #expect(scan.isDangerous)
  }

  @Test(arguments: SharedData.corpus("pickle"))
  func corpus(c: SharedData.Case) throws {
    try check(c) { try PickleWeights.read(try ByteStorage.open($0).all) }
  }

  @Test(arguments: SharedData.corpus("pickle-hostile"))
  func hostile(c: SharedData.Case) throws {
    try check(c) { try PickleWeights.read(try ByteStorage.open($0).all) }
    #expect(!FileManager.default.fileExists(atPath: "modelconv-canary.txt"))
  }
}
