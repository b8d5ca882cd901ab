import ByteSource
import CPictureCodecs
import Diagnostics

/// TIFF, WebP and JPEG 2000: the libraries are loaded when the first such picture is read.
package enum LibraryPicture: String, CaseIterable {
  case tiff = "TIFF"
  case webp = "WebP"
  case jpeg2000 = "JPEG 2000"

  /// The format of the bytes, by their signature.
  package static func matching(_ b: ByteSlice) -> LibraryPicture? {
    if b.starts(with: [0x49, 0x49, 0x2a, 0]) || b.starts(with: [0x4d, 0x4d, 0, 0x2a]) { return .tiff }
    if b.starts(with: Array("RIFF".utf8)), (8..<12).compactMap({ b[$0] }) == Array("WEBP".utf8) { return .webp }
    let box: [UInt8] = [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a]
    return b.starts(with: box) || b.starts(with: [0xff, 0x4f, 0xff, 0x51]) ? .jpeg2000 : nil
  }

  /// Samples for each byte of a file: pictures of one colour are packed without a bound, so this one is chosen.
  private static let ratio = 4096

  /// Grey or RGB; transparency is left out.
  ///
  /// - Throws: `picture.damaged`, `picture.size`, `picture.library` where the library is not installed.
  package func decode(_ b: ByteSlice) throws(Diagnostic) -> Picture {
    let allowed = b.count.multipliedReportingOverflow(by: Self.ratio)
    let limit = min(Picture.sampleLimit, allowed.overflow ? Int.max : max(allowed.partialValue, 1 << 20))
    var out = codec_picture()
    defer { codec_free(&out) }
    let status = b.withUnsafeBytes { buffer -> Int32 in
      guard let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
        return Int32(CODEC_DAMAGED.rawValue)
      }
      // SAFETY: base addresses buffer.count bytes for the call.
      return switch self {
      case .tiff: codec_decode_tiff(base, buffer.count, limit, &out)
      case .webp: codec_decode_webp(base, buffer.count, limit, &out)
      case .jpeg2000: codec_decode_jpeg2000(base, buffer.count, limit, &out)
      }
    }
    let place = SourceLocation(file: b.storage.path)
    let text = withUnsafeBytes(of: out.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    switch UInt32(bitPattern: status) {
    case CODEC_OK.rawValue:
      let count = Int(out.width) * Int(out.height) * Int(out.channels)
      // SAFETY: after CODEC_OK, pixels addresses width * height * channels bytes, which the shim bounded by the limit.
      let pixels = out.pixels.map { Array(UnsafeBufferPointer(start: $0, count: count)) } ?? []
      return try Picture(width: Int(out.width), height: Int(out.height), channels: Int(out.channels), pixels: pixels)
    case CODEC_TOO_LARGE.rawValue:
      throw .error(
        "picture.size", "\(b.count) bytes claim a picture of \(out.width)x\(out.height), which is too large", at: place)
    case CODEC_NO_LIBRARY.rawValue:
      throw .error(
        "picture.library", "\(rawValue) pictures cannot be read here: \(text)", at: place,
        help: "install the library (libtiff6, libwebp7, libopenjp2-7)")
    default:
      throw .error(
        "picture.damaged", "cannot be read as \(rawValue): \(text.isEmpty ? "the data are damaged" : text)", at: place)
    }
  }
}
