/// What a picture goes through before a net sees it: written and read as JSON (the sidecar of a model).
///
/// x = (channels in `channelOrder` of crop(resize(picture)) in 0 … `range` − mean) · scale, laid out as `layout` says.
/// Every key is written, `null` where it does not apply; the keys are stable.
public struct ImagePreprocessing: Sendable, Hashable, Codable {
  /// What the document is: `modelconv.preprocessing/1`.
  public var schema = Self.schemaName
  /// The steps in the order in which they are done.
  public var operations = Self.order
  /// Where this was read: `train_val.prototxt:3:1 layer 'data' (Data)`; nil where it was not declared.
  public var source: String?
  /// The net's input; nil for any.
  public var input: String?
  /// `NCHW`, or `NHWC` for nets with the channels last.
  public var layout = "NCHW"
  /// Element type of the input.
  public var dtype = "float32"
  /// `BGR` as Caffe's own readers give, `RGB`, or `grey`.
  public var channelOrder = "BGR"
  /// Pixel values run from 0 to this before the mean is subtracted.
  public var range: Double = 255
  /// Height and width that pictures are resized to; nil where that is not said.
  public var resize: [Int]?
  /// Height and width of the centre that is cut out; nil where nothing is cut.
  public var crop: [Int]?
  /// Pictures were mirrored at random in training; nothing is mirrored afterwards.
  public var mirror = false
  /// Subtracted; nil for nothing.
  public var mean: Mean?
  /// Multiplied after the mean is subtracted.
  public var scale: Double = 1

  /// What is subtracted from each picture, its channels in `channelOrder`.
  public struct Mean: Sendable, Hashable, Codable {
    /// One number for all channels or one for each; the means over the file's channels where a file is given too.
    public var values: [Double]?
    /// A file with a mean picture (binaryproto, npy); its centre is used where the net's input is smaller.
    public var file: String?

    /// Numbers, a file, or both.
    public init(values: [Double]? = nil, file: String? = nil) {
      self.values = values
      self.file = file
    }

    /// Both keys, null where there is nothing.
    public func encode(to encoder: any Encoder) throws {
      var c = encoder.container(keyedBy: CodingKeys.self)
      try c.encode(values, forKey: .values)
      try c.encode(file, forKey: .file)
    }
  }

  /// The document's name and version.
  public static let schemaName = "modelconv.preprocessing/1"
  /// The steps in order.
  public static let order = ["resize", "crop", "channel_order", "range", "mean", "scale", "layout"]

  /// Caffe's defaults: blue, green, red in 0 … 255, nothing subtracted, nothing scaled.
  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case schema, operations, source, input, layout, dtype
    case channelOrder = "channel_order"
    case range, resize, crop, mirror, mean, scale
  }

  /// All keys, null where there is nothing.
  public func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: CodingKeys.self)
    try c.encode(schema, forKey: .schema)
    try c.encode(operations, forKey: .operations)
    try c.encode(source, forKey: .source)
    try c.encode(input, forKey: .input)
    try c.encode(layout, forKey: .layout)
    try c.encode(dtype, forKey: .dtype)
    try c.encode(channelOrder, forKey: .channelOrder)
    try c.encode(range, forKey: .range)
    try c.encode(resize, forKey: .resize)
    try c.encode(crop, forKey: .crop)
    try c.encode(mirror, forKey: .mirror)
    try c.encode(mean, forKey: .mean)
    try c.encode(scale, forKey: .scale)
  }

  /// In one line: `BGR in 0 … 255, crop 227x227, mean file 'mean.binaryproto', scale 0.017, mirrored in training`.
  public var summary: String {
    var parts = ["\(channelOrder) in 0 … \(Self.text(range))"]
    if let resize { parts.append("resized to \(resize.map(String.init).joined(separator: "x"))") }
    if let crop { parts.append("crop \(crop.map(String.init).joined(separator: "x"))") }
    if let file = mean?.file {
      parts.append("mean file '\(file)'")
    } else if let values = mean?.values {
      parts.append("mean \(values.map(Self.text).joined(separator: ", "))")
    }
    if scale != 1 { parts.append("scale \(Self.text(scale))") }
    if mirror { parts.append("mirrored at random in training") }
    return parts.joined(separator: "; ")
  }

  private static func text(_ x: Double) -> String {
    Int(exactly: x).map(String.init) ?? "\(x)"
  }
}
