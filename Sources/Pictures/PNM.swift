import ByteSource
import Diagnostics

/// Portable any-map: bitmaps, grey maps and pixel maps (P1 to P6), plain and raw, up to 16 bits.
package enum PNM {
  package static func matches(_ b: ByteSlice) -> Bool {
    guard b[0] == 0x50, let kind = b[1], (0x31...0x36).contains(kind), let next = b[2] else { return false }
    return isSpace(next) || next == 0x23
  }

  private static func isSpace(_ c: UInt8) -> Bool { c == 0x20 || (0x09...0x0d).contains(c) }

  /// Grey or RGB; samples are scaled to 255.
  ///
  /// - Throws: `picture.damaged`, `picture.size`.
  package static func decode(_ b: ByteSlice) throws(Diagnostic) -> Picture {
    var reader = Reader(b)
    let kind = Int(b[1] ?? 0) - 0x30
    let width = try reader.number()
    let height = try reader.number()
    let isBitmap = kind == 1 || kind == 4
    let top = isBitmap ? 1 : try reader.number()
    guard (1...65535).contains(top) else { throw reader.damaged("the largest sample is \(top)") }
    let channels = kind == 3 || kind == 6 ? 3 : 1
    let count = try Picture.checkClaim(width, height, channels, bytes: b, ratio: 8)
    var samples: [Int] = []
    samples.reserveCapacity(count)
    if kind <= 3 {
      for _ in 0..<count { samples.append(isBitmap ? try reader.bit() : try reader.number()) }
    } else {
      reader.at += 1
      if isBitmap {
        let stride = (width + 7) / 8
        for y in 0..<height {
          for x in 0..<width { samples.append(Int(try reader.byte(y * stride + x / 8) >> (7 - UInt8(x % 8))) & 1) }
        }
      } else {
        let unit = top > 255 ? 2 : 1
        for i in 0..<count {
          let high = Int(try reader.byte(i * unit))
          samples.append(unit == 1 ? high : high << 8 | Int(try reader.byte(i * unit + 1)))
        }
      }
    }
    // In bitmaps 1 is black.
    let pixels = samples.map { v -> UInt8 in
      isBitmap ? (v == 0 ? 255 : 0) : top == 255 ? UInt8(clamping: v) : UInt8((min(v, top) * 255 + top / 2) / top)
    }
    return try Picture(width: width, height: height, channels: channels, pixels: pixels)
  }

  private struct Reader {
    private let bytes: ByteSlice
    var at = 2

    init(_ b: ByteSlice) { bytes = b }

    func damaged(_ text: String) -> Diagnostic {
      .error("picture.damaged", "cannot be read as PNM: \(text)", at: SourceLocation(file: bytes.storage.path))
    }

    /// A byte of the raster that starts at `at`.
    func byte(_ offset: Int) throws(Diagnostic) -> UInt8 {
      guard let v = bytes[at + offset] else { throw damaged("it ends early") }
      return v
    }

    private mutating func skipSpace() {
      while let c = bytes[at] {
        if c == 0x23 {
          while let d = bytes[at], d != 0x0a, d != 0x0d { at += 1 }
        } else if isSpace(c) {
          at += 1
        } else {
          return
        }
      }
    }

    mutating func number() throws(Diagnostic) -> Int {
      skipSpace()
      var v = 0
      let start = at
      while let c = bytes[at], (0x30...0x39).contains(c) {
        v = v * 10 + Int(c - 0x30)
        guard v < 1 << 31 else { throw damaged("a number is too large") }
        at += 1
      }
      guard at > start else { throw damaged("a number is missing at byte \(at)") }
      return v
    }

    /// One digit of a plain bitmap, which needs no space around it.
    mutating func bit() throws(Diagnostic) -> Int {
      skipSpace()
      guard let c = bytes[at], c == 0x30 || c == 0x31 else { throw damaged("a bit is missing at byte \(at)") }
      at += 1
      return Int(c - 0x30)
    }
  }
}
