import Diagnostics

/// Where the values of a net's named parameters come from, so that they outlive the layer that has them in the file.
///
/// Layers share a parameter by its name, and a weights file need only have it for one of them. Where surgery takes that
/// layer away, the values go on to the layers that still name it.
package struct SharedParameters: Sendable {
  private struct Source: Sendable {
    var layer: String
    var blob: CaffeBlob
  }

  private var sources: [String: Source] = [:]

  /// - Parameter layers: those of the net that take part, before any change. Of several layers that have a parameter in
  ///   the file the last one gives its values: Net::CopyTrainedLayersFrom copies them in the file's order.
  package init(_ layers: [CaffeLayer], _ weights: CaffeWeights) {
    var target: [String: CaffeLayer] = [:]
    for layer in layers where weights.container == .hdf5 || target[layer.name] == nil { target[layer.name] = layer }
    for source in weights.layers {
      guard let names = target[source.name]?.parameterNames else { continue }
      for (name, blob) in zip(names, source.blobs) where !name.isEmpty {
        if let blob { sources[name] = Source(layer: source.name, blob: blob) }
      }
    }
  }

  /// Follows a layer that is renamed.
  package mutating func rename(_ old: String, to new: String) {
    for (name, source) in sources where source.layer == old { sources[name]?.layer = new }
  }

  /// The weights with the values of all parameters whose layer is not among those left.
  package func carried(into weights: CaffeWeights, _ layers: [CaffeLayer]) -> CaffeWeights {
    let left = Set(layers.map(\.name))
    var out = weights
    for (name, source) in sources where !left.contains(source.layer) { out.carried[name] = source.blob }
    return out
  }
}
