import CaffeFormat
import Diagnostics
import ModelGraph
import Rewrites
import TensorCore

/// What is inside a model.
public struct Inspection: Sendable, Codable {
  /// The files as the user named them.
  public var files: [String]
  /// The format's name.
  public var format: String
  /// The model's own name for itself.
  public var name: String
  /// Facts of the format: dialect, producer, IR version, operator sets.
  public var facts: [Fact]
  /// What must be given.
  public var inputs: [ValueSummary]
  /// What comes out.
  public var outputs: [ValueSummary]
  /// The layers in order.
  public var layers: [LayerSummary]
  /// Sums over the layers.
  public var totals: Totals
  /// What the model's data layers, or those of the net that its weights were saved from, do to pictures.
  public var preprocessing: ImagePreprocessing?

  /// A fact by name.
  public struct Fact: Sendable, Codable {
    /// What it is about.
    public var name: String
    /// What is so.
    public var value: String
  }

  /// Sums over the layers.
  public struct Totals: Sendable, Codable {
    /// Number of layers.
    public var layers: Int
    /// Values of all weights, shared ones counted once.
    public var parameters: Int
    /// nil where a size is not known.
    public var multiplyAdds: Int?
    /// Bytes of the weights as the file holds them.
    public var weightBytes: Int
  }
}

/// An input, output or blob.
public struct ValueSummary: Sendable, Codable {
  /// Its name in the model.
  public var name: String
  /// `float32`, `int64`, …
  public var elementType: String
  /// Numbers, names of symbols, or expressions; nil where even the rank is unknown.
  public var shape: [String]?

  init(_ v: Value) {
    name = v.name
    elementType = v.type.dtype?.rawValue ?? "\(v.type)"
    shape = v.type.shape?.map(\.description)
  }

  init(name: String, _ type: ValueType?) {
    self.name = name
    elementType = type?.dtype?.rawValue ?? "unknown"
    shape = type?.shape?.map(\.description)
  }

  /// `1x3x224x224`.
  public var shapeText: String { shape.map { $0.isEmpty ? "scalar" : $0.joined(separator: "x") } ?? "?" }
}

/// One layer of a model, as its format counts layers.
public struct LayerSummary: Sendable, Codable {
  /// Place in the order, from 0.
  public var index: Int
  /// The layer's name.
  public var name: String
  /// The type as the format calls it.
  public var type: String
  /// Names of what it reads and makes.
  public var inputs: [String]
  /// What it makes.
  public var outputs: [ValueSummary]
  /// Number of weight values; a shared one counts for the first layer that uses it.
  public var parameters: Int
  /// nil where a size is not known.
  public var multiplyAdds: Int?
  /// Made by Caffe's split insertion.
  public var isAutomatic: Bool
}

extension Model {
  /// The default view.
  public func inspect() -> Inspection {
    let layers = layers(automaticSplits: false)
    var totals = Inspection.Totals(
      layers: layers.count, parameters: layers.reduce(0) { $0 &+ $1.parameters },
      multiplyAdds: layers.reduce(Int?.some(0)) { sum, l in sum.flatMap { s in l.multiplyAdds.map { s &+ $0 } } },
      weightBytes: 0)
    var seen: Set<ObjectIdentifier> = []
    for t in tensors {
      guard let tensor = t.tensor else { continue }
      if seen.insert(ObjectIdentifier(tensor.storage)).inserted { totals.weightBytes &+= tensor.byteCount }
    }
    var name = graph?.name ?? ""
    var facts: [Inspection.Fact] = []
    switch content {
    case .caffe(let m):
      name = m.net.name
      facts.append(.init(name: "dialect", value: m.net.dialect.rawValue))
      if let fork = m.net.fork, let title = CaffeForks.fork(fork)?.title {
        facts.append(.init(name: "fork", value: "\(fork): \(title)"))
      }
      if let w = m.weights { facts.append(.init(name: "weights", value: w.container.rawValue)) }
      totals.parameters = m.weightReport.parameterCount
    case .onnx(let m):
      if !m.producerName.isEmpty {
        facts.append(
          .init(name: "producer", value: [m.producerName, m.producerVersion].joined(separator: " ").trimmed))
      }
      facts.append(.init(name: "IR version", value: String(m.irVersion)))
      for (domain, version) in m.opsets.sorted(by: { $0.key < $1.key }) {
        facts.append(.init(name: "operator set", value: "\(domain) \(version)"))
      }
      if !m.functions.isEmpty { facts.append(.init(name: "functions", value: m.functions.joined(separator: ", "))) }
      for e in m.metadata.prefix(64) { facts.append(.init(name: e.key, value: e.value)) }
    case .weights(let bag):
      totals.parameters = bag.entries.reduce(0) { $0 &+ $1.tensor.count }
      facts += bag.metadata.prefix(256).map { .init(name: $0.key, value: $0.value) }
      facts += bag.opaque.prefix(256).map { .init(name: $0.path, value: $0.kind) }
    case .settings(let m):
      facts += MessageText.lines(m).map { .init(name: $0.name, value: $0.value) }
    }
    return Inspection(
      files: files, format: format, name: name, facts: facts,
      inputs: graph.map { g in g.inputs.compactMap { g[$0] }.map { ValueSummary($0) } } ?? [],
      outputs: graph.map { g in g.outputs.compactMap { g[$0] }.map { ValueSummary($0) } } ?? [], layers: layers,
      totals: totals, preprocessing: declaredPreprocessing.map { preprocessing($0) })
  }

  /// The layers in order.
  ///
  /// - Parameter automaticSplits: Caffe: with the Split layers that its Net inserts.
  public func layers(automaticSplits: Bool) -> [LayerSummary] {
    switch content {
    case .caffe(let m): CaffeInspection.layers(m, automaticSplits: automaticSplits)
    case .onnx(let m): GraphInspection.layers(m.graph)
    case .weights, .settings: []
    }
  }

  /// Blobs in the format's order: Caffe's with automatic splits, otherwise inputs and results of nodes.
  public func blobs() -> [ValueSummary] {
    switch content {
    case .caffe(let m):
      m.connections.blobs.enumerated().map { i, name in
        ValueSummary(name: name, m.blobValues[i].flatMap { m.graph[$0]?.type })
      }
    case .onnx(let m):
      (m.graph.inputs + m.graph.nodes.flatMap { $0.outputs.compactMap { $0 } }).compactMap { m.graph[$0] }
        .map { ValueSummary($0) }
    case .weights(let bag):
      bag.entries.map { ValueSummary(name: $0.path, .tensor($0.tensor.dtype, sizes: $0.tensor.shape)) }
    case .settings: []
    }
  }

  /// How often each layer type occurs, most frequent first.
  public func operatorCounts() -> [OperatorCount] {
    var counts: [String: Int] = [:]
    for l in layers(automaticSplits: false) { counts[l.type, default: 0] += 1 }
    return counts.map { OperatorCount(type: $0.key, count: $0.value) }
      .sorted { $0.count != $1.count ? $0.count > $1.count : $0.type < $1.type }
  }
}

/// A line of an operator histogram.
public struct OperatorCount: Sendable, Codable {
  /// The type as the format calls it.
  public var type: String
  /// How often it occurs.
  public var count: Int
}

extension String {
  var trimmed: String {
    var s = Substring(self)
    while s.last?.isWhitespace == true { s.removeLast() }
    return String(s)
  }
}
