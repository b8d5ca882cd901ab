import ByteSource
import Diagnostics
import TensorCore

extension Picture {
  /// The picture in another size, bilinear, with borders repeated and 11-bit weights: what OpenCV's resize makes of 8-bit
  /// pictures, which Caffe's convert_imageset and ImageData use. Source: OpenCV's imgproc/resize.
  ///
  /// - Throws: `picture.size` where a size is not positive or too large.
  package func resized(height newHeight: Int, width newWidth: Int) throws(Diagnostic) -> Picture {
    let count = try Picture.checkSize(newWidth, newHeight, channels)
    if (newHeight, newWidth) == (height, width) { return self }
    var out = [UInt8](repeating: 0, count: count)
    let (channels, width) = (channels, width)
    // An exact half in both directions is a mean of four pixels there.
    if newWidth * 2 == width, newHeight * 2 == height {
      pixels.withUnsafeBufferPointer { p in
        var at = 0
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            for c in 0..<channels {
              let i = (2 * y * width + 2 * x) * channels + c
              let j = i + width * channels
              let upper = Int(p[i]) + Int(p[i + channels])
              let lower = Int(p[j]) + Int(p[j + channels])
              out[at] = UInt8(clamping: (upper + lower + 2) >> 2)
              at += 1
            }
          }
        }
      }
      return try Picture(width: newWidth, height: newHeight, channels: channels, pixels: out)
    }
    let rows = Self.weights(extent: height, count: newHeight, stopsAtBorder: false)
    let columns = Self.weights(extent: width, count: newWidth, stopsAtBorder: true)
    pixels.withUnsafeBufferPointer { p in
      var at = 0
      for r in rows {
        let (upper, lower) = (r.index * width * channels, r.next * width * channels)
        for k in columns {
          let (left, right) = (k.index * channels, k.next * channels)
          for c in 0..<channels {
            let a = Int(p[upper + left + c]) * k.first + Int(p[upper + right + c]) * k.second
            let b = Int(p[lower + left + c]) * k.first + Int(p[lower + right + c]) * k.second
            let top = (r.first * (a >> 4)) >> 16
            let bottom = (r.second * (b >> 4)) >> 16
            let v = (top + bottom + 2) >> 2
            out[at] = UInt8(clamping: v)
            at += 1
          }
        }
      }
    }
    return try Picture(width: newWidth, height: newHeight, channels: channels, pixels: out)
  }

  /// Neighbours and their weights in 1/2048.
  ///
  /// - Parameter stopsAtBorder: the border's own pixel has all the weight past it, where otherwise it has both parts, which
  ///   are rounded apart.
  private static func weights(
    extent: Int, count: Int, stopsAtBorder: Bool
  ) -> [(index: Int, next: Int, first: Int, second: Int)] {
    let scale = 1 / (Double(count) / Double(extent))
    return (0..<count).map { i in
      // Single precision decides the weights there.
      let at = Float((Double(i) + 0.5) * scale - 0.5)
      let index = Int(at.rounded(.down))
      var fraction = at - Float(index)
      if stopsAtBorder, index < 0 || index >= extent - 1 { fraction = 0 }
      func fixed(_ f: Float) -> Int { Int((f * 2048).rounded(.toNearestOrEven)) }
      func inside(_ k: Int) -> Int { min(max(k, 0), extent - 1) }
      return (inside(index), inside(index + 1), fixed(1 - fraction), fixed(fraction))
    }
  }

  /// Grey or RGB without transparency: one channel of luminance, or three.
  ///
  /// Grey becomes three equal channels. Luminance is that of BT.601 in 15 bits, rounded down, as libpng
  /// computes it for OpenCV.
  package func converted(grey: Bool) throws(Diagnostic) -> Picture {
    if channels == (grey ? 1 : 3) { return self }
    var out: [UInt8] = []
    out.reserveCapacity(width * height * (grey ? 1 : 3))
    for i in stride(from: 0, to: pixels.count, by: channels) {
      if channels == 1 {
        for _ in 0..<3 { out.append(pixels[i]) }
      } else if grey {
        let (r, g, b) = (Int(pixels[i]), Int(pixels[i + 1]), Int(pixels[i + 2]))
        out.append(UInt8(clamping: (r * 9797 + g * 19234 + b * 3737) >> 15))
      } else {
        out += pixels[i..<i + 3]
      }
    }
    return try Picture(width: width, height: height, channels: grey ? 1 : 3, pixels: out)
  }

  /// Number of samples of a wanted size.
  static func checkSize(_ width: Int, _ height: Int, _ channels: Int) throws(Diagnostic) -> Int {
    guard width > 0, height > 0, let n = checkedProduct([height, width, channels]), n <= sampleLimit else {
      throw .error("picture.size", "a picture cannot have the size \(width)x\(height)", status: .usage)
    }
    return n
  }
}
