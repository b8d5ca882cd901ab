import ByteSource
import CZlib
import Diagnostics

/// Unpacks gzip files (RFC 1952), which some weight files are wrapped in.
package enum Gzip {
  package static func matches(_ b: ByteSlice) -> Bool { b.starts(with: [0x1f, 0x8b, 8]) }

  /// The unpacked bytes of all members; checksums are compared.
  ///
  /// - Parameter limit: bytes that may come out; the default allows 64 times the packed size, and 256 MB always.
  /// - Throws: `gzip.damaged`, `gzip.limit`.
  package static func unpack(_ b: ByteSlice, limit: Int? = nil) throws(Diagnostic) -> ByteSlice {
    let place = SourceLocation(file: b.storage.path)
    let limit = limit ?? max(256 << 20, b.count.multipliedReportingOverflow(by: 64).partialValue)
    var stream = z_stream()
    // 16: gzip, not zlib; 15: the largest window.
    guard inflateInit2_(&stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .error("gzip.damaged", "cannot be unpacked", at: place)
    }
    defer { inflateEnd(&stream) }
    var out: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    try b.withUnsafeBytes { (source) throws(Diagnostic) in
      guard let base = source.baseAddress else { return }
      var at = 0
      var isDone = false
      while !isDone {
        // SAFETY: the stream reads at most the bytes left of `source` and writes at most `chunk`.
        let given = min(source.count - at, 1 << 30)
        stream.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self) + at)
        stream.avail_in = UInt32(given)
        let (status, made) = chunk.withUnsafeMutableBufferPointer { c in
          stream.next_out = c.baseAddress
          stream.avail_out = UInt32(c.count)
          let s = inflate(&stream, Z_NO_FLUSH)
          return (s, c.count - Int(stream.avail_out))
        }
        at += given - Int(stream.avail_in)
        out += chunk[..<made]
        guard out.count <= limit else {
          throw .error(
            "gzip.limit", "\(b.count) packed bytes unpack to more than \(limit): refused", at: place,
            help: "unpack it with gunzip first if you trust it")
        }
        switch status {
        case Z_STREAM_END:
          isDone = at >= source.count || !Self.isMember(source, at)
          if !isDone { inflateReset(&stream) }
        case Z_OK where made > 0 || at < source.count: break
        default: throw .error("gzip.damaged", "is damaged or ends early", at: place)
        }
      }
    }
    return try ByteStorage.copying(out, path: b.storage.path).all
  }

  /// Whether another member starts at `at`; anything else behind a member is padding.
  private static func isMember(_ b: UnsafeRawBufferPointer, _ at: Int) -> Bool {
    b.count - at >= 2 && b[at] == 0x1f && b[at + 1] == 0x8b
  }
}
