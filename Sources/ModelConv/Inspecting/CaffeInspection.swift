import CaffeFormat
import ModelGraph

/// Caffe's own view of a net: its layers as Net holds them, with what the neutral graph knows of sizes.
enum CaffeInspection {
  static func layers(_ m: CaffeModel, automaticSplits: Bool) -> [LayerSummary] {
    let graph = m.graph
    let cost = costs(graph)
    let weightCounts = parameters(m)
    var types: [Int: ValueType] = [:]
    for (blob, value) in m.blobValues { types[blob] = graph[value]?.type }
    var out: [LayerSummary] = []
    // An automatic split's input, by the blobs it makes.
    var copies: [String: String] = [:]
    for entry in m.connections.entries {
      let layer = entry.layer
      if layer.isAutomaticSplit {
        let source = entry.bottoms.first ?? nil
        for case let t? in entry.tops {
          if let source { types[t] = types[source] }
          copies[m.connections.blobs[t]] = layer.bottoms.first
        }
        guard automaticSplits else { continue }
      }
      let tops = entry.tops.compactMap { $0 }
      out.append(
        LayerSummary(
          index: out.count, name: layer.name, type: layer.type,
          inputs: automaticSplits ? layer.bottoms : layer.bottoms.map { copies[$0] ?? $0 },
          outputs: tops.map { ValueSummary(name: m.connections.blobs[$0], types[$0]) },
          parameters: layer.isAutomaticSplit ? 0 : weightCounts[layer.name] ?? 0,
          multiplyAdds: layer.isAutomaticSplit ? 0 : cost[layer.name] ?? 0,
          isAutomatic: layer.isAutomaticSplit))
    }
    return out
  }

  /// Multiply-adds of each layer over the nodes that it became; nil for one with an unknown size.
  private static func costs(_ graph: Graph) -> [String: Int?] {
    var adds: [String: Int?] = [:]
    for node in graph.nodes {
      guard let layer = node.origin.layer else { continue }
      let own = LayerCost.multiplyAdds(of: node, in: graph)
      let before: Int? = adds[layer] ?? .some(0)
      adds[layer] = .some(before.flatMap { b in own.map { b &+ $0 } })
    }
    return adds
  }

  /// Values of each layer's blobs as the net uses them.
  private static func parameters(_ m: CaffeModel) -> [String: Int] {
    var out: [String: Int] = [:]
    for (layer, blobs) in zip(m.layers, m.blobs) { out[layer.name, default: 0] += blobs.reduce(0) { $0 &+ $1.count } }
    return out
  }
}

/// Layers of a graph whose format has no other notion of them: its nodes.
enum GraphInspection {
  static func layers(_ graph: Graph) -> [LayerSummary] {
    let parameters = LayerCost.parameters(in: graph)
    return graph.nodes.enumerated().map { i, n in
      LayerSummary(
        index: i, name: n.name, type: n.origin.layerType ?? n.op.operatorName,
        inputs: n.inputs.compactMap { $0.flatMap { graph[$0] } }.filter { $0.constant == nil }.map(\.name),
        outputs: n.outputs.compactMap { $0.flatMap { graph[$0] } }.map { ValueSummary($0) },
        parameters: parameters[n.id] ?? 0, multiplyAdds: LayerCost.multiplyAdds(of: n, in: graph), isAutomatic: false)
    }
  }
}
