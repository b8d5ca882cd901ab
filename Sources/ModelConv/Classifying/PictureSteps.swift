import Diagnostics
import Pictures

/// What happens to a picture between its file and the net's input.
///
/// Source: caffe.Classifier.predict and caffe.io.Transformer.preprocess, in single precision like theirs.
struct PictureSteps: Sendable {
  var isGrey = false
  var channels = 3
  /// Height and width after resizing.
  var imageSize: [Int]
  /// Height and width of a crop.
  var cropSize: [Int]
  var oversamples = false
  var channelSwap: [Int]?
  var rawScale: Float?
  var mean: MeanImage?
  var inputScale: Float?

  /// Crops of each picture.
  var crops: Int { oversamples ? 10 : 1 }

  /// The crops of a picture, each in the order channel, row, column.
  func inputs(_ picture: Picture) throws(Diagnostic) -> [[Float]] {
    let image = try FloatImage(picture, grey: isGrey).resized(height: imageSize[0], width: imageSize[1])
    return try sampled(image).map { transformed($0) }
  }

  /// The centre; or the four corners, the centre, and the mirror images of these five.
  func sampled(_ image: FloatImage) throws(Diagnostic) -> [FloatImage] {
    let (h, w) = (cropSize[0], cropSize[1])
    guard h <= image.height, w <= image.width else {
      throw .error(
        "classify.crop", "the net's input of \(h)x\(w) does not fit into pictures of \(image.height)x\(image.width)",
        help: "resize them to a larger size with --images-dim", status: .usage)
    }
    let centre = (top: (image.height - h) / 2, left: (image.width - w) / 2)
    guard oversamples else { return [try image.cropped(top: centre.top, left: centre.left, height: h, width: w)] }
    let (bottom, right) = (image.height - h, image.width - w)
    var out: [FloatImage] = []
    for at in [(0, 0), (0, right), (bottom, 0), (bottom, right), centre] {
      out.append(try image.cropped(top: at.0, left: at.1, height: h, width: w))
    }
    return out + out.map(\.mirrored)
  }

  /// Channels first, swapped, · rawScale, − mean, · inputScale.
  func transformed(_ image: FloatImage) -> [Float] {
    let plane = image.height * image.width
    let n = image.channels
    var out = [Float](repeating: 0, count: plane * n)
    image.samples.withUnsafeBufferPointer { source in
      for c in 0..<n {
        let from = channelSwap.flatMap { c < $0.count ? $0[c] : nil } ?? c
        let row = mean.map { $0.shape[0] == 1 ? 0 : c } ?? 0
        for i in 0..<plane {
          var v = source[i * n + from]
          if let rawScale { v *= rawScale }
          if let mean { v = Float(Double(v) - mean.values[mean.isPixel ? row : row * plane + i]) }
          if let inputScale { v *= inputScale }
          out[c * plane + i] = v
        }
      }
    }
    return out
  }
}

extension PictureSteps {
  /// Classify.py's size of pictures, from which the nets of its day cut 224 or 227.
  private static let customarySize = [256, 256]

  /// The steps for an input, from options, then what is declared, then Caffe's defaults.
  ///
  /// - Throws: `classify.*` for options that do not fit the input.
  init(_ input: PictureInput, _ o: ClassificationOptions, declared: ImagePreprocessing?) throws {
    let channels = input.channels ?? (o.isGrey || declared?.channelOrder == "grey" ? 1 : 3)
    guard channels == 1 || channels == 3 else {
      throw Diagnostic.error(
        "classify.channels", "input '\(input.name)' has \(channels) channels; pictures have 1 or 3")
    }
    guard !(o.isGrey && channels == 3) else {
      throw Diagnostic.error(
        "classify.channels", "input '\(input.name)' has 3 channels, grey pictures have one", help: "leave out --grey",
        status: .usage)
    }
    self.channels = channels
    isGrey = channels == 1
    let wanted = o.imageSize ?? declared?.resize
    cropSize = input.size ?? declared?.crop ?? wanted ?? Self.customarySize
    imageSize = wanted ?? Self.size(crop: cropSize, declared)
    oversamples = o.oversamples
    if let swap = o.channelSwap {
      guard swap.count == channels, swap.allSatisfy({ $0 >= 0 && $0 < channels }) else {
        throw Diagnostic.error(
          "classify.channel-swap",
          "--channel-swap \(swap.map(String.init).joined(separator: ",")) does not name \(channels) channels from 0 to "
            + "\(channels - 1)", status: .usage)
      }
      channelSwap = swap
    } else if channels == 3, declared?.channelOrder ?? "BGR" == "BGR" {
      channelSwap = [2, 1, 0]
    }
    rawScale = Float(o.rawScale ?? declared?.range ?? 255)
    let scale = Float(o.inputScale ?? declared?.scale ?? 1)
    inputScale = scale == 1 ? nil : scale
    if rawScale == 1 { rawScale = nil }
    let (h, w) = (cropSize[0], cropSize[1])
    if let mean = o.mean {
      if mean != "none" {
        self.mean = try MeanImage(mean).broadcast(to: channels, input: input.name).resized(height: h, width: w)
      }
    } else if let mean = declared?.mean {
      self.mean = try MeanImage(mean, by: declared?.source).broadcast(to: channels, input: input.name).cropped(
        height: h, width: w, input: input.name)
    }
  }

  /// Where nothing says otherwise: the customary size where the crop is a usual part of it, or one is declared; else
  /// the crop's own.
  private static func size(crop: [Int], _ declared: ImagePreprocessing?) -> [Int] {
    if declared != nil, declared?.crop == nil { return crop }
    let isUsual = zip(crop, customarySize).allSatisfy { $0 > $1 / 2 && $0 <= $1 }
    return isUsual ? customarySize : crop
  }
}
