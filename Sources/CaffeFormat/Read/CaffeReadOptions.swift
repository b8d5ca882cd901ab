import ModelGraph

/// How a Caffe model is read.
package struct CaffeReadOptions: Sendable {
  /// Which layers take part.
  package var state = NetState()
  /// A fork's profile that overrides detection; nil detects it.
  package var fork: String?
  /// Shapes of inputs by blob name, in place of the declared ones.
  package var shapes: [String: [Dim]] = [:]
  /// Replaces the first extent of every declared input shape.
  package var batch: Dim?
  /// Seeds the fillers of blobs that no file gives.
  package var seed: UInt64 = 0
  /// Fills weights for which the net names no filler, and makes statistics that no file gives those of unit variance.
  /// Nil does what Caffe does: such weights and statistics are 0.
  package var impliedFiller: Filler?
  /// What blobs that are missing from a given weights file mean.
  package var missingWeights = MissingWeights.fill
  package enum MissingWeights: Sendable, Hashable {
    /// They keep their fillers, with a warning: what Caffe does.
    case fill
    /// An error for each layer.
    case refuse
  }
  /// The net was read from a caffemodel: its layers were selected when it was saved, and it runs at TEST.
  package var isWholeModelFile = false

  package init() {}
}
