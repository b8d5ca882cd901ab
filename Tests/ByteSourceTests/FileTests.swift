import ByteSource
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct FileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() }

  @Test func writtenBytesAreMapped() throws {
    let path = folder.path("a")
    let w = try FileWriter(path)
    try w.write("head")
    try w.write([UInt8](repeating: 7, count: 3 << 20))
    try w.write(try ByteStorage.copying([1, 2]).all)
    #expect(w.position == 4 + 3 << 20 + 2 || w.position == 4 + (3 << 20) + 2)
    #expect(try files() != ["a"], "nothing has its name before the end")
    try w.commit()
    #expect(try files() == ["a"])
    let s = try ByteStorage.open(path)
    #expect(s.count == 4 + (3 << 20) + 2)
    #expect(s.all.starts(with: Array("head".utf8)))
    #expect(s.all[s.count - 1] == 2)
  }

  @Test func abandonedWritersLeaveNothing() throws {
    let path = folder.path("a")
    try Data("old".utf8).write(to: URL(filePath: path))
    do {
      let w = try FileWriter(path)
      try w.write("new")
    }
    #expect(try files() == ["a"])
    #expect(try ByteStorage.open(path).all.text == "old")
  }

  @Test func existingFilesAreReplacedWhole() throws {
    let path = folder.path("a")
    try Data("old and longer".utf8).write(to: URL(filePath: path))
    let mapped = try ByteStorage.open(path)
    let w = try FileWriter(path)
    try w.write("new")
    try w.commit()
    #expect(mapped.all.text == "old and longer", "a mapped input may be replaced by its output")
    #expect(try ByteStorage.open(path).all.text == "new")
  }

  @Test func emptyFile() throws {
    let path = folder.path("empty")
    try FileWriter(path).commit()
    #expect(try ByteStorage.open(path).count == 0)
  }

  func status(_ body: () throws -> Void) -> Int32? {
    do { try body() } catch { return (error as? Diagnostic)?.status.rawValue }
    return nil
  }

  @Test func failuresHaveTheirStatus() throws {
    #expect(status { _ = try ByteStorage.open(folder.path("absent")) } == 66)
    #expect(status { _ = try ByteStorage.open(folder.url.path) } == 66)
    #expect(status { _ = try FileWriter(folder.url.path) } == 73)
    #expect(status { _ = try FileWriter(folder.path("absent/x")) } == 73)
    if FileManager.default.fileExists(atPath: "/dev/full") {
      #expect(
        status {
          let w = try FileWriter("/dev/full")
          try w.write([UInt8](repeating: 0, count: 4 << 20))
          try w.commit()
        } == 74)
    }
  }
}
