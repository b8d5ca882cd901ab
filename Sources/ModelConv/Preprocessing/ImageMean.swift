import ByteSource
import Diagnostics
import Pictures
import TensorCore

/// The mean of pictures, as Caffe's compute_image_mean makes it of pictures that convert_imageset stored.
///
/// Channels are blue, green, red, as OpenCV reads pictures; grey ones count three times unless `isGrey`. Alpha and
/// orientation tags are ignored.
public struct ImageMean: Sendable {
  /// Height and width that pictures are resized to; nil where all must have one size.
  public var size: [Int]?
  /// One channel: luminance.
  public var isGrey = false
  /// The folder that names in list files start from; nil for the list's own.
  public var root: String?

  /// Pictures of one size, in colour.
  public init() {}

  /// What was computed.
  public struct Summary: Sendable, Codable {
    /// The written file.
    public var output: String
    /// How many pictures there were.
    public var pictures: Int
    /// Channels, height, width.
    public var shape: [Int]
    /// The mean over each channel, blue first.
    public var channelMeans: [Double]
  }

  /// Computes the mean and writes it: a blob with num = 1, or an array (C, H, W).
  ///
  /// - Parameter sources: pictures, folders (searched through), and lists with a picture's name at the start of each line.
  /// - Throws: `mean.size` for a picture of another size, `mean.none` where there is none.
  public func compute(
    _ sources: [String], to path: String, as target: TensorConversion.Target, progress: (Double) -> Void = { _ in }
  ) throws(ModelConvError) -> Summary {
    try rethrowing {
      let files = try PictureFiles(root: root).all(sources)
      var sum: [UInt64] = []
      var first: (file: String, picture: Picture)?
      for (i, file) in files.enumerated() {
        var p = try Picture.decode(try ByteStorage.open(file).all, grey: isGrey).converted(grey: isGrey)
        if let size { p = try p.resized(height: size[0], width: size[1]) }
        if let first, (first.picture.width, first.picture.height) != (p.width, p.height) {
          throw Diagnostic.error(
            "mean.size",
            "the picture has \(p.width)x\(p.height) pixels, \(first.file) has "
              + "\(first.picture.width)x\(first.picture.height)", at: SourceLocation(file: file),
            help: "--resize H,W brings all to one size")
        }
        if first == nil {
          first = (file, p)
          sum = [UInt64](repeating: 0, count: p.pixels.count)
        }
        p.pixels.withUnsafeBufferPointer { px in for k in px.indices { sum[k] &+= UInt64(px[k]) } }
        progress(Double(i + 1) / Double(files.count))
      }
      guard let p = first?.picture else { throw Diagnostic.error("mean.none", "no pictures are given") }
      let (c, plane) = (p.channels, p.width * p.height)
      var mean = [Float](repeating: 0, count: sum.count)
      var channels = [Double](repeating: 0, count: c)
      for k in 0..<c {
        // Red comes first in the picture and last in the mean.
        let row = c - 1 - k
        for i in 0..<plane {
          let m = Double(sum[i * c + k]) / Double(files.count)
          mean[row * plane + i] = Float(m)
          channels[row] += m
        }
        channels[row] /= Double(plane)
      }
      let shape = [c, p.height, p.width]
      try TensorConversion.write(try Tensor(mean, shape: shape), named: nil, to: path, as: target)
      return Summary(output: path, pictures: files.count, shape: shape, channelMeans: channels)
    }
  }
}

/// Pictures from files, folders and lists.
struct PictureFiles {
  var root: String?
  private static let depthLimit = 32

  /// In the order given; folders by name.
  ///
  /// - Throws: `mean.none` where a folder holds no picture; errors of missing files.
  func all(_ sources: [String]) throws -> [String] {
    var out: [String] = []
    for s in sources {
      if FileProbe.isFolder(s) {
        let found = pictures(in: s.hasSuffix("/") ? String(s.dropLast()) : s, depth: 0)
        guard !found.isEmpty else {
          throw Diagnostic.error("mean.none", "the folder holds no picture", at: SourceLocation(file: s))
        }
        out += found
        continue
      }
      let bytes = try ByteStorage.open(s).all
      out += Picture.matches(bytes) ? [s] : try list(bytes, s)
    }
    return out
  }

  private func pictures(in folder: String, depth: Int) -> [String] {
    guard depth < Self.depthLimit, let names = FileProbe.list(folder) else { return [] }
    var out: [String] = []
    for name in names where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      if FileProbe.isFolder(path) {
        // A link may lead back to where the search comes from.
        if FileProbe.isLink(path) { continue }
        out += pictures(in: path, depth: depth + 1)
      } else if FileProbe.isRegular(path), let bytes = try? ByteStorage.open(path).all, Picture.matches(bytes) {
        out.append(path)
      }
    }
    return out
  }

  /// The names of a list as convert_imageset takes it: a name, and perhaps a label, on each line.
  private func list(_ bytes: ByteSlice, _ path: String) throws -> [String] {
    guard let text = String(validating: bytes.bytes, as: UTF8.self), !text.contains("\0"), !text.isEmpty else {
      throw Diagnostic.error(
        "picture.format", "is neither a picture nor a list of pictures", at: SourceLocation(file: path))
    }
    let own = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let folder = root.map { $0.hasSuffix("/") || $0.isEmpty ? $0 : $0 + "/" } ?? own
    var out: [String] = []
    for (i, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let line = line.trimmed
      if line.isEmpty { continue }
      // The label is what stands behind the last space, where it is a number.
      var name = line
      if let space = line.lastIndex(where: \.isWhitespace), Int(line[line.index(after: space)...]) != nil {
        name = line[..<space].trimmed
      }
      let file = name.hasPrefix("/") ? name : folder + name
      guard FileProbe.exists(file) else {
        throw Diagnostic.error(
          "mean.list", "there is no picture '\(file.prefix(200))'",
          at: SourceLocation(file: path, line: i + 1, column: 1),
          help: "names are relative to the list's folder, or to --root", status: .noInput)
      }
      out.append(file)
    }
    guard !out.isEmpty else {
      throw Diagnostic.error("mean.none", "the list names no picture", at: SourceLocation(file: path))
    }
    return out
  }
}
