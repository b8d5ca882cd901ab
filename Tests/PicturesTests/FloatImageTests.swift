import Diagnostics
import Testing

@testable import Pictures

/// Numbers from scikit-image 0.26 and OpenCV 4.14.
@Suite struct FloatImageTests {
  static func image() throws -> FloatImage {
    try FloatImage(height: 3, width: 4, channels: 1, samples: (0..<12).map { Float(($0 * $0) % 17) / 20 })
  }

  @Test(
    arguments: [
      ((2, 3), [0.1895833, 0.15625, 0.4666667, 0.6708333, 0.5875, 0.3166667]),
      (
        (5, 6),
        [
          0.0, 0.02, 0.06, 0.14, 0.26, 0.3, 0.2666667, 0.255, 0.185, 0.165, 0.365, 0.475, 0.6666667, 0.6, 0.35, 0.15,
          0.425, 0.625, 0.5916666, 0.63, 0.54, 0.5, 0.425, 0.3, 0.4333333, 0.52, 0.5333333, 0.5866666, 0.34, 0.06666667,
        ]
      ),
      ((1, 1), [0.25]),
    ] as [((Int, Int), [Float])])
  func resizing(size: (Int, Int), expected: [Float]) throws {
    let r = try Self.image().resized(height: size.0, width: size.1)
    #expect(r.samples.count == expected.count)
    #expect(zip(r.samples, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(r.samples)")
  }

  @Test func aConstantPictureStaysOne() throws {
    let flat = try FloatImage(height: 2, width: 3, channels: 3, samples: [Float](repeating: 0.25, count: 18))
    #expect(try flat.resized(height: 5, width: 1).samples == [Float](repeating: 0.25, count: 15))
  }

  @Test func sizesThatCannotBe() throws {
    for size in [(0, 1), (-3, 4), (1 << 20, 1 << 20), (Int.max, 2)] {
      #expect(throws: Diagnostic.self) { try Self.image().resized(height: size.0, width: size.1) }
    }
    for at in [(0, 0, 4, 1), (-1, 0, 1, 1), (2, 3, 1, 2), (0, 0, 0, 1)] {
      #expect(throws: Diagnostic.self) {
        try Self.image().cropped(top: at.0, left: at.1, height: at.2, width: at.3)
      }
    }
  }

  @Test func cropsAndMirrors() throws {
    let c = try Self.image().cropped(top: 1, left: 2, height: 2, width: 2)
    #expect(c.samples == [2, 15, 15, 2].map { Float($0) / 20 })
    #expect(c.mirrored.samples == [15, 2, 2, 15].map { Float($0) / 20 })
    let colour = try FloatImage(height: 1, width: 2, channels: 3, samples: [1, 2, 3, 4, 5, 6])
    #expect(colour.mirrored.samples == [4, 5, 6, 1, 2, 3])
  }

  @Test func channels() throws {
    let grey = try Picture(width: 2, height: 1, channels: 1, pixels: [0, 255])
    #expect(try FloatImage(grey, grey: false).samples == [0, 0, 0, 1, 1, 1])
    let alpha = try Picture(width: 1, height: 1, channels: 4, pixels: [255, 51, 0, 7])
    #expect(try FloatImage(alpha, grey: false).samples == [1, 0.2, 0])
    #expect(try FloatImage(alpha, grey: true).samples == [Float(0.2125 + 0.7154 * 0.2)])
    #expect(try alpha.converted(grey: false).pixels == [255, 51, 0])
    #expect(try grey.converted(grey: false).pixels == [0, 0, 0, 255, 255, 255])
    #expect(try Picture(width: 1, height: 1, channels: 3, pixels: [9, 9, 9]).converted(grey: true).pixels == [9])
  }

  @Test(
    arguments: [
      ((3, 5), [20, 36, 60, 84, 100, 64, 90, 130, 188, 228, 27, 44, 70, 117, 149]),
      ((2, 2), [70, 130, 35, 164]),
      ((7, 3), [0, 40, 80, 43, 83, 123, 111, 151, 191, 64, 130, 228, 9, 96, 246, 22, 76, 173, 31, 64, 128]),
      ((4, 3), [0, 40, 80, 120, 160, 200, 7, 99, 255, 31, 64, 128]),
    ] as [((Int, Int), [UInt8])])
  func resizingBytes(size: (Int, Int), expected: [UInt8]) throws {
    let p = try Picture(width: 3, height: 4, channels: 1, pixels: [0, 40, 80, 120, 160, 200, 7, 99, 255, 31, 64, 128])
    #expect(try p.resized(height: size.0, width: size.1).pixels == expected)
  }

  @Test func anExactHalfIsAMean() throws {
    let p = try Picture(
      width: 4, height: 4, channels: 1, pixels: [0, 40, 80, 1, 120, 160, 200, 9, 7, 99, 255, 50, 31, 64, 128, 60])
    #expect(try p.resized(height: 2, width: 2).pixels == [80, 73, 50, 123])
  }

  /// 3x2 grey, samples 0, 40, … 200, with a gamma of 1: the samples stay as they are.
  @Test func gammaIsNotApplied() throws {
    let plain = PictureTests.grey
    // The header chunk ends 33 bytes into the file.
    let gamma = "0000000467414d41000186a031e8965f"
    let hex = String(plain.prefix(66)) + gamma + String(plain.dropFirst(66))
    #expect(try Picture.decode(PictureTests.bytes(hex)).pixels == [0, 40, 80, 120, 160, 200])
  }
}
