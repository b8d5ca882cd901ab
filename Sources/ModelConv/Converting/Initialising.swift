import CaffeFormat
import Diagnostics
import ModelGraph

/// Which blobs of a net a weights file gave, and which were filled.
public struct InitReport: Sendable, Codable {
  /// The written weights.
  public var output: String
  /// Seed of the fillers.
  public var seed: UInt64
  /// Values of all weights, shared ones counted once.
  public var parameters: Int
  /// Each weights file with the layers of the net that it has blobs for, in the order in which they were copied: a layer
  /// that several have is the last one's.
  public var sources: [Source]
  /// Layers whose blobs came from the weights files.
  public var copied: [String]
  /// Layers of the file that the net does not have.
  public var ignored: [String]
  /// Layers that were filled.
  public var filled: [String]

  /// A weights file.
  public struct Source: Sendable, Codable {
    /// As the user named it.
    public var file: String
    /// Layers that it has blobs for.
    public var copied: [String]
  }
}

extension Model {
  /// Throws where the model is no net that could be given weights: weights alone, a solver, a model of another format.
  ///
  /// - Throws: `caffe.init.no-net`, saying what the file is.
  public func requireNetText() throws(ModelConvError) {
    try rethrowing {
      switch content {
      case .caffe(let m) where files.count > 1 || m.weights == nil: return
      case .caffe:
        throw Diagnostic.error(
          "caffe.init.no-net",
          "is a caffemodel, not a net as text: its blobs have values, and there is nothing to fill",
          at: SourceLocation(file: files.first),
          help: "give the prototxt; --weights \(files.first ?? "") copies these blobs into its layers", status: .usage)
      default:
        throw Diagnostic.error(
          "caffe.init.no-net", "is no Caffe net as text, but of another format (\(title))",
          at: SourceLocation(file: files.first),
          help: solvedNet ?? "give a prototxt with layers", status: .usage)
      }
    }
  }

  /// Throws where blobs cannot be made because the shape of what layers read is not known.
  ///
  /// - Throws: `caffe.init.unresolved` with the first such layer; layers after one of unknown type are not meant.
  public func requireKnownBlobs() throws(ModelConvError) {
    try rethrowing {
      let foreign = try requireCaffe().graph.nodes.filter { $0.op is ForeignOperator }
      guard let first = foreign.first, let op = first.op as? ForeignOperator, op.domain == "caffe.unresolved" else {
        return
      }
      let name = first.origin.layer ?? first.name
      let rest = foreign.count > 1 ? ", and those of \(foreign.count - 1) layers after it," : ""
      throw Diagnostic.error(
        "caffe.init.unresolved",
        "layer '\(name)' (\(op.type)): its blobs\(rest) cannot be made: the shape of what it reads is not known",
        at: first.origin.location, help: "give the input's shape: --shape NAME=1,3,224,224")
    }
  }

  /// How the weights of a Caffe model came about.
  public func initReport(output: String, seed: UInt64) throws(ModelConvError) -> InitReport {
    try rethrowing {
      let m = try requireCaffe()
      var filled: [String] = []
      for place in m.weightReport.filled where filled.last != place.layer { filled.append(place.layer) }
      let names = Set(m.layers.map(\.name))
      let sources = (m.weights?.parts ?? []).map { p in
        InitReport.Source(file: p.file ?? "", copied: p.layers.filter(names.contains))
      }
      return InitReport(
        output: output, seed: seed, parameters: m.weightReport.parameterCount, sources: sources,
        copied: m.weightReport.matched,
        ignored: m.weightReport.ignored, filled: filled)
    }
  }
}
