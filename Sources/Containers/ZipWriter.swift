import ByteSource
import Diagnostics

/// Writes a zip file of stored members front to back: sizes and checksums are known before the data, no byte is
/// written twice, and equal members give equal bytes (all times are 1980-01-01).
///
/// Sizes or offsets of 4 GiB and more, and more than 65,534 members, use the zip64 records. libzip is not used here
/// because it goes back in its output to patch headers.
package struct ZipWriter {
  private let out: FileWriter
  private let start: Int
  private var directory: [UInt8] = []
  private var names: Set<String> = []

  /// Members are appended to `out`, whose `commit()` is the caller's.
  package init(_ out: FileWriter) {
    self.out = out
    start = out.position
  }

  private static let limit = 0xffff_ffff
  private static let date: UInt16 = 1 << 5 | 1

  /// Appends a member that is the concatenation of `parts`.
  ///
  /// - Throws: `zip.name` for a name used twice or longer than 65,535 bytes, or the writer's own errors.
  package mutating func add(_ name: String, parts: [ByteSlice]) throws(Diagnostic) {
    let nameBytes = Array(name.utf8)
    guard names.insert(name).inserted, nameBytes.count <= 0xffff else {
      throw .error("zip.name", "'\(name.prefix(200))' cannot name a member: it is taken or too long")
    }
    var size = 0
    var crc: UInt32 = 0
    for p in parts {
      size += p.count
      crc = p.withUnsafeBytes { Checksum.crc32($0, from: crc) }
    }
    let offset = out.position - start
    let isLarge = size >= Self.limit
    let flags: UInt16 = nameBytes.allSatisfy { $0 < 0x80 } ? 0 : 1 << 11

    var header: [UInt8] = []
    header.append32(0x0403_4b50)
    Self.appendCommon(&header, isLarge: isLarge, flags: flags, crc: crc, size: size)
    header.append16(UInt16(nameBytes.count))
    header.append16(isLarge ? 20 : 0)
    header += nameBytes
    if isLarge {
      header.append16(1)
      header.append16(16)
      header.append64(UInt64(size))
      header.append64(UInt64(size))
    }
    try out.write(header)
    for p in parts { try out.write(p) }

    var extra: [UInt8] = []
    if isLarge {
      extra.append64(UInt64(size))
      extra.append64(UInt64(size))
    }
    if offset >= Self.limit { extra.append64(UInt64(offset)) }
    directory.append32(0x0201_4b50)
    directory.append16(45)
    Self.appendCommon(&directory, isLarge: isLarge || offset >= Self.limit, flags: flags, crc: crc, size: size)
    directory.append16(UInt16(nameBytes.count))
    directory.append16(extra.isEmpty ? 0 : UInt16(extra.count + 4))
    directory += [UInt8](repeating: 0, count: 10)
    directory.append32(UInt32(min(offset, Self.limit)))
    directory += nameBytes
    if !extra.isEmpty {
      directory.append16(1)
      directory.append16(UInt16(extra.count))
      directory += extra
    }
  }

  /// The fields that local header and directory share: version needed to the sizes.
  private static func appendCommon(_ b: inout [UInt8], isLarge: Bool, flags: UInt16, crc: UInt32, size: Int) {
    b.append16(isLarge ? 45 : 20)
    b.append16(flags)
    b.append16(0)
    b.append16(0)
    b.append16(date)
    b.append32(crc)
    let shown = UInt32(size >= limit ? limit : size)
    b.append32(shown)
    b.append32(shown)
  }

  /// Appends the directory. The archive is complete then.
  package mutating func finish() throws(Diagnostic) {
    let offset = out.position - start
    let count = names.count
    try out.write(directory)
    var end: [UInt8] = []
    if offset >= Self.limit || directory.count >= Self.limit || count >= 0xffff {
      end.append32(0x0606_4b50)
      end.append64(44)
      end.append16(45)
      end.append16(45)
      end.append32(0)
      end.append32(0)
      end.append64(UInt64(count))
      end.append64(UInt64(count))
      end.append64(UInt64(directory.count))
      end.append64(UInt64(offset))
      end.append32(0x0706_4b50)
      end.append32(0)
      end.append64(UInt64(offset + directory.count))
      end.append32(1)
    }
    end.append32(0x0605_4b50)
    end.append32(0)
    end.append16(UInt16(min(count, 0xffff)))
    end.append16(UInt16(min(count, 0xffff)))
    end.append32(UInt32(min(directory.count, Self.limit)))
    end.append32(UInt32(min(offset, Self.limit)))
    end.append16(0)
    try out.write(end)
  }
}

extension [UInt8] {
  mutating func append16(_ v: UInt16) { Swift.withUnsafeBytes(of: v.littleEndian) { append(contentsOf: $0) } }
  mutating func append32(_ v: UInt32) { Swift.withUnsafeBytes(of: v.littleEndian) { append(contentsOf: $0) } }
  mutating func append64(_ v: UInt64) { Swift.withUnsafeBytes(of: v.littleEndian) { append(contentsOf: $0) } }
}
