import ByteSource
import CZlib

/// Check sums of files.
package enum Checksum {
  /// The CRC-32 of zip, gzip and PNG (polynomial 0xedb88320).
  package static func crc32(_ b: ByteSlice) -> UInt32 { b.withUnsafeBytes { crc32($0) } }

  /// The same over a buffer, continued from `start`.
  static func crc32(_ b: UnsafeRawBufferPointer, from start: UInt32 = 0) -> UInt32 {
    guard let base = b.baseAddress, b.count > 0 else { return start }
    // SAFETY: crc32_z reads exactly b.count bytes.
    return UInt32(truncatingIfNeeded: crc32_z(UInt(start), base.assumingMemoryBound(to: UInt8.self), b.count))
  }
}
