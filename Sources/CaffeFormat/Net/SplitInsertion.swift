import Containers
import Diagnostics

/// Caffe's InsertSplits: a top that several layers read (or that is read and is a loss) is copied by a Split layer.
package enum SplitInsertion {
  private struct TopPlace: Hashable {
    var layer: Int
    var top: Int
  }

  /// The layers with Split layers inserted and bottoms renamed, exactly as Caffe names them.
  ///
  /// - Returns: the layers; bottoms that no layer before produces are left alone and reported by net construction.
  package static func insert(_ layers: [CaffeLayer], splitType: ProtoType) -> [CaffeLayer] {
    var lastTop: [String: TopPlace] = [:]
    var sources: [[TopPlace?]] = []
    var readers: [TopPlace: Int] = [:]
    var lossWeight: [TopPlace: Float] = [:]
    for (i, layer) in layers.enumerated() {
      sources.append(
        layer.bottoms.map { blob in
          let source = lastTop[blob]
          if let source { readers[source, default: 0] += 1 }
          return source
        })
      for (j, blob) in layer.tops.enumerated() { lastTop[blob] = TopPlace(layer: i, top: j) }
      for (j, weight) in layer.lossWeights.prefix(layer.tops.count).enumerated() {
        guard let place = lastTop[layer.tops[j]] else { continue }
        lossWeight[place] = weight
        if weight != 0 { readers[place, default: 0] += 1 }
      }
    }
    var out: [CaffeLayer] = []
    var nextCopy: [TopPlace: Int] = [:]
    for (i, original) in layers.enumerated() {
      var layer = original
      for (j, blob) in layer.bottoms.enumerated() {
        guard let source = sources[i][j], readers[source, default: 0] > 1 else { continue }
        let copy = nextCopy[source, default: 0]
        nextCopy[source] = copy + 1
        layer.bottoms[j] = splitName(layers[source.layer].name, blob, source.top) + "_\(copy)"
      }
      out.append(layer)
      for (j, blob) in layer.tops.enumerated() {
        let place = TopPlace(layer: i, top: j)
        let count = readers[place, default: 0]
        guard count > 1 else { continue }
        let name = splitName(layer.name, blob, j)
        var split = CaffeLayer(ProtoMessage(splitType, file: layer.message.file, place: layer.message.place))
        split.name = name
        split.type = "Split"
        split.bottoms = [blob]
        split.tops = (0..<count).map { "\(name)_\($0)" }
        split.isAutomaticSplit = true
        out.append(split)
        if lossWeight[place, default: 0] != 0 { nextCopy[place, default: 0] += 1 }
      }
    }
    return out
  }

  /// `BLOB_LAYER_INDEX_split`.
  package static func splitName(_ layer: String, _ blob: String, _ index: Int) -> String {
    "\(blob)_\(layer)_\(index)_split"
  }
}
