import ByteSource
import CJPEG
import Diagnostics

/// JPEG through TurboJPEG, with the accurate transform, so that pixels do not depend on the processor.
package enum JPEG {
  package static func matches(_ b: ByteSlice) -> Bool { b.starts(with: [0xff, 0xd8, 0xff]) }

  /// An 8x8 block of one colour takes at least six bits or so in a plain file, less in a progressive one.
  private static let ratio = 4096

  /// Grey or RGB; CMYK is converted as Adobe's inverted inks. The orientation tag is not applied.
  ///
  /// - Parameter grey: the luminance that the file stores, without its colour.
  /// - Throws: `picture.damaged` (also for a file that ends early), `picture.size`.
  package static func decode(_ b: ByteSlice, grey: Bool = false) throws(Diagnostic) -> Picture {
    guard let handle = tjInitDecompress() else { throw .error("picture.damaged", "JPEG cannot be read here") }
    defer { tjDestroy(handle) }
    return try b.withUnsafeBytes { (buffer) throws(Diagnostic) in
      let base = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      var w: Int32 = 0, h: Int32 = 0, sampling: Int32 = 0, space: Int32 = 0
      // SAFETY: base addresses buffer.count bytes.
      guard tjDecompressHeader3(handle, base, UInt(buffer.count), &w, &h, &sampling, &space) == 0 else {
        throw failed(handle, b)
      }
      let isGrey = space == Int32(TJCS_GRAY.rawValue) || (grey && space == Int32(TJCS_YCbCr.rawValue))
      let isCMYK = space == Int32(TJCS_CMYK.rawValue) || space == Int32(TJCS_YCCK.rawValue)
      let channels = isGrey ? 1 : isCMYK ? 4 : 3
      let format = isGrey ? TJPF_GRAY : isCMYK ? TJPF_CMYK : TJPF_RGB
      let count = try Picture.checkClaim(Int(w), Int(h), channels, bytes: b, ratio: ratio)
      var pixels = [UInt8](repeating: 0, count: count)
      let flags = Int32(TJFLAG_ACCURATEDCT)
      // SAFETY: the array holds h rows of w * channels bytes.
      let status = tjDecompress2(
        handle, base, UInt(buffer.count), &pixels, w, 0, h, Int32(format.rawValue), flags)
      if status != 0 {
        // Stray bytes before a marker cost no pixel; every other warning does.
        let isHarmless =
          tjGetErrorCode(handle) == Int32(TJERR_WARNING.rawValue) && reason(handle).contains("extraneous bytes")
        guard isHarmless else { throw failed(handle, b) }
      }
      if isCMYK { pixels = rgb(cmyk: pixels) }
      return try Picture(width: Int(w), height: Int(h), channels: isCMYK ? 3 : channels, pixels: pixels)
    }
  }

  private static func rgb(cmyk: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(cmyk.count / 4 * 3)
    for i in stride(from: 0, to: cmyk.count - 3, by: 4) {
      let k = Int(cmyk[i + 3])
      for c in 0..<3 { out.append(UInt8((Int(cmyk[i + c]) * k + 127) / 255)) }
    }
    return out
  }

  private static func reason(_ handle: tjhandle) -> String {
    tjGetErrorStr2(handle).map { String(cString: $0) } ?? ""
  }

  private static func failed(_ handle: tjhandle, _ b: ByteSlice) -> Diagnostic {
    .error(
      "picture.damaged", "cannot be read as JPEG: \(reason(handle))", at: SourceLocation(file: b.storage.path))
  }
}
