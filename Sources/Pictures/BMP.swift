import ByteSource
import Diagnostics

/// Windows and OS/2 bitmaps: 1, 4, 8, 16, 24 and 32 bits, palettes, bit fields, run-length coding.
package enum BMP {
  /// The letters, and a header size that exists.
  package static func matches(_ b: ByteSlice) -> Bool {
    guard b.starts(with: [0x42, 0x4d]), let size = b[14], size >= 12, size <= 124 else { return false }
    return (15..<18).allSatisfy { b[$0] == 0 }
  }

  /// RGB, or grey where the palette holds greys alone; transparency is left out.
  ///
  /// - Throws: `picture.damaged`, `picture.size`.
  package static func decode(_ b: ByteSlice) throws(Diagnostic) -> Picture {
    let h = try Header(b)
    let ratio = h.compression == 1 || h.compression == 2 ? 512 : 8
    let count = try Picture.checkClaim(h.width, h.height, 3, bytes: b, ratio: ratio * 3)
    let raster = Raster(b, h)
    let indices = h.compression == 1 || h.compression == 2 ? try raster.unpacked() : nil
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count)
    for row in 0..<h.height {
      let y = h.isTopDown ? row : h.height - 1 - row
      for x in 0..<h.width {
        if h.bits <= 8 {
          let k = if let indices { Int(indices[y * h.width + x]) } else { try raster.index(x, y) }
          // Past the palette's end is black.
          pixels += k < h.palette.count ? h.palette[k] : [0, 0, 0]
        } else {
          pixels += try raster.colour(x, y)
        }
      }
    }
    let isGrey = h.bits <= 8 && h.palette.allSatisfy { $0[0] == $0[1] && $0[1] == $0[2] }
    guard isGrey else { return try Picture(width: h.width, height: h.height, channels: 3, pixels: pixels) }
    let grey = stride(from: 0, to: pixels.count, by: 3).map { pixels[$0] }
    return try Picture(width: h.width, height: h.height, channels: 1, pixels: grey)
  }

  static func damaged(_ b: ByteSlice, _ text: String) -> Diagnostic {
    .error("picture.damaged", "cannot be read as BMP: \(text)", at: SourceLocation(file: b.storage.path))
  }

  /// Little-endian numbers of a file.
  static func number(_ b: ByteSlice, _ at: Int, _ width: Int) throws(Diagnostic) -> Int {
    var v = 0
    for k in 0..<width {
      guard let byte = b[at + k] else { throw damaged(b, "it ends early") }
      v |= Int(byte) << (8 * k)
    }
    return v
  }
}

extension BMP {
  struct Header {
    var width = 0
    var height = 0
    var isTopDown = false
    var bits = 0
    /// 0 none, 1 RLE8, 2 RLE4, 3 bit fields.
    var compression = 0
    var start = 0
    /// RGB triples.
    var palette: [[UInt8]] = []
    /// Of 16- and 32-bit pixels: red, green, blue.
    var masks: [UInt32] = []

    init(_ b: ByteSlice) throws(Diagnostic) {
      start = try BMP.number(b, 10, 4)
      let size = try BMP.number(b, 14, 4)
      let isCore = size == 12
      guard isCore || (40...1024).contains(size) else { throw BMP.damaged(b, "the header has \(size) bytes") }
      let unit = isCore ? 2 : 4
      width = try BMP.number(b, 18, unit)
      height = try BMP.number(b, 18 + unit, unit)
      if !isCore {
        let signed = Int(Int32(truncatingIfNeeded: height))
        isTopDown = signed < 0
        height = signed.magnitude > 1 << 24 ? 0 : Int(signed.magnitude)
        compression = try BMP.number(b, 30, 4)
      }
      bits = try BMP.number(b, 18 + 2 * unit + 2, 2)
      guard (1...1 << 24).contains(width), (1...1 << 24).contains(height) else {
        throw BMP.damaged(b, "its size is \(width)x\(height)")
      }
      let allowed: [Int: Set<Int>] = [0: [1, 4, 8, 16, 24, 32], 1: [8], 2: [4], 3: [16, 32], 6: [16, 32]]
      guard allowed[compression]?.contains(bits) == true else {
        throw BMP.damaged(b, "\(bits) bits with compression \(compression) are not supported")
      }
      masks = bits == 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0xff00, 0xff]
      if compression == 3 || compression == 6 {
        for k in 0..<3 { masks[k] = UInt32(try BMP.number(b, 54 + 4 * k, 4)) }
        compression = 3
      }
      if bits <= 8 {
        let given = isCore ? 0 : try BMP.number(b, 46, 4)
        let entry = isCore ? 3 : 4
        let first = 14 + size
        let fit = max(0, (min(max(start, first), b.count) - first) / entry)
        for k in 0..<min(given == 0 ? 1 << bits : given, 256, fit) {
          let at = first + k * entry
          palette.append([b[at + 2] ?? 0, b[at + 1] ?? 0, b[at] ?? 0])
        }
      }
    }
  }

  /// The pixels of the file, rows in its order.
  struct Raster {
    private let bytes: ByteSlice
    private let h: Header
    private let stride: Int
    init(_ b: ByteSlice, _ header: Header) {
      bytes = b
      h = header
      stride = (header.width * header.bits + 31) / 32 * 4
    }

    func index(_ x: Int, _ y: Int) throws(Diagnostic) -> Int {
      let byte = try BMP.number(bytes, h.start + y * stride + x * h.bits / 8, 1)
      return byte >> (8 - h.bits - x * h.bits % 8) & (1 << h.bits - 1)
    }

    func colour(_ x: Int, _ y: Int) throws(Diagnostic) -> [UInt8] {
      let at = h.start + y * stride + x * (h.bits / 8)
      if h.bits == 24 {
        let v = try BMP.number(bytes, at, 3)
        return [UInt8(v >> 16 & 255), UInt8(v >> 8 & 255), UInt8(v & 255)]
      }
      let v = UInt32(try BMP.number(bytes, at, h.bits / 8))
      return h.masks.map { mask in
        guard mask != 0 else { return 0 }
        let low = UInt32(mask.trailingZeroBitCount)
        let top = mask >> low
        return UInt8(clamping: (UInt64(v & mask) >> UInt64(low)) * 255 / UInt64(top))
      }
    }

    /// The palette indices of a run-length coded picture; pixels that no run covers are 0.
    func unpacked() throws(Diagnostic) -> [UInt8] {
      var out = [UInt8](repeating: 0, count: h.width * h.height)
      var (x, y, at) = (0, 0, h.start)
      let isNibbles = h.compression == 2
      func put(_ v: UInt8) {
        if x < h.width, y < h.height { out[y * h.width + x] = v }
        x += 1
      }
      func nibble(_ byte: UInt8, _ k: Int) -> UInt8 { isNibbles ? (k % 2 == 0 ? byte >> 4 : byte & 15) : byte }
      while y < h.height {
        guard let n = bytes[at], let v = bytes[at + 1] else { break }
        at += 2
        if n > 0 {
          for k in 0..<Int(n) { put(nibble(v, k)) }
        } else if v == 0 {
          (x, y) = (0, y + 1)
        } else if v == 1 {
          break
        } else if v == 2 {
          x += Int(bytes[at] ?? 0)
          y += Int(bytes[at + 1] ?? 0)
          at += 2
        } else {
          let length = isNibbles ? (Int(v) + 1) / 2 : Int(v)
          for k in 0..<Int(v) { put(nibble(bytes[at + (isNibbles ? k / 2 : k)] ?? 0, k)) }
          at += (length + 1) / 2 * 2
        }
      }
      return out
    }
  }
}
