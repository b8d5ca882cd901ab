import ByteSource
import Diagnostics

#if canImport(Glibc)
  import Glibc
#endif

/// Makes files of newer HDF5 libraries readable to the 1.10 library.
///
/// Versions 4 (HDF5 1.12) and 5 (HDF5 2.0) of the datatype encoding write enumerations, compounds and arrays as version
/// 3 does, but the older library refuses the number. Source: the HDF5 File Format Specification, sections IV.A.1.b
/// (object header, version 2) and IV.A.2.d (datatype message).
struct HDF5TypeVersions {
  private var bytes: [UInt8]
  private var changes = 0

  private static let signature = Array("OHDR".utf8)
  private static let depthLimit = 16

  /// A copy of the file with the version numbers lowered and the check sums renewed; nil where nothing is to be done.
  static func lowered(_ file: ByteSlice) throws(Diagnostic) -> ByteSlice? {
    // Only superblocks of version 2 and later go with files in the newer forms.
    guard let at = HDF5File.superblock(file), let version = file[at + 8], version >= 2 else { return nil }
    let headers = headers(in: file)
    guard headers.contains(where: { $0.needsLowering }) else { return nil }
    var copy = HDF5TypeVersions(bytes: file.bytes)
    for h in headers where h.needsLowering { copy.lower(h) }
    return copy.changes == 0 ? nil : try ByteStorage.copying(copy.bytes, path: file.storage.path).all
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// The first chunk of an object header, and the datatypes in it.
  private struct Header {
    var start: Int
    /// End of the messages, where the check sum stands.
    var end: Int
    var types: [Int]
    var needsLowering: Bool
  }

  /// Every object header of version 2 whose check sum is right, so that data that looks like one is left alone.
  private static func headers(in file: ByteSlice) -> [Header] {
    var found: [Header] = []
    file.withUnsafeBytes { b in
      guard let base = b.baseAddress else { return }
      var at = 0
      while at <= b.count - 8 {
        // SAFETY: the search stays inside the buffer, and at + 7 < b.count.
        guard let hit = memchr(base + at, Int32(signature[0]), b.count - 7 - at) else { return }
        at = UnsafeRawPointer(hit) - base
        guard b[at + 1] == signature[1], b[at + 2] == signature[2], b[at + 3] == signature[3], b[at + 4] == 2,
          let h = header(b, at)
        else {
          at += 1
          continue
        }
        if h.needsLowering { found.append(h) }
        at = h.end
      }
    }
    return found
  }

  private static func header(_ b: UnsafeRawBufferPointer, _ start: Int) -> Header? {
    func byte(_ i: Int) -> Int? { i >= 0 && i < b.count ? Int(b[i]) : nil }
    func number(_ i: Int, _ width: Int) -> Int? {
      guard i >= 0, width <= 4, i <= b.count - width else { return nil }
      return (0..<width).reduce(0) { $0 | Int(b[i + $1]) << (8 * $1) }
    }
    guard let flags = byte(start + 5), flags & 3 < 3 else { return nil }
    var at = start + 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
    let width = 1 << (flags & 3)
    guard let size = number(at, width) else { return nil }
    at += width
    guard size <= b.count - at - 4 else { return nil }
    var h = Header(start: start, end: at + size, types: [], needsLowering: false)
    let prefix = flags & 4 != 0 ? 6 : 4
    while at + prefix <= h.end {
      guard let type = byte(at), let length = number(at + 1, 2), let messageFlags = byte(at + 3) else { return nil }
      let data = at + prefix
      at = data + length
      guard at <= h.end else { return nil }
      // A shared message is a reference to a type that stands elsewhere.
      if messageFlags & 2 != 0 { continue }
      if type == 3, length >= 8 { h.types.append(data) }
      if type == 12, let version = byte(data), version == 3, let name = number(data + 2, 2), data + 9 + name + 8 <= at,
        byte(data + 1).map({ $0 & 1 == 0 }) == true
      {
        h.types.append(data + 9 + name)
      }
    }
    h.needsLowering = h.types.contains { (byte($0) ?? 0) >> 4 > 3 }
    guard h.needsLowering else { return h }
    let sum = UnsafeRawBufferPointer(rebasing: b[start..<h.end])
    guard let stored = number(h.end, 4), UInt32(truncatingIfNeeded: stored) == lookup3(sum) else { return nil }
    return h
  }

  private mutating func lower(_ h: Header) {
    for t in h.types { _ = lowerType(t, end: h.end, depth: 0) }
    let sum = bytes.withUnsafeBytes { Self.lookup3(UnsafeRawBufferPointer(rebasing: $0[h.start..<h.end])) }
    for i in 0..<4 { bytes[h.end + i] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(i))) }
  }

  private func number(_ at: Int, _ width: Int, _ end: Int) -> Int? {
    guard at >= 0, at <= end - width else { return nil }
    return (0..<width).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
  }

  /// Lowers the type at `at` and those within it; the offset behind it, or nil where its end is not known.
  private mutating func lowerType(_ at: Int, end: Int, depth: Int) -> Int? {
    guard depth < Self.depthLimit, at + 8 <= end else { return nil }
    let kind = bytes[at] & 15
    let version = bytes[at] >> 4
    guard let bits = number(at + 1, 3, end), let size = number(at + 4, 4, end) else { return nil }
    // References changed their meaning in version 4; classes above 10 are newer than the library.
    guard version <= 3 || (kind != 7 && kind <= 10), version <= 5 else { return nil }
    if version > 3 {
      bytes[at] = kind | 3 << 4
      changes += 1
    }
    let body = at + 8
    switch kind {
    case 0, 4: return body + 4
    case 1: return body + 12
    case 2: return body + 2
    case 3, 7: return body
    case 5: return body + (bits & 0xff)
    case 9: return lowerType(body, end: end, depth: depth + 1)
    case 10:
      guard version >= 3, let rank = number(body, 1, end) else { return nil }
      return lowerType(body + 1 + 4 * rank, end: end, depth: depth + 1)
    case 8:
      guard version >= 3, let base = number(body + 4, 4, end), var next = lowerType(body, end: end, depth: depth + 1)
      else { return nil }
      for _ in 0..<(bits & 0xffff) {
        guard let after = skipName(next, end) else { return nil }
        next = after
      }
      return next + (bits & 0xffff) * base
    case 6:
      guard version >= 3 else { return nil }
      let width = size < 1 << 8 ? 1 : size < 1 << 16 ? 2 : size < 1 << 24 ? 3 : 4
      var next = body
      for _ in 0..<(bits & 0xffff) {
        guard let after = skipName(next, end), let member = lowerType(after + width, end: end, depth: depth + 1) else {
          return nil
        }
        next = member
      }
      return next
    default: return nil
    }
  }

  private func skipName(_ at: Int, _ end: Int) -> Int? {
    var i = at
    while i < end {
      if bytes[i] == 0 { return i + 1 }
      i += 1
    }
    return nil
  }

  /// Bob Jenkins' lookup3 hash ("hashlittle" with 0 to start from), the check sum of HDF5's metadata.
  static func lookup3(_ b: UnsafeRawBufferPointer) -> UInt32 {
    func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x << n | x >> (32 - n) }
    func word(_ i: Int) -> UInt32 {
      (0..<4).reduce(0) { i + $1 < b.count ? $0 | UInt32(b[i + $1]) << (8 * UInt32($1)) : $0 }
    }
    var x = 0xdead_beef &+ UInt32(truncatingIfNeeded: b.count)
    var y = x
    var z = x
    var at = 0
    while b.count - at > 12 {
      x = x &+ word(at)
      y = y &+ word(at + 4)
      z = z &+ word(at + 8)
      x = (x &- z) ^ rotate(z, 4)
      z = z &+ y
      y = (y &- x) ^ rotate(x, 6)
      x = x &+ z
      z = (z &- y) ^ rotate(y, 8)
      y = y &+ x
      x = (x &- z) ^ rotate(z, 16)
      z = z &+ y
      y = (y &- x) ^ rotate(x, 19)
      x = x &+ z
      z = (z &- y) ^ rotate(y, 4)
      y = y &+ x
      at += 12
    }
    guard at < b.count else { return z }
    x = x &+ word(at)
    y = y &+ word(at + 4)
    z = z &+ word(at + 8)
    z = (z ^ y) &- rotate(y, 14)
    x = (x ^ z) &- rotate(z, 11)
    y = (y ^ x) &- rotate(x, 25)
    z = (z ^ y) &- rotate(y, 16)
    x = (x ^ z) &- rotate(z, 4)
    y = (y ^ x) &- rotate(x, 14)
    return (z ^ y) &- rotate(y, 24)
  }
}
