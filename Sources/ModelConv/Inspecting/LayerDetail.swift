import CaffeFormat
import Containers
import Diagnostics
import ModelGraph
import Rewrites
import TensorCore

/// Everything about one layer.
public struct LayerDetail: Sendable, Codable {
  /// As in the layer table.
  public var summary: LayerSummary
  /// Where it stands in its file.
  public var location: String
  /// Parameters as the file gives them.
  public var attributes: [Inspection.Fact]
  /// Its weights and what their values look like.
  public var weights: [TensorStatistics]
  /// The neutral operators that it became, in order: name, operator, attributes.
  public var operators: [String]
}

extension Model {
  /// Everything about the layer of that name.
  ///
  /// - Throws: `inspect.no-layer` with a suggestion.
  public func layer(named name: String) throws(ModelConvError) -> LayerDetail {
    let all = layers(automaticSplits: true)
    guard let summary = all.first(where: { $0.name == name }) else {
      throw .usage(
        "inspect.no-layer", "there is no layer '\(name)'",
        help: Suggestion.closest(to: name, among: all.map(\.name)).map { "did you mean '\($0)'?" }
          ?? "inspect --layers lists the layers")
    }
    var detail = LayerDetail(summary: summary, location: "", attributes: [], weights: [], operators: [])
    guard let graph else { return detail }
    var nodes: [Node] = []
    if case .caffe(let m) = content {
      if let layer = m.connections.entries.first(where: { $0.layer.name == name })?.layer {
        detail.location = layer.location.description
        let skipped: Set<String> = ["name", "type", "bottom", "top", "blobs"]
        detail.attributes = MessageText.lines(layer.message).filter { !skipped.contains(Self.firstPart($0.name)) }
          .map { Inspection.Fact(name: $0.name, value: $0.value) }
      }
      nodes = graph.nodes.filter { $0.origin.layer == name }
      let file = tensors.filter { $0.layer == name }
      detail.weights = file.isEmpty ? Self.constants(nodes, graph) : file.map(Self.statistics)
    } else {
      nodes = graph.nodes.filter { $0.name == name }
      detail.location = nodes.first?.origin.location.description ?? ""
      detail.attributes = (nodes.first?.op.attributeText ?? []).map { Inspection.Fact(name: $0.name, value: $0.value) }
      detail.weights = Self.constants(nodes, graph)
    }
    detail.operators = nodes.map { n in
      let attributes = n.op.attributeText.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
      return "\(n.name) = \(n.op.displayName) \(attributes)".trimmed
    }
    return detail
  }

  private static func firstPart(_ path: String) -> String { String(path.prefix { $0 != "." }) }

  private static func constants(_ nodes: [Node], _ graph: Graph) -> [TensorStatistics] {
    var seen: Set<ValueID> = []
    return nodes.flatMap { $0.inputs.compactMap { $0 } }.filter { seen.insert($0).inserted }.compactMap { id in
      graph[id].flatMap { v in v.constant.map { TensorStatistics(name: v.name, $0) } }
    }
  }

  private static func statistics(_ t: NamedTensor) -> TensorStatistics {
    t.tensor.map { TensorStatistics(name: t.name, $0) } ?? TensorStatistics(name: t.name, problem: t.problem ?? "")
  }

  /// Statistics of every tensor of the weights, in file order.
  ///
  /// - Parameter progress: called with the share that is done.
  public func weightStatistics(progress: (Double) -> Void = { _ in }) -> [TensorStatistics] {
    let all = tensors
    let total = Double(max(1, all.reduce(0) { $0 &+ ($1.tensor?.byteCount ?? 0) }))
    var done = 0
    var out: [TensorStatistics] = []
    for t in all {
      progress(Double(done) / total)
      out.append(Self.statistics(t))
      done &+= t.tensor?.byteCount ?? 0
    }
    return out
  }
}
