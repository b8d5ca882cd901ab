/// What this build does with a Caffe layer type, declared by its translator and held to by tests that read, run and export
/// an example of each type.
package struct LayerSupport: Sendable {
  /// Why the executor cannot run it; nil where it can.
  package var runObstacle: String?
  /// Why standard ONNX cannot say it; nil where it can.
  package var onnxObstacle: String?
  /// What is refused, or is otherwise than in Caffe: a sentence each.
  package var limits: [String]

  package init(runObstacle: String? = nil, onnxObstacle: String? = nil, limits: [String] = []) {
    self.runObstacle = runObstacle
    self.onnxObstacle = onnxObstacle
    self.limits = limits
  }

  /// Read, run and exported as Caffe computes it.
  package static let full = LayerSupport()

  package static func limited(_ limits: String...) -> LayerSupport { LayerSupport(limits: limits) }
}
