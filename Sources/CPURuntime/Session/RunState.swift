import Diagnostics
import TensorCore

/// Counts what nested runs use up together.
final class RunState {
  let limits: RunLimits
  var steps = 0
  var depth = 0
  /// Memory that was in use when the run began: inputs, packed weights and arenas of earlier runs.
  private let baseline: Int

  init(_ limits: RunLimits) {
    self.limits = limits
    baseline = Self.memory
  }

  /// Bytes of tensors, arenas and scratch memory that are alive in the process.
  private static var memory: Int { TensorStorage.allocatedBytes + AlignedBuffer.allocatedBytes }

  /// Counts one iteration or node.
  func step() throws(Diagnostic) {
    steps &+= 1
    if steps > limits.steps {
      throw .error(
        "run.step-limit", "the run has taken more than \(limits.steps) steps", help: "is there an endless loop?")
    }
    if limits.isCancelled() { throw .error("run.cancelled", "the run was stopped") }
  }

  /// Refuses `bytes` more than the run holds already: arenas of all bodies, carried values and stacked results
  /// included.
  func reserve(_ bytes: Int, _ layer: @autoclosure () -> String) throws(Diagnostic) {
    let (total, overflow) = max(Self.memory - baseline, 0).addingReportingOverflow(bytes)
    guard !overflow, total <= limits.memory else {
      throw .error(
        "run.memory-limit", "layer '\(layer())': the run needs more than the memory limit of \(limits.memory) bytes",
        help: "does a loop carry a value that grows?")
    }
  }
}
