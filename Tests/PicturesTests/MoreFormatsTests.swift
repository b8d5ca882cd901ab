import ByteSource
import Diagnostics
import TestSupport
import Testing

@testable import Pictures

@Suite struct MoreFormatsTests {
  static func slice(_ bytes: [UInt8]) throws -> ByteSlice { try ByteStorage.copying(bytes).all }

  static func text(_ s: String, _ raster: [UInt8] = []) throws -> ByteSlice { try slice(Array(s.utf8) + raster) }

  static func little(_ v: Int, _ width: Int) -> [UInt8] { (0..<width).map { UInt8(truncatingIfNeeded: v >> (8 * $0)) } }

  /// A bitmap file: header, palette of blue-green-red-0 entries, raster.
  static func bitmap(
    width: Int, height: Int, bits: Int, compression: Int = 0, palette: [[UInt8]] = [], _ raster: [UInt8]
  ) throws -> ByteSlice {
    let start = 54 + 4 * palette.count
    var out: [UInt8] = [0x42, 0x4d] + little(start + raster.count, 4) + little(0, 4) + little(start, 4)
    out += little(40, 4) + little(width, 4) + little(height, 4) + little(1, 2) + little(bits, 2)
    out += little(compression, 4) + little(raster.count, 4) + little(0, 8) + little(palette.count, 4) + little(0, 4)
    return try slice(out + palette.flatMap { $0 } + raster)
  }

  @Test func bitmapsOfTrueColourHaveTheirLastRowFirst() throws {
    // 2x2: red, green / blue, white; rows are padded to four bytes.
    let raster: [UInt8] = [255, 0, 0, 255, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0]
    let p = try Picture.decode(Self.bitmap(width: 2, height: 2, bits: 24, raster))
    #expect(p.pixels == [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255])
    let top = try Picture.decode(Self.bitmap(width: 2, height: -2, bits: 24, raster))
    #expect(top.pixels == [0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 255, 0])
  }

  @Test func palettesAndRunsGiveTheirColours() throws {
    let palette: [[UInt8]] = [[0, 0, 0, 0], [10, 20, 30, 0], [3, 2, 1, 0]]
    let plain = try Picture.decode(Self.bitmap(width: 3, height: 1, bits: 8, palette: palette, [1, 2, 0, 0]))
    #expect(plain.pixels == [30, 20, 10, 1, 2, 3, 0, 0, 0])
    let nibbles = try Picture.decode(Self.bitmap(width: 3, height: 1, bits: 4, palette: palette, [0x12, 0, 0, 0]))
    #expect(nibbles.pixels == plain.pixels)
    let runs: [UInt8] = [2, 1, 0, 0, 0, 3, 2, 1, 0, 0, 0, 1]
    let packed = try Picture.decode(
      Self.bitmap(width: 3, height: 2, bits: 8, compression: 1, palette: palette, runs))
    #expect(packed.pixels == [1, 2, 3, 30, 20, 10, 0, 0, 0] + [30, 20, 10, 30, 20, 10, 0, 0, 0])
  }

  @Test(arguments: [
    ("P1\n# note\n3 2\n1 0 1\n010\n", [UInt8](), 1, [UInt8](arrayLiteral: 0, 255, 0, 255, 0, 255)),
    ("P2 3 1 10 0 5 10", [], 1, [0, 128, 255]),
    ("P3 1 2 255 1 2 3 4 5 6", [], 3, [1, 2, 3, 4, 5, 6]),
    ("P4 3 2\n", [0b1010_0000, 0b0100_0000], 1, [0, 255, 0, 255, 0, 255]),
    ("P5 2 1 255\n", [7, 9], 1, [7, 9]),
    ("P5 2 1 65535\n", [0xff, 0xff, 0x80, 0x80], 1, [255, 128]),
    ("P6 1 1 255\n", [1, 2, 3], 3, [1, 2, 3]),
  ])
  func anymaps(_ head: String, _ raster: [UInt8], _ channels: Int, _ pixels: [UInt8]) throws {
    let p = try Picture.decode(Self.text(head, raster))
    #expect(p.channels == channels)
    #expect(p.pixels == pixels)
  }

  /// A TIFF file of one uncompressed strip.
  static func tiff(width: Int, height: Int, _ pixels: [UInt8]) throws -> ByteSlice {
    let fields: [(Int, Int, Int, Int)] = [
      (256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8),
      (277, 3, 1, 1), (278, 3, 1, height), (279, 4, 1, pixels.count),
    ]
    let raster = pixels + [UInt8](repeating: 0, count: pixels.count % 2)
    var out: [UInt8] = [0x49, 0x49, 0x2a, 0] + little(8 + raster.count, 4) + raster + little(fields.count, 2)
    for f in fields { out += little(f.0, 2) + little(f.1, 2) + little(f.2, 4) + little(f.3, 4) }
    return try slice(out + little(0, 4))
  }

  @Test func tiff() throws {
    let p = try Picture.decode(Self.tiff(width: 3, height: 2, [0, 40, 80, 120, 160, 200]))
    #expect(p.channels == 1)
    #expect(p.pixels == [0, 40, 80, 120, 160, 200])
  }

  @Test(arguments: [
    "P6 99999999 99999999 255\n", "P5 0 5 255\n", "P5 3 3 255\n", "P2 2 2 255 1 2 3", "P2 2 2 99999999999 1",
    "P3 -1 2 255",
    "BM", "RIFF\u{1}\u{1}\u{1}\u{1}WEBPVP8 ", "II*\u{0}\u{8}\u{0}\u{0}\u{0}", "MM\u{0}*",
  ])
  func damagedFilesAreErrors(_ head: String) throws {
    let bytes = try Self.text(head, [UInt8](repeating: 7, count: 3))
    #expect(throws: Diagnostic.self) { try Picture.decode(bytes) }
  }

  @Test func claimsBeyondTheBytesAreRefused() throws {
    let bitmap = try Self.bitmap(width: 1 << 20, height: 1 << 20, bits: 24, [1, 2, 3])
    #expect(throws: Diagnostic.self) { try Picture.decode(bitmap) }
    let tiff = try Self.tiff(width: 65535, height: 65535, [1])
    #expect(throws: Diagnostic.self) { try Picture.decode(tiff) }
    // A codestream that says it has 2³² tiles.
    var stream: [UInt8] = [0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0]
    for v in [1 << 16, 1 << 16, 0, 0, 1, 1, 0, 0] { stream += Self.little(v, 4).reversed() }
    stream += [0, 1, 7, 1, 1] + [UInt8](repeating: 0, count: 32)
    let tiles = try Self.slice(stream)
    #expect(throws: Diagnostic.self) { try Picture.decode(tiles) }
  }
}
