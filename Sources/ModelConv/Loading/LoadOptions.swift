import Diagnostics
import ModelGraph

/// How models are opened: what the command line's model options say.
public struct LoadOptions: Sendable {
  /// A format's name in place of recognition by content.
  public var format: String?
  /// `NAME=1,3,224,224` by name: numbers, or names of symbolic extents.
  public var shapes: [String: [String]] = [:]
  /// The first extent of every input: a number, or `dynamic`.
  public var batch: String?
  /// Caffe's net state.
  public var isTraining = false
  /// The level of the net state.
  public var level = 0
  /// The stages of the net state.
  public var stages: [String] = []
  /// A Caffe fork's name, where it is not recognised.
  public var fork: String?
  /// Layers that a weights file lacks keep what their fillers give, with a warning; otherwise they are errors.
  public var allowsMissingWeights = true

  /// A Caffe net may come with several weights files, each of which overwrites layers of those before: what Caffe's
  /// `--weights a,b` does. Otherwise a second one is an error.
  public var overlaysWeights = false

  /// The net was made with MatCaffe: it sees pictures with height and width exchanged, which is undone.
  public var isMatCaffe = false

  /// Seed of fillers for weights that no file gives.
  public var seed: UInt64 = 0
  /// Caffe: the filler of weights for which the net names none, by its name (`xavier`, `msra`, …); statistics of
  /// normalisations are then those of unit variance. Nil: such weights and statistics are 0, as in a fresh Caffe net.
  public var impliedFiller: String?
  /// Changes to the network before it is used.
  public var edits = NetEdits()

  /// The defaults: recognised by content, shapes as declared, Caffe at TEST.
  public init() {}

  /// The shapes as extents.
  package func dims() throws(Diagnostic) -> [String: [Dim]] {
    var out: [String: [Dim]] = [:]
    for (name, list) in shapes {
      var dims: [Dim] = []
      for d in list { dims.append(try Self.dim(d, "--shape \(name)")) }
      out[name] = dims
    }
    return out
  }

  package func batchDim() throws(Diagnostic) -> Dim? {
    guard let batch else { return nil }
    if batch == "dynamic" { return .symbol("N") }
    let dim = try Self.dim(batch, "--batch")
    guard dim.value != 0 else {
      throw .error(
        "usage.shape", "--batch 0: a batch has at least one item", help: "--batch dynamic leaves it open",
        status: .usage)
    }
    return dim
  }

  private static func dim(_ s: String, _ what: String) throws(Diagnostic) -> Dim {
    if let n = Int(s) {
      guard n >= 0, n <= Int(Int32.max) else {
        throw .error("usage.shape", "\(what): \(s) is not a size", status: .usage)
      }
      return Dim(n)
    }
    let first = s.unicodeScalars.first
    guard let first, first == "_" || first.properties.isAlphabetic,
      s.unicodeScalars.allSatisfy({ $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0) })
    else {
      throw .error(
        "usage.shape", "\(what): '\(s)' is neither a number nor a name",
        help: "write numbers and names with commas: --shape data=N,3,224,224", status: .usage)
    }
    return .symbol(s)
  }
}

/// Changes to a network, made in this order.
public struct NetEdits: Sendable {
  /// Caffe: train_val to deploy: data layers become inputs, losses and scores go.
  public var isDeployed = false
  /// Layers to remove: their readers read what they read.
  public var drops: [String] = []
  /// Layers and values to rename.
  public var renames: [(old: String, new: String)] = []
  /// Values that become inputs: what leads to them goes.
  public var fromBlobs: [String] = []
  /// Values that become the outputs: what follows them goes.
  public var toBlobs: [String] = []

  /// No changes.
  public init() {}

  /// True where nothing is to change.
  public var isEmpty: Bool { !isDeployed && drops.isEmpty && renames.isEmpty && fromBlobs.isEmpty && toBlobs.isEmpty }
}
