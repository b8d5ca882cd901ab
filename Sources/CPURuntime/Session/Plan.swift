import Diagnostics
import ModelGraph
import TensorCore

/// Everything decided for one graph and one set of input shapes. Runs one at a time.
final class Plan {
  /// Where a value lies during a run.
  enum Place {
    case constant(Tensor)
    /// In the arena.
    case memory(address: UnsafeMutableRawPointer)
    /// In slot `slot` of the frame: graph inputs and results of evaluated nodes.
    case external(slot: Int)
  }

  /// A value to copy out after a step.
  struct Capture {
    /// Its place among the run's results.
    var index: Int
    var place: Place
    var type: ValueType
  }

  struct Step {
    var action: Action
    var node: PlanNode
    var captures: [Capture] = []
    /// Frame slots that nobody reads after this step.
    var released: [Int] = []

    enum Action {
      case kernel(PreparedKernel.Body, table: Int, inputCount: Int, scratch: UnsafeMutableRawPointer)
      case evaluate(inputs: [Operand?], outputs: [Int?], BodySessions)
      /// Nothing to run: result and operand share memory.
      case nothing
    }
    struct Operand {
      var place: Place
      var type: ValueType
    }
  }

  /// A frame slot's reader among kernels.
  struct Patch {
    var tableIndex: Int
    var aligned: Bool
  }

  struct InputSlot {
    var name: String
    /// Its place among the graph's inputs.
    var index: Int
    var slot: Int
  }

  var steps: [Step] = []
  var inputs: [InputSlot] = []
  var initialCaptures: [Capture] = []
  /// Names of captured values, by index.
  var captureNames: [String] = []
  /// Per output of the graph: its index among the captured values.
  var outputs: [Int?] = []
  var slotCount = 0
  /// Per frame slot: which table entries hold its address, and the type that kernels were prepared for.
  var patches: [[Patch]] = []
  var slotTypes: [ValueType] = []
  var table: [UnsafeMutableRawPointer] = []
  let arena: AlignedBuffer
  var residents = ResidentOperands()

  init(arena: AlignedBuffer) { self.arena = arena }
}
