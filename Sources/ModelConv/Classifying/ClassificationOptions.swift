/// How pictures are classified: Caffe's classify.py and Transformer in options. What is nil follows from the model's own
/// data layers or a sidecar, else from Caffe's defaults.
public struct ClassificationOptions: Sendable {
  /// Numbers with commas (a pixel in the net's channel order), a mean file, or `none`.
  public var mean: String?
  /// Height and width that pictures are resized to before the crop.
  public var imageSize: [Int]?
  /// Ten crops (corners, centre, and their mirror images), their scores averaged; otherwise the centre alone.
  public var oversamples = false
  /// The picture's channel (0 red, 1 green, 2 blue) for each channel of the net.
  public var channelSwap: [Int]?
  /// Multiplied before the mean is subtracted; pictures are loaded in 0 … 1.
  public var rawScale: Double?
  /// Multiplied after the mean is subtracted.
  public var inputScale: Double?
  /// Pictures are loaded as luminance.
  public var isGrey = false
  /// A sidecar, or a Caffe net as text whose data layers say how pictures are transformed.
  public var preprocessing: String?
  /// A file with one class a line.
  public var labels: String?
  /// How many classes are given.
  public var top = 5
  /// The output with the scores, where a model has several.
  public var output: String?
  /// 0 for one a processor.
  public var threads = 0

  /// classify.py's defaults with the centre crop.
  public init() {}
}

/// The classes of pictures.
public struct ClassificationReport: Sendable, Codable {
  /// Files of the model, as the user named them.
  public var model: [String]
  /// What was done to the pictures.
  public var preprocessing: Applied
  /// The output that the scores come from.
  public var output: String
  /// One entry a picture, in order.
  public var pictures: [Picture]

  /// What was done to the pictures: x = (swapped channels · rawScale − mean) · inputScale.
  public struct Applied: Sendable, Codable {
    /// The model's data layer or the sidecar that said so; nil for Caffe's defaults.
    public var declaredBy: String?
    /// The net's input.
    public var input: String
    /// Loaded as luminance.
    public var isGrey: Bool
    /// Height and width after resizing.
    public var imageSize: [Int]
    /// Height and width of a crop.
    public var cropSize: [Int]
    /// Crops of each picture: 1 or 10.
    public var crops: Int
    /// The picture's channel for each channel of the net; nil for red, green, blue.
    public var channelSwap: [Int]?
    /// nil for 1.
    public var rawScale: Double?
    /// What was subtracted: means over the channels; nil for nothing.
    public var mean: [Double]?
    /// Where a mean picture came from.
    public var meanFile: String?
    /// nil for 1.
    public var inputScale: Double?
  }

  /// One picture.
  public struct Picture: Sendable, Codable {
    /// The file as the user named it.
    public var file: String
    /// Pixels across.
    public var width: Int
    /// Pixels down.
    public var height: Int
    /// The best classes, best first.
    public var top: [Class]
  }

  /// A class with its score.
  public struct Class: Sendable, Codable {
    /// From 0.
    public var index: Int
    /// Its line of the labels file.
    public var label: String?
    /// What the output holds: a probability behind a softmax.
    public var score: Double
  }
}
