import ByteSource
import CaffeFormat
import Containers
import Diagnostics
import ModelGraph
import OnnxFormat
import TensorCore
import WeightFormats

/// A model, or a bag of weights, as read from its files.
public struct Model: Sendable {
  /// The files as the user named them.
  public let files: [String]
  /// The format's name as `FormatRegistry` has it.
  public let format: String
  package var content: Content
  package let sink: DiagnosticSink
  /// Why the network cannot be used, though its layers and weights can be looked at.
  package var obstacles: [Diagnostic] = []
  /// The graph was changed after it was read: layers and weights of the files are not what it computes with.
  package var isChanged = false

  package enum Content: Sendable {
    case caffe(CaffeModel)
    case onnx(OnnxModel)
    case weights(WeightBag)
    /// A settings file: a Caffe solver.
    case settings(ProtoMessage)
  }

  /// Warnings and notes of reading.
  public var findings: [Finding] {
    sink.items.map { d in
      var d = d
      // Errors that did not stop the reading stop only what needs the network.
      if d.severity == .error { d.severity = .warning }
      return Finding(d)
    }
  }

  /// True where the files describe a network that can run, and not weights or settings alone.
  public var isNetwork: Bool { graph != nil }

  /// True where a network has weights that no file gives: they are what fillers make of them.
  public var lacksWeights: Bool {
    if case .caffe(let m) = content { return m.weights == nil && !m.weightReport.filled.isEmpty }
    return false
  }

  /// Refuses a network whose weights no file gives.
  ///
  /// - Throws: `usage.weights`.
  public func requireWeights() throws(ModelConvError) {
    guard !lacksWeights else {
      throw .usage(
        "usage.weights", "no weights are given for \(files.joined(separator: ", "))",
        help: "give the caffemodel too; --allow-missing converts what the net's fillers give")
    }
  }

  /// The neutral graph; nil for weights and settings.
  package var graph: Graph? {
    switch content {
    case .caffe(let m): m.graph
    case .onnx(let m): m.graph
    case .weights, .settings: nil
    }
  }

  /// The graph, or why there is none.
  package func requireGraph(_ purpose: String) throws -> Graph {
    if !obstacles.isEmpty { throw Diagnostics(obstacles) }
    if let graph { return graph }
    throw Diagnostic.error(
      "model.no-network",
      "\(files.joined(separator: ", ")) (\(title)) holds no network, which is needed to \(purpose)",
      at: SourceLocation(file: files.first),
      help: solvedNet ?? "give the network's file too, for example deploy.prototxt,weights.caffemodel")
  }

  /// What the files are, in words: `Caffe solver as text`.
  package var title: String {
    format == "caffe" ? "Caffe model" : FormatRegistry.named(format)?.title ?? format
  }

  /// Where the network of a solver is; nil for everything else.
  package var solvedNet: String? {
    guard case .settings(let m) = content else { return nil }
    let net = ["net", "train_net"].compactMap { try? m.string($0) }.first { !$0.isEmpty }
    return net.map { "the net that it trains is '\($0)'" } ?? "give the net that it trains"
  }

  /// The graph, where every layer of it has a meaning; all others are reported at once.
  package func requireKnownGraph(_ purpose: String) throws -> Graph {
    let graph = try requireGraph(purpose)
    let unknown = graph.unknownLayers
    if !unknown.isEmpty { throw Diagnostics(unknown) }
    return graph
  }

  /// Opens a model.
  ///
  /// - Parameter files: files that together are one model; `-` is standard input. A name with commas stands for several.
  /// - Throws: every error that reading finds.
  public static func load(_ files: [String], options: LoadOptions = LoadOptions()) throws(ModelConvError) -> Model {
    try rethrowing { try ModelLoader(options: options).load(files.flatMap { splitName($0) }) }
  }

  /// The model for pictures whose height and width are not exchanged.
  func matCaffeRepaired() throws -> Model {
    let (graph, moved) = try MatCaffe.repaired(try requireKnownGraph("undo what MatCaffe does"))
    var out = self
    out.isChanged = true
    switch content {
    case .caffe(var m):
      m.graph = graph
      m.blobValues = m.blobValues.compactMapValues { id in moved[id] ?? (graph[id] == nil ? nil : id) }
      out.content = .caffe(m)
    case .onnx(var m):
      m.graph = graph
      out.content = .onnx(m)
    case .weights, .settings: break
    }
    return out
  }

  /// Throws where the files' own layers and weights would be written in place of a changed graph.
  func requireUnchanged(_ purpose: String) throws(Diagnostic) {
    guard isChanged else { return }
    throw .error(
      "usage.matcaffe", "--matcaffe changes the network's graph, which \(purpose) does not look at",
      help: "convert to ONNX, or run and verify the network", status: .usage)
  }

  /// `a,b` is two files, unless a file of that very name exists.
  static func splitName(_ name: String) -> [String] {
    guard name.contains(","), !FileProbe.exists(name) else { return [name] }
    return name.split(separator: ",", omittingEmptySubsequences: true).map(String.init)
  }

  /// Every tensor of the weights: blobs by `LAYER.INDEX`, initialisers by name, a bag's entries by path. Where a blob cannot
  /// be read there is a reason in place of it.
  package var tensors: [NamedTensor] {
    switch content {
    case .caffe(let m):
      guard let weights = m.weights else { return [] }
      return weights.layers.flatMap { layer in
        layer.blobs.enumerated().compactMap { i, blob in
          blob.map {
            NamedTensor(name: "\(layer.name).\(i)", layer: layer.name, tensor: $0.tensor, problem: $0.problem?.message)
          }
        }
      }
    case .onnx(let m):
      return m.graph.values.compactMap { v in
        v.constant.map { NamedTensor(name: v.name, layer: nil, tensor: $0, problem: nil) }
      }
    case .weights(let bag):
      return bag.entries.map { NamedTensor(name: $0.path, layer: nil, tensor: $0.tensor, problem: nil) }
    case .settings: return []
    }
  }
}

extension Graph {
  /// An error for each layer of a Caffe net whose type has no meaning here. Layers that only depend on one are left out.
  package var unknownLayers: [Diagnostic] {
    nodes.compactMap { n in
      guard let f = n.op as? ForeignOperator, f.domain == "caffe" else { return nil }
      return .error(
        "caffe.layer.unsupported", "layer '\(n.origin.layer ?? n.name)' (\(f.type)): the layer type is not supported",
        at: n.origin.location,
        help: "its weights can be exported (modelconv convert … -o weights.npz), but it can neither run nor become ONNX"
      )
    }
  }
}

/// A tensor of a weights file, or why it cannot be had.
package struct NamedTensor: Sendable {
  package let name: String
  /// Caffe's layer.
  package let layer: String?
  package let tensor: Tensor?
  package let problem: String?
}
