import Diagnostics
import ModelGraph
import TensorCore

/// A Caffe model as read: Caffe's own view, the neutral graph, and what became of the weights.
package struct CaffeModel: Sendable {
  package var net: CaffeNet
  /// The state its layers were selected by.
  package var state: NetState
  /// The selected layers with Split layers, and blobs in Caffe's order: what Caffe's Net holds.
  package var connections: NetConnections
  /// The layers that take part, in order: `connections` without Split layers.
  package var layers: [CaffeLayer]
  /// Of each of `layers`: its blobs as the net uses them (float32, of the net's shapes; shared ones in each layer that
  /// has them). Layers that were not built have the blobs of the file, if any.
  package var blobs: [[Tensor]]
  /// The neutral graph; layers with errors, and what depends on them, are not in it.
  package var graph: Graph
  /// The weights file; nil for a net alone.
  package var weights: CaffeWeights?
  package var weightReport: WeightReport
  /// The last value of each blob by its place in `connections.blobs`; automatic splits and failed blobs left out.
  package var blobValues: [Int: ValueID]
  /// The net is that of a caffemodel: its layers were selected when it was saved, whatever their rules say.
  package var isWholeModelFile = false
  /// What data layers do to pictures: those of the net, else those that the caffemodel was trained with.
  package var transforms: [DataTransform] = []

  /// The graph's value of a blob: its last version.
  package func value(ofBlob name: String) -> ValueID? {
    guard let i = connections.blobs.firstIndex(of: name) else { return nil }
    return blobValues[i]
  }
}
