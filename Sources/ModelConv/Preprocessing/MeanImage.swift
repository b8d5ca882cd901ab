import Diagnostics
import Pictures
import TensorCore

/// A mean to subtract: a number for each channel, or a picture. Channels are in the net's order.
struct MeanImage: Sendable {
  /// [C] or [C, H, W].
  let shape: [Int]
  let values: [Double]

  init(shape: [Int], values: [Double]) {
    self.shape = shape
    self.values = values
  }

  var isPixel: Bool { shape.count == 1 }

  /// Numbers with commas, or a file.
  ///
  /// - Throws: `preprocess.mean` where it is neither, or has another number of axes.
  init(_ text: String) throws {
    if !FileProbe.exists(text) {
      let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0.trimmed) }
      if numbers.allSatisfy({ $0?.isFinite ?? false }) {
        self.init(shape: [numbers.count], values: numbers.compactMap { $0 })
        return
      }
    }
    let t = try TensorFile.read(text)
    var dims = t.shape
    while dims.count > 3, dims.first == 1 { dims.removeFirst() }
    if dims.count == 2 { dims.insert(1, at: 0) }
    if dims.count == 3, dims[1] == 1, dims[2] == 1 { dims = [dims[0]] }
    guard dims.count == 1 || dims.count == 3, !dims.contains(0), t.dtype != .string else {
      throw Diagnostic.error(
        "preprocess.mean", "the mean has the shape \(t.shape), which is neither [C] nor [C, H, W]",
        at: SourceLocation(file: text))
    }
    self.init(shape: dims, values: try t.doubles())
  }

  /// The mean that a net or a sidecar declares.
  ///
  /// - Throws: `preprocess.mean-file` where its file cannot be opened.
  init(_ declared: ImagePreprocessing.Mean, by source: String?) throws {
    guard let file = declared.file else {
      let v = declared.values ?? []
      self.init(shape: [v.count], values: v)
      return
    }
    guard FileProbe.exists(file) else {
      throw Diagnostic.error(
        "preprocess.mean-file", "there is no mean file '\(file)', which \(source ?? "the sidecar") names",
        help: "give the mean yourself: --mean FILE, or numbers for the channels (--mean 104,117,123)", status: .noInput)
    }
    try self.init(file)
  }

  /// The mean over each channel.
  var channelMeans: [Double] {
    guard shape.count == 3 else { return values }
    let plane = shape[1] * shape[2]
    return (0..<shape[0]).map { c in values[c * plane..<(c + 1) * plane].reduce(0, +) / Double(plane) }
  }

  /// The mean for an input of `channels`: one number stands for all.
  func broadcast(to channels: Int, input: String) throws -> MeanImage {
    if isPixel, shape[0] == 1, channels > 1 {
      return MeanImage(shape: [channels], values: [Double](repeating: values[0], count: channels))
    }
    guard shape[0] == channels || (shape[0] == 1 && !isPixel) else {
      throw Diagnostic.error(
        "preprocess.mean", "\(shape[0]) means are given for the \(channels) channels of input '\(input)'",
        status: .usage)
    }
    return self
  }

  /// The centre of a mean picture, as Caffe's data layers crop it with the pictures. Source: data_transformer.cpp.
  ///
  /// - Throws: `preprocess.mean` where it is smaller than the input.
  func cropped(height: Int, width: Int, input: String) throws -> MeanImage {
    guard !isPixel, shape[1] != height || shape[2] != width else { return self }
    let (h, w) = (shape[1], shape[2])
    guard h >= height, w >= width else {
      throw Diagnostic.error(
        "preprocess.mean", "the mean has \(h)x\(w) pixels, input '\(input)' has \(height)x\(width)",
        help: "a mean is as large as the input or larger; or give a number for each channel: --mean 104,117,123")
    }
    let (top, left) = ((h - height) / 2, (w - width) / 2)
    var out: [Double] = []
    out.reserveCapacity(shape[0] * height * width)
    for c in 0..<shape[0] {
      for y in top..<top + height {
        let start = (c * h + y) * w + left
        out += values[start..<start + width]
      }
    }
    return MeanImage(shape: [shape[0], height, width], values: out)
  }

  /// A mean picture resized to the input, as caffe.io.Transformer.set_mean does it.
  func resized(height: Int, width: Int) throws -> MeanImage {
    guard !isPixel, shape[1] != height || shape[2] != width else { return self }
    guard shape[0] == 1 || shape[0] == 3 else { return try cropped(height: height, width: width, input: "") }
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    let range = high - low
    guard range > 0 else {
      let n = shape[0] * height * width
      return MeanImage(shape: [shape[0], height, width], values: [Double](repeating: low, count: n))
    }
    let (c, h, w) = (shape[0], shape[1], shape[2])
    var unit = [Float](repeating: 0, count: values.count)
    for k in 0..<c { for i in 0..<h * w { unit[i * c + k] = Float((values[k * h * w + i] - low) / range) } }
    let r = try FloatImage(height: h, width: w, channels: c, samples: unit).resized(height: height, width: width)
    var out = [Double](repeating: 0, count: c * height * width)
    for k in 0..<c {
      for i in 0..<height * width {
        // NumPy keeps single precision where an array meets a number.
        out[k * height * width + i] = Double(r.samples[i * c + k] * Float(range) + Float(low))
      }
    }
    return MeanImage(shape: [c, height, width], values: out)
  }

  /// Where a mean file that another file names is: as named, else beside that file.
  static func locate(_ name: String, besides files: [String]) -> String {
    if FileProbe.exists(name) { return name }
    for file in files {
      guard let slash = file.lastIndex(of: "/") else { continue }
      let folder = file[...slash]
      if !name.hasPrefix("/"), FileProbe.exists(folder + name) { return folder + name }
    }
    let base = name.split(separator: "/").last.map(String.init) ?? name
    for file in files {
      let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
      if FileProbe.exists(folder + base) { return folder + base }
    }
    return name
  }
}

extension Substring {
  var trimmed: String {
    var s = self
    while s.first?.isWhitespace == true { s.removeFirst() }
    while s.last?.isWhitespace == true { s.removeLast() }
    return String(s)
  }
}
