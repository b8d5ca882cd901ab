import ByteSource
import Diagnostics
import TestSupport
import Testing

@testable import Pictures

@Suite struct PictureTests {
  static func bytes(_ hex: String) throws -> ByteSlice {
    let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return try ByteStorage.copying(stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
      .all
  }

  /// 3x2 grey, samples 0, 40, ... 200; written by Pillow.
  static let grey =
    "89504e470d0a1a0a0000000d4948445200000003000000020800000000b81f39c60000001049444154789c6364d0d060acd0d0000003ac01"
    + "1bab41f4df0000000049454e44ae426082"
  /// 3x2 with a palette of red, green, blue.
  static let palette =
    "89504e470d0a1a0a0000000d4948445200000003000000020203000000e01a8e8900000009504c5445ff000000ff000000ff2d4acd8a0000"
    + "000c49444154789c63906098000000dc00a96ce7c0230000000049454e44ae426082"
  /// 3x2 grey of 16 bits, samples 257 times those of `grey`.
  static let deep =
    "89504e470d0a1a0a0000000d4948445200000003000000021000000000e88fe5850000001649444154789c636460d0d0d0d060aca8d0d0d0"
    + "d000000ccb023347debbb20000000049454e44ae426082"
  /// 3x2 grey with transparency equal to grey.
  static let greyAlpha =
    "89504e470d0a1a0a0000000d4948445200000003000000020804000000377dae910000001649444154789c636460d0d0d0d060aca8d0d0d0"
    + "d000000ccb023347debbb20000000049454e44ae426082"
  /// 16x8 of the colour (200, 100, 50), no chroma subsampling.
  static let jpeg =
    "ffd8ffe000104a46494600010100000100010000ffdb0043000302020302020303030304030304050805050404050a070706"
    + "080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ffdb004301030404050405"
    + "09050509140d0b0d141414141414141414141414141414141414141414141414141414141414141414141414141414141414"
    + "1414141414141414ffc00011080008001003011100021101031101ffc4001f00000105010101010101000000000000000001"
    + "02030405060708090a0bffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114"
    + "328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a53545556"
    + "5758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5"
    + "b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffc4001f010003"
    + "0101010101010101010000000000000102030405060708090a0bffc400b51100020102040403040705040400010277000102"
    + "031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35"
    + "363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495"
    + "969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9ea"
    + "f2f3f4f5f6f7f8f9faffda000c03010002110311003f00a95f879fd201401fffd9"

  @Test func formatsOfPNG() throws {
    let g = try Picture.decode(Self.bytes(Self.grey))
    #expect((g.width, g.height, g.channels) == (3, 2, 1))
    #expect(g.pixels == [0, 40, 80, 120, 160, 200])
    let p = try Picture.decode(Self.bytes(Self.palette))
    #expect(p.channels == 3)
    #expect(Array(p.pixels[0..<9]) == [255, 0, 0, 0, 255, 0, 0, 0, 255])
    #expect(try Picture.decode(Self.bytes(Self.deep)).pixels == g.pixels)
    let a = try Picture.decode(Self.bytes(Self.greyAlpha))
    #expect(a.channels == 4)
    #expect(Array(a.pixels[4..<8]) == [40, 40, 40, 40])
  }

  @Test func jpegPixels() throws {
    let p = try Picture.decode(Self.bytes(Self.jpeg))
    #expect((p.width, p.height, p.channels) == (16, 8, 3))
    #expect(Array(p.pixels[0..<3]) == [200, 100, 50])
  }

  @Test(arguments: [1, 3, 4])
  func writtenPicturesAreReadBack(channels: Int) throws {
    let folder = try TemporaryFolder()
    let pixels = (0..<7 * 5 * channels).map { UInt8(truncatingIfNeeded: $0 * 37) }
    let p = try Picture(width: 7, height: 5, channels: channels, pixels: pixels)
    try PNG.write(p, path: folder.path("x.png"))
    #expect(try Picture.decode(try ByteStorage.open(folder.path("x.png")).all) == p)
    #expect(try PNG.encode(p) == PNG.encode(p))
    #expect(try p.tensor().shape == [5, 7, channels])
  }

  @Test func samplesByPlace() throws {
    var p = try Picture(width: 3, height: 2, fill: [1, 2, 3])
    p[x: 2, y: 1, channel: 0] = 9
    p[x: 3, y: 1, channel: 0] = 77
    #expect(p.pixels.last == 3)
    #expect(p[x: 2, y: 1, channel: 0] == 9)
    #expect(p[x: -1, y: 0, channel: 0] == 0)
    #expect(throws: Diagnostic.self) { try Picture(width: 0, height: 2, fill: [1]) }
    #expect(throws: Diagnostic.self) { try Picture(width: 2, height: 2, fill: [1, 2]) }
    #expect(throws: Diagnostic.self) { try Picture(width: .max, height: 2, fill: [1]) }
  }

  @Test(arguments: [PictureTests.grey, PictureTests.palette, PictureTests.jpeg])
  func damageIsAnError(hex: String) throws {
    let whole = try Self.bytes(hex).bytes
    for n in 0..<whole.count - 13 {
      let cut = try ByteStorage.copying(Array(whole.prefix(n))).all
      #expect(throws: Diagnostic.self, "\(n) of \(whole.count) bytes") { try Picture.decode(cut) }
    }
    for i in whole.indices {
      var b = whole
      b[i] ^= 0xff
      _ = try? Picture.decode(try ByteStorage.copying(b).all)
    }
  }

  @Test func hugeClaimsAreRefused() throws {
    // Width and height stand at 16 and 20; the check sum of the header must be right to get that far.
    var b = try Self.bytes(Self.grey).bytes
    b.replaceSubrange(16..<24, with: [0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff])
    b.replaceSubrange(29..<33, with: [0x93, 0x6e, 0x86, 0x8c])
    let d = #expect(throws: Diagnostic.self) { try Picture.decode(try ByteStorage.copying(b).all) }
    #expect(d?.code == "picture.size")
  }
}
