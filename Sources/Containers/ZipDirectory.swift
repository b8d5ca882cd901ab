import ByteSource
import Diagnostics

/// What the central directory of a zip file says about one member, and where its local header stands.
///
/// libzip reads the same table but gives no offsets, and without an offset a stored member cannot be mapped.
/// Source: PKWARE APPNOTE 6.3.10, sections 4.3.12 to 4.5.3.
struct ZipDirectoryRecord: Sendable {
  var flags: UInt16
  var method: UInt16
  var crc: UInt32
  var compressedSize: Int
  var size: Int
  var localHeaderOffset: Int
  var name: [UInt8]
}

/// The central directory of a zip file, every field checked against the bytes that are there.
struct ZipDirectory: Sendable {
  var records: [ZipDirectoryRecord] = []
  /// Offset of the directory: members lie before it.
  var offset = 0

  private static let recordSize = 46
  /// More members than any weight file has; each costs memory in every reader.
  static let memberLimit = 1 << 20

  /// - Throws: `zip.*` where the end record is missing or a field points out of the file.
  init(_ file: ByteSlice) throws(Diagnostic) {
    let end = try Self.findEnd(file)
    guard end.disk == 0, end.count <= Self.memberLimit else {
      throw .error("zip.directory", "the zip directory spans disks or has \(end.count) members", at: file.location())
    }
    guard let table = file.slice(end.offset, end.size), end.count <= end.size / Self.recordSize else {
      throw .error(
        "zip.directory", "the zip directory (\(end.size) bytes at \(end.offset)) is not inside the file",
        at: file.location(), help: "the file may have been cut off while it was copied or downloaded")
    }
    offset = end.offset
    var cursor = ByteCursor(table)
    records.reserveCapacity(end.count)
    for _ in 0..<end.count { records.append(try Self.record(&cursor)) }
  }

  private struct End {
    var disk: Int
    var count: Int
    var size: Int
    var offset: Int
  }

  /// The end-of-directory record: the last place whose comment length reaches exactly to the end of the file.
  private static func findEnd(_ file: ByteSlice) throws(Diagnostic) -> End {
    let fixed = 22
    var at = file.count - fixed
    let first = max(0, at - 0xffff)
    while at >= first {
      if file[at] == 0x50, file[at + 1] == 0x4b, file[at + 2] == 5, file[at + 3] == 6 {
        var c = ByteCursor(try file.checkedSlice(at, file.count - at))
        try c.skip(4)
        var end = End(disk: Int(try c.u16()), count: 0, size: 0, offset: 0)
        try c.skip(4)
        end.count = Int(try c.u16())
        end.size = Int(try c.u32())
        end.offset = Int(try c.u32())
        let comment = Int(try c.u16())
        if comment == c.remaining { return try zip64End(file, before: at) ?? end }
      }
      at -= 1
    }
    throw .error(
      "zip.no-directory", "is not a whole zip file: it has no central directory", at: file.location(),
      help: "the file may have been cut off while it was copied or downloaded")
  }

  private static func zip64End(_ file: ByteSlice, before: Int) throws(Diagnostic) -> End? {
    guard let locator = file.slice(before - 20, 20), locator.starts(with: [0x50, 0x4b, 6, 7]) else { return nil }
    var c = ByteCursor(locator)
    try c.skip(8)
    let at = try size(try c.u64(), c)
    var r = ByteCursor(try file.checkedSlice(at, 56))
    guard try r.u32() == 0x0606_4b50 else {
      throw .error("zip.directory", "the zip64 end record is not where its locator says", at: r.location)
    }
    try r.skip(12)
    let disk = Int(try r.u32())
    try r.skip(4 + 8)
    let count = try size(try r.u64(), r)
    let bytes = try size(try r.u64(), r)
    return End(disk: disk, count: count, size: bytes, offset: try size(try r.u64(), r))
  }

  private static func size(_ v: UInt64, _ c: ByteCursor) throws(Diagnostic) -> Int {
    guard let n = Int(exactly: v) else {
      throw .error("zip.directory", "the zip directory has a size of \(v)", at: c.location)
    }
    return n
  }

  private static func record(_ c: inout ByteCursor) throws(Diagnostic) -> ZipDirectoryRecord {
    guard try c.u32() == 0x0201_4b50 else {
      throw .error("zip.directory", "the zip directory is damaged", at: c.location)
    }
    try c.skip(4)
    let flags = try c.u16()
    let method = try c.u16()
    try c.skip(4)
    let crc = try c.u32()
    var compressed = UInt64(try c.u32())
    var size = UInt64(try c.u32())
    let nameLength = Int(try c.u16())
    let extraLength = Int(try c.u16())
    let commentLength = Int(try c.u16())
    try c.skip(8)
    var offset = UInt64(try c.u32())
    let name = try c.take(nameLength).bytes
    var extra = ByteCursor(try c.take(extraLength))
    try c.skip(commentLength)
    // The zip64 field holds 64-bit values of exactly those fields that are all ones, in this order.
    while extra.remaining >= 4 {
      let tag = try extra.u16()
      let length = Int(try extra.u16())
      guard length <= extra.remaining else { break }
      var field = ByteCursor(try extra.take(length))
      guard tag == 1 else { continue }
      if size == 0xffff_ffff { size = try field.u64() }
      if compressed == 0xffff_ffff { compressed = try field.u64() }
      if offset == 0xffff_ffff { offset = try field.u64() }
    }
    return ZipDirectoryRecord(
      flags: flags, method: method, crc: crc, compressedSize: try Self.size(compressed, c),
      size: try Self.size(size, c), localHeaderOffset: try Self.size(offset, c), name: name)
  }

  /// The raw data of a member: what stands behind its local header.
  ///
  /// - Throws: `zip.member` where the local header is damaged, names another member or reaches out of the file.
  func data(of r: ZipDirectoryRecord, in file: ByteSlice, named name: String) throws(Diagnostic) -> ByteSlice {
    let place = SourceLocation(file: file.storage.path, member: name)
    guard r.localHeaderOffset <= offset, let rest = file.slice(r.localHeaderOffset, offset - r.localHeaderOffset) else {
      throw .error("zip.member", "the member's header lies outside the file", at: place)
    }
    var c = ByteCursor(rest)
    guard try c.u32() == 0x0403_4b50 else {
      throw .error("zip.member", "the member's header is damaged", at: place)
    }
    try c.skip(22)
    let nameLength = Int(try c.u16())
    let extraLength = Int(try c.u16())
    guard try c.take(nameLength).bytes == r.name else {
      throw .error("zip.member", "the directory and the member's own header disagree about its name", at: place)
    }
    try c.skip(extraLength)
    guard r.compressedSize <= c.remaining else {
      throw .error(
        "zip.member", "\(r.compressedSize) bytes are declared, \(c.remaining) are left in the file", at: place)
    }
    return try c.take(r.compressedSize)
  }
}
