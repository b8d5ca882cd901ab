import ByteSource
import CPNG
import Diagnostics

/// PNG through libpng's simplified interface, whose error jumps stay inside the library.
package enum PNG {
  package static func matches(_ b: ByteSlice) -> Bool {
    b.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  }

  /// Deflate packs at most 1:1032, and a sample may take a single bit.
  private static let ratio = 1032 * 8

  /// 8-bit grey, RGB or RGBA as the file has colour and transparency; palettes, 1- to 16-bit samples are converted.
  ///
  /// Samples are taken as they stand: gamma and colour profiles are not applied, as training pipelines do not.
  /// - Throws: `picture.damaged`, `picture.size`.
  package static func decode(_ b: ByteSlice) throws(Diagnostic) -> Picture {
    let plain = try withoutColourManagement(b)
    return try plain.withUnsafeBytes { (buffer) throws(Diagnostic) in
      var image = png_image()
      image.version = UInt32(PNG_IMAGE_VERSION)
      defer { png_image_free(&image) }
      // SAFETY: the buffer outlives the image, which is freed in this scope.
      guard png_image_begin_read_from_memory(&image, buffer.baseAddress, buffer.count) != 0 else {
        throw failed(image, b)
      }
      // Without this, 16-bit samples are taken for linear light.
      image.flags |= UInt32(PNG_IMAGE_FLAG_16BIT_sRGB)
      let hasAlpha = image.format & PNG_FORMAT_FLAG_ALPHA != 0
      let hasColour = image.format & (PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_COLORMAP) != 0
      let channels = hasAlpha ? 4 : hasColour ? 3 : 1
      image.format =
        hasAlpha ? (PNG_FORMAT_RGB | PNG_FORMAT_FLAG_ALPHA) : hasColour ? PNG_FORMAT_RGB : UInt32(PNG_FORMAT_GRAY)
      let width = Int(image.width)
      let height = Int(image.height)
      let count = try Picture.checkClaim(width, height, channels, bytes: b, ratio: ratio)
      var pixels = [UInt8](repeating: 0, count: count)
      // SAFETY: the buffer holds height rows of width * channels bytes.
      let done = pixels.withUnsafeMutableBytes {
        png_image_finish_read(&image, nil, $0.baseAddress, Int32(clamping: width * channels), nil)
      }
      guard done != 0 else { throw failed(image, b) }
      return try Picture(width: width, height: height, channels: channels, pixels: pixels)
    }
  }

  /// The file without the chunks from which the library would derive a colour conversion.
  private static func withoutColourManagement(_ b: ByteSlice) throws(Diagnostic) -> ByteSlice {
    let managing: Set<[UInt8]> = [Array("gAMA".utf8), Array("cHRM".utf8), Array("sRGB".utf8), Array("iCCP".utf8)]
    var kept: [Range<Int>] = [0..<8]
    var at = 8
    var isChanged = false
    // A chunk: length, type, content, checksum.
    while at <= b.count - 12 {
      let head = b.slice(at, 8)?.bytes ?? []
      guard head.count == 8 else { break }
      let length = head[0..<4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= b.count - at - 12 else { break }
      let type = Array(head[4..<8])
      // They stand before the pixels, which are the bulk of the file.
      if type == Array("IDAT".utf8) { break }
      if managing.contains(type) { isChanged = true } else { kept.append(at..<at + length + 12) }
      at += length + 12
    }
    guard isChanged else { return b }
    var bytes: [UInt8] = []
    for r in kept + [at..<b.count] { bytes += b.slice(r.lowerBound, r.count)?.bytes ?? [] }
    return try ByteStorage.copying(bytes, path: b.storage.path).all
  }

  /// The PNG file of a picture; equal pictures give equal bytes.
  ///
  /// - Throws: `picture.write` where the library refuses.
  package static func encode(_ p: Picture) throws(Diagnostic) -> [UInt8] {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(clamping: p.width)
    image.height = UInt32(clamping: p.height)
    image.format =
      p.channels == 4
      ? (PNG_FORMAT_RGB | PNG_FORMAT_FLAG_ALPHA) : p.channels == 3 ? PNG_FORMAT_RGB : UInt32(PNG_FORMAT_GRAY)
    defer { png_image_free(&image) }
    let stride = Int32(clamping: p.width * p.channels)
    var size = 0
    let measured = p.pixels.withUnsafeBytes {
      png_image_write_to_memory(&image, nil, &size, 0, $0.baseAddress, stride, nil)
    }
    guard measured != 0, size > 0 else { throw .error("picture.write", "cannot be encoded: \(message(image))") }
    var out = [UInt8](repeating: 0, count: size)
    let written = p.pixels.withUnsafeBytes { pixels in
      out.withUnsafeMutableBytes {
        png_image_write_to_memory(&image, $0.baseAddress, &size, 0, pixels.baseAddress, stride, nil)
      }
    }
    guard written != 0, size <= out.count else {
      throw .error("picture.write", "cannot be encoded: \(message(image))")
    }
    out.removeLast(out.count - size)
    return out
  }

  /// Writes the PNG file at `path`, whole or not at all.
  package static func write(_ p: Picture, path: String) throws(Diagnostic) {
    let bytes = try encode(p)
    let out = try FileWriter(path)
    try out.write(bytes)
    try out.commit()
  }

  private static func message(_ image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func failed(_ image: png_image, _ b: ByteSlice) -> Diagnostic {
    .error(
      "picture.damaged", "cannot be read as PNG: \(message(image))", at: SourceLocation(file: b.storage.path))
  }
}
