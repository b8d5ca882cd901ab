import Diagnostics
import ModelGraph

/// A Caffe model as read: Caffe's own view, the neutral graph, and what became of the weights.
package struct CaffeModel: Sendable {
  package var net: CaffeNet
  /// The selected layers with Split layers, and blobs in Caffe's order: what Caffe's Net holds.
  package var connections: NetConnections
  /// The neutral graph; layers with errors, and what depends on them, are not in it.
  package var graph: Graph
  /// The weights file; nil for a net alone.
  package var weights: CaffeWeights?
  package var weightReport: WeightReport
  /// The last value of each blob by its place in `connections.blobs`; automatic splits and failed blobs left out.
  package var blobValues: [Int: ValueID]

  /// The graph's value of a blob: its last version.
  package func value(ofBlob name: String) -> ValueID? {
    guard let i = connections.blobs.firstIndex(of: name) else { return nil }
    return blobValues[i]
  }
}
