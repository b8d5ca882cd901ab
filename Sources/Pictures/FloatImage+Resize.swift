import Diagnostics

/// Where a resized row or column lies between two of the source.
private struct Interpolation {
  /// Indices of the two neighbours, nil outside the picture.
  var low: Int?
  var high: Int?
  /// Weight of `high`.
  var fraction: Double

  /// Pixel centres are at half positions: target `i` of `count` lies at (i + ½) · extent / count − ½.
  static func all(extent: Int, count: Int) -> [Interpolation] {
    let scale = Double(extent) / Double(count)
    return (0..<count).map { i in
      let at = (Double(i) + 0.5) * scale - 0.5
      let floor = at.rounded(.down)
      let low = Int(floor)
      // A position that falls on a pixel has no second neighbour.
      let high = at == floor ? low : low + 1
      func inside(_ k: Int) -> Int? { k >= 0 && k < extent ? k : nil }
      return Interpolation(low: inside(low), high: inside(high), fraction: at - floor)
    }
  }
}

extension FloatImage {
  /// The picture in another size, bilinear and without anti-aliasing.
  ///
  /// What lies outside counts as the picture's smallest value, which darkens the border of an enlarged picture: values
  /// are mapped to 0 … 1, interpolated with zeros around them, and mapped back. Source: caffe.io.resize_image with
  /// scikit-image's resize(order=1, mode='constant') of the years of Caffe 1.0.
  ///
  /// - Throws: `picture.size` where a size is not positive or too large.
  package func resized(height newHeight: Int, width newWidth: Int) throws(Diagnostic) -> FloatImage {
    let count = try Picture.checkSize(newWidth, newHeight, channels)
    // Floats are four times as large as the bytes of a picture.
    guard count <= Picture.sampleLimit / 4 else {
      throw .error("picture.size", "a picture of \(newWidth)x\(newHeight) is too large", status: .usage)
    }
    let low = samples.min() ?? 0
    let high = samples.max() ?? 0
    guard high > low else {
      return try FloatImage(
        height: newHeight, width: newWidth, channels: channels, samples: [Float](repeating: low, count: count))
    }
    let range = high - low
    let rows = Interpolation.all(extent: height, count: newHeight)
    let columns = Interpolation.all(extent: width, count: newWidth)
    var out = [Float](repeating: 0, count: count)
    let (channels, width) = (channels, width)
    samples.withUnsafeBufferPointer { source in
      func unit(_ y: Int?, _ x: Int?, _ c: Int) -> Double {
        guard let y, let x else { return 0 }
        return Double((source[(y * width + x) * channels + c] - low) / range)
      }
      var at = 0
      for r in rows {
        for k in columns {
          for c in 0..<channels {
            let top = (1 - k.fraction) * unit(r.low, k.low, c) + k.fraction * unit(r.low, k.high, c)
            let bottom = (1 - k.fraction) * unit(r.high, k.low, c) + k.fraction * unit(r.high, k.high, c)
            let value = min(1, max(0, (1 - r.fraction) * top + r.fraction * bottom))
            out[at] = Float(value * Double(range) + Double(low))
            at += 1
          }
        }
      }
    }
    return try FloatImage(height: newHeight, width: newWidth, channels: channels, samples: out)
  }
}
