import Diagnostics

/// How a model is converted.
public struct ConversionOptions: Sendable {
  /// ONNX operator set; nil for that of an ONNX source (at least 9), and 17 for other sources.
  public var opset: Int?
  /// Weights in a file beside the model; nil where the format leaves no choice only.
  public var externalData: Bool?
  /// `float16` or `bfloat16`, or nil for the source's own type.
  public var dtype: String?
  /// Rewrites by name in place of the standard ones; nil for those.
  public var rewrites: [String]?
  /// No rewrites at all.
  public var skipsRewrites = false
  /// Whether the graph is run before and after each rewrite.
  public var verifiesRewrites = false
  /// What is baked in front of the inputs.
  public var preprocessing = Preprocessing()
  /// Whether the written file is opened again and compared with the source.
  public var verifies = true
  /// Random inputs of the comparison.
  public var samples = 1
  /// Seed of the random inputs.
  public var seed: UInt64 = 1
  /// Threads of the comparison; 0 for one a processor.
  public var threads = 0

  /// The defaults.
  public init() {}
}

/// Caffe's image preprocessing, as operators in front of an input: channel order, mean, scale.
public struct Preprocessing: Sendable {
  /// Mean and scale as declared, where they are not given here: `net` for what the model's own data layers say, or a
  /// file (a sidecar, a net with data layers).
  public var declared: String?
  /// A file with a mean (binaryproto, npy, …), or numbers with commas: one for all channels or one each.
  public var mean: String?
  /// Multiplied after the mean is subtracted.
  public var scale: Double?
  /// The input has its channels in the other order (RGB for a BGR net): they are reversed first.
  public var reversesChannels = false

  /// The defaults.
  public init() {}

  /// True where anything is asked for.
  public var isNeeded: Bool { declared != nil || mean != nil || scale != nil || reversesChannels }
}
