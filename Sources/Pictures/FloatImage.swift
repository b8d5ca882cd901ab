import ByteSource
import Diagnostics
import TensorCore

/// A picture of 32-bit floats: rows from the top, channels interleaved (H, W, C), as NumPy-based tools hold them.
package struct FloatImage: Sendable, Hashable {
  package let height: Int
  package let width: Int
  package let channels: Int
  /// `height * width * channels` values.
  package private(set) var samples: [Float]

  /// - Throws: `picture.size` where `samples` does not fit the sizes or a size is not positive.
  package init(height: Int, width: Int, channels: Int, samples: [Float]) throws(Diagnostic) {
    guard height > 0, width > 0, channels > 0, checkedProduct([height, width, channels]) == samples.count,
      samples.count <= Picture.sampleLimit
    else {
      throw .error(
        "picture.size", "a picture of \(width)x\(height) with \(channels) channels cannot hold \(samples.count) values")
    }
    self.height = height
    self.width = width
    self.channels = channels
    self.samples = samples
  }

  /// The picture in 0 … 1: grey becomes three equal channels, alpha is dropped; or one channel of luminance.
  ///
  /// Source: caffe.io.load_image with scikit-image: value / 255; luminance is 0.2125 R + 0.7154 G + 0.0721 B.
  package init(_ p: Picture, grey: Bool) throws(Diagnostic) {
    let unit = (0...255).map { Double($0) / 255 }
    var out: [Float] = []
    out.reserveCapacity(p.width * p.height * (grey ? 1 : 3))
    let step = p.channels
    p.pixels.withUnsafeBufferPointer { px in
      for i in stride(from: 0, to: px.count, by: step) {
        if step == 1 {
          let v = Float(unit[Int(px[i])])
          out.append(v)
          if !grey {
            out.append(v)
            out.append(v)
          }
        } else if grey {
          let (r, g, b) = (unit[Int(px[i])], unit[Int(px[i + 1])], unit[Int(px[i + 2])])
          out.append(Float(0.2125 * r + 0.7154 * g + 0.0721 * b))
        } else {
          for c in 0..<3 { out.append(Float(unit[Int(px[i + c])])) }
        }
      }
    }
    try self.init(height: p.height, width: p.width, channels: grey ? 1 : 3, samples: out)
  }

  /// The part of `height` rows from `top` and `width` columns from `left`.
  ///
  /// - Throws: `picture.crop` where it is not inside.
  package func cropped(top: Int, left: Int, height: Int, width: Int) throws(Diagnostic) -> FloatImage {
    guard top >= 0, left >= 0, height > 0, width > 0, top <= self.height - height, left <= self.width - width else {
      throw .error(
        "picture.crop",
        "\(height)x\(width) at (\(top), \(left)) is not inside a picture of \(self.height)x\(self.width)")
    }
    var out: [Float] = []
    out.reserveCapacity(height * width * channels)
    for y in top..<top + height {
      let start = (y * self.width + left) * channels
      out += samples[start..<start + width * channels]
    }
    return try FloatImage(height: height, width: width, channels: channels, samples: out)
  }

  /// Left and right exchanged.
  package var mirrored: FloatImage {
    var out = self
    for y in 0..<height {
      for x in 0..<width {
        let (to, from) = ((y * width + x) * channels, (y * width + width - 1 - x) * channels)
        for c in 0..<channels { out.samples[to + c] = samples[from + c] }
      }
    }
    return out
  }
}
