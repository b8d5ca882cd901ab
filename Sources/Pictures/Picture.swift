import ByteSource
import Diagnostics
import TensorCore

/// An 8-bit picture: rows from the top, channels interleaved.
package struct Picture: Sendable, Hashable {
  package let width: Int
  package let height: Int
  /// 1 grey, 3 RGB, 4 RGBA (alpha not premultiplied).
  package let channels: Int
  /// `height * width * channels` samples, sRGB.
  package private(set) var pixels: [UInt8]

  /// More samples than any camera's picture; a bound for what a small file may claim.
  static let sampleLimit = 1 << 30

  /// - Throws: `picture.size` where `pixels` does not fit the sizes or a size is not positive.
  package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(Diagnostic) {
    guard width > 0, height > 0, [1, 3, 4].contains(channels),
      checkedProduct([width, height, channels]) == pixels.count, pixels.count <= Self.sampleLimit
    else {
      throw .error(
        "picture.size", "a picture of \(width)x\(height) with \(channels) channels cannot hold \(pixels.count) samples")
    }
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// A picture of one colour.
  package init(width: Int, height: Int, fill: [UInt8]) throws(Diagnostic) {
    guard let n = checkedProduct([width, height, fill.count]), n <= Self.sampleLimit else {
      throw .error("picture.size", "a picture of \(width)x\(height) is too large")
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(n)
    for _ in 0..<(fill.isEmpty ? 0 : n / fill.count) { pixels += fill }
    try self.init(width: width, height: height, channels: fill.count, pixels: pixels)
  }

  /// The sample of a channel; positions outside are ignored on writing and 0 on reading.
  package subscript(x x: Int, y y: Int, channel channel: Int) -> UInt8 {
    get { contains(x, y, channel) ? pixels[(y * width + x) * channels + channel] : 0 }
    set { if contains(x, y, channel) { pixels[(y * width + x) * channels + channel] = newValue } }
  }

  private func contains(_ x: Int, _ y: Int, _ c: Int) -> Bool {
    x >= 0 && x < width && y >= 0 && y < height && c >= 0 && c < channels
  }

  /// The samples as a uint8 tensor of shape (height, width, channels).
  package func tensor() throws(Diagnostic) -> Tensor { try Tensor(pixels, shape: [height, width, channels]) }

  /// True for the file formats that `decode` reads.
  package static func matches(_ b: ByteSlice) -> Bool {
    PNG.matches(b) || JPEG.matches(b) || LibraryPicture.matching(b) != nil || PNM.matches(b) || BMP.matches(b)
  }

  /// Decodes PNG, JPEG, BMP, PNM, TIFF, WebP or JPEG 2000, recognised by content.
  ///
  /// - Parameter grey: the luminance of a JPEG as the file stores it; a PNG's colours are not changed.
  /// - Throws: `picture.format` for anything else, `picture.damaged`, `picture.size`.
  package static func decode(_ b: ByteSlice, grey: Bool = false) throws(Diagnostic) -> Picture {
    if PNG.matches(b) { return try PNG.decode(b) }
    if JPEG.matches(b) { return try JPEG.decode(b, grey: grey) }
    if let format = LibraryPicture.matching(b) { return try format.decode(b) }
    if PNM.matches(b) { return try PNM.decode(b) }
    if BMP.matches(b) { return try BMP.decode(b) }
    throw .error(
      "picture.format", "is no PNG, JPEG, BMP, PNM, TIFF, WebP or JPEG 2000 picture",
      at: SourceLocation(file: b.storage.path), help: "convert it to PNG or JPEG first")
  }

  /// Checks a claimed size against a bound that depends on the bytes that are there.
  static func checkClaim(
    _ width: Int, _ height: Int, _ channels: Int, bytes: ByteSlice, ratio: Int
  ) throws(Diagnostic) -> Int {
    let allowed = bytes.count.multipliedReportingOverflow(by: ratio)
    guard width > 0, height > 0, let n = checkedProduct([width, height, channels]), n <= sampleLimit,
      allowed.overflow || n <= max(allowed.partialValue, 1 << 20)
    else {
      throw .error(
        "picture.size", "\(bytes.count) bytes cannot hold the picture of \(width)x\(height) that they claim",
        at: SourceLocation(file: bytes.storage.path))
    }
    return n
  }
}
