import ByteSource
import Diagnostics
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Containers

@Suite struct ZipTests {
  /// Two members written by Python's zipfile: `a/deflated.txt` ("abcabcabc" 40 times) and `stored` ("stored bytes").
  static let sample = bytes(
    "504b0304140000000800000021007ee3582309000000680100000e000000612f6465666c617465642e7478744b4c4a4e1c45b44700"
      + "504b0304140000000000000021007877a60f0c0000000c0000000600000073746f726564" + "73746f726564206279746573"
      + "504b01021400140000000800000021007ee3582309000000680100000e0000000000000000000000800100000000"
      + "612f6465666c617465642e747874"
      + "504b01021400140000000000000021007877a60f0c0000000c00000006000000000000000000000080013500000073746f726564"
      + "504b0506000000000200020070000000650000000000")

  static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  func archive(_ b: [UInt8]) throws -> ZipArchive { try ZipArchive(try ByteStorage.copying(b).all) }

  /// The sample with bytes replaced at offsets.
  func patched(_ changes: [(Int, [UInt8])]) throws -> ZipArchive {
    var b = Self.sample
    for (at, new) in changes { b.replaceSubrange(at..<at + new.count, with: new) }
    return try archive(b)
  }

  func code(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return (error as? Diagnostic)?.code }
    return nil
  }

  @Test func membersAreReadBothWays() throws {
    let zip = try archive(Self.sample)
    #expect(zip.entries.map(\.name) == ["a/deflated.txt", "stored"])
    let deflated = try #require(zip["a/deflated.txt"])
    #expect(try zip.contents(of: deflated).text == String(repeating: "abcabcabc", count: 40))
    #expect(try zip.prefix(of: deflated, 4).text == "abca")
    let stored = try #require(zip["stored"])
    let view = try zip.contents(of: stored)
    #expect(view.text == "stored bytes")
    #expect(view.storage === zip.bytes.storage, "a stored member is a view of the file")
    #expect(zip["absent"] == nil)
  }

  @Test func rangesAreDeferred() throws {
    let zip = try archive(Self.sample)
    let s = try zip.storage(of: try #require(zip["a/deflated.txt"]), from: 1, count: 3)
    #expect(!s.isResident)
    #expect(try s.bytes().text == "bca")
    #expect(code { _ = try zip.storage(of: zip.entries[1], from: 10, count: 3) } == "zip.member")
    #expect(code { _ = try zip.storage(of: zip.entries[1], from: -1, count: 3) } == "zip.member")
  }

  @Test func whatCannotBeUnpackedSaysWhy() throws {
    // Flags and method stand at 6 and 8 of a local header, 8 and 10 of a directory record (the first at 101).
    let encrypted = try patched([(6, [1]), (109, [1])])
    #expect(encrypted.entries[0].isEncrypted)
    #expect(code { _ = try encrypted.contents(of: encrypted.entries[0]) } == "zip.encrypted")
    let bzip2 = try patched([(8, [12]), (111, [12])])
    #expect(code { _ = try bzip2.contents(of: bzip2.entries[0]) } == "zip.method")
    let damaged = try patched([(44, [0xff, 0xff])])
    #expect(code { _ = try damaged.contents(of: damaged.entries[0]) } == "zip.member")
    let wrongSum = try patched([(90, [0x41])])
    #expect(code { _ = try wrongSum.contents(of: wrongSum.entries[1]) } == "zip.checksum")
    let lie = try patched([(22, [0, 0, 0, 0x40]), (125, [0, 0, 0, 0x40])])
    #expect(code { _ = try lie.contents(of: lie.entries[0]) } == "zip.size-lie")
    let longer = try patched([(22, [0x60, 1]), (125, [0x60, 1])])
    #expect(code { _ = try longer.contents(of: longer.entries[0]) } == "zip.member")
    let otherName = try patched([(83, Array("stoned".utf8))])
    #expect(code { _ = try otherName.contents(of: otherName.entries[1]) } == "zip.member")
  }

  @Test func duplicatesAreRefused() throws {
    var b = Self.sample
    b.replaceSubrange(7..<7, with: [])
    let name = Array("a/deflated.txt".utf8)
    // The second record gets the first one's name by pointing the directory at the first record twice.
    let first = Array(b[101..<161])
    let end = Array(b[213...])
    var twice = Array(b[..<101]) + first + first + end
    let size = UInt8(first.count * 2)
    let at = twice.count - 22
    twice.replaceSubrange(at + 12..<at + 13, with: [size])
    #expect(first.suffix(name.count).elementsEqual(name))
    #expect(code { _ = try archive(twice) } == "zip.duplicate")
  }

  @Test func noTrapOnDamage() throws {
    for n in 0..<Self.sample.count {
      #expect(throws: Diagnostic.self) { try archive(Array(Self.sample.prefix(n))) }
    }
    for i in Self.sample.indices {
      for flip in [UInt8(1), 0x7f, 0xff] {
        var b = Self.sample
        b[i] ^= flip
        guard let zip = try? archive(b) else { continue }
        for e in zip.entries { _ = try? zip.contents(of: e) }
      }
    }
  }

  @Test func writtenArchivesAreReproducible() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] {
      let out = try FileWriter(folder.path(name))
      var w = ZipWriter(out)
      try w.add("é/x", parts: [try ByteStorage.copying(Array("one".utf8)).all, try ByteStorage.copying([1, 2]).all])
      try w.add("empty", parts: [])
      try w.finish()
      try out.commit()
    }
    let zip = try ZipArchive(try ByteStorage.open(folder.path("a")).all)
    #expect(zip.entries.map(\.name) == ["é/x", "empty"])
    #expect(try zip.contents(of: zip.entries[0]).bytes == Array("one".utf8) + [1, 2])
    #expect(try zip.contents(of: zip.entries[1]).isEmpty)
    #expect(zip.bytes.contentEquals(try ByteStorage.open(folder.path("b")).all))
  }

  @Test func manyMembersNeedZip64() throws {
    let folder = try TemporaryFolder()
    let out = try FileWriter(folder.path("many.zip"))
    var w = ZipWriter(out)
    for i in 0..<0x1_0001 { try w.add("\(i)", parts: []) }
    try w.finish()
    try out.commit()
    let zip = try ZipArchive(try ByteStorage.open(folder.path("many.zip")).all)
    #expect(zip.entries.count == 0x1_0001)
    #expect(zip.entries.last?.name == "65536")
  }
}
