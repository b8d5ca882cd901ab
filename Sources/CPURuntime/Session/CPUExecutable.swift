import Diagnostics
import ModelGraph
import TensorCore

/// An operator that the CPU executor can run. Conform to `PlannedKernel` or `EvaluatedKernel`, never to this alone.
package protocol CPUExecutable: Operator {}

/// An operator on tensors whose result types follow from operand types (and from values known when planning).
///
/// `prepare` decides once per node and set of shapes: algorithm, packed weights, scratch, aliasing. The closure it gives
/// runs many times.
package protocol PlannedKernel: CPUExecutable {
  /// - Throws: `run.needs-value` (through `PlanContext.requireInts` and friends) where a value is only known at run time;
  ///   the node is then prepared on each run.
  func prepare(_ context: PlanContext) throws(Diagnostic) -> PreparedKernel
}

/// An operator whose results' types depend on the data, or that works on strings, sequences, optionals or bodies.
package protocol EvaluatedKernel: CPUExecutable {
  /// - Parameter inputs: operands; nil for an omitted optional one.
  /// - Returns: one entry per result that the operator has.
  func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue]
}

/// What `prepare` gives back.
package struct PreparedKernel {
  package typealias Body = (KernelArguments) throws(Diagnostic) -> Void
  package enum Action {
    case run(Body)
    /// Result 0 is operand `input` in another shape: nothing to do.
    case alias(input: Int)
  }
  package var action: Action
  /// Bytes of 64-byte aligned scratch memory for the call.
  package var scratchBytes = 0
  /// Operands whose memory result 0 may take: element i of the result depends on element i of that operand alone.
  package var inPlace: [Int] = []
  /// Per operand: the part of result 0 that is nothing but the operand, which may then be computed there. The kernel
  /// must leave a part alone whose address and the operand's are equal.
  package var placements: [Placement?] = []
  package struct Placement {
    package var offset: Int
    package var bytes: Int
  }

  package static func alias(input: Int) -> PreparedKernel { PreparedKernel(action: .alias(input: input)) }

  package init(action: Action) { self.action = action }

  package init(scratchBytes: Int = 0, inPlace: [Int] = [], _ body: @escaping Body) {
    action = .run(body)
    self.scratchBytes = scratchBytes
    self.inPlace = inPlace
  }
}

/// Addresses for one call of a kernel.
///
/// SAFETY: every address holds the bytes of the dense row-major tensor that the plan context described, aligned to its
/// element (64 bytes for arena memory), for the duration of the call. Omitted operands and operands that `prepare`
/// consumed have a valid address of no bytes.
package struct KernelArguments {
  let table: UnsafePointer<UnsafeMutableRawPointer>
  let inputCount: Int
  /// Scratch of the size that was asked for.
  package let scratch: UnsafeMutableRawPointer

  @inline(__always)
  package func input<T>(_ i: Int, _: T.Type = T.self) -> UnsafePointer<T> {
    UnsafePointer(table[i].assumingMemoryBound(to: T.self))
  }

  @inline(__always)
  package func output<T>(_ i: Int, _: T.Type = T.self) -> UnsafeMutablePointer<T> {
    table[inputCount + i].assumingMemoryBound(to: T.self)
  }

  package func rawInput(_ i: Int) -> UnsafeRawPointer { UnsafeRawPointer(table[i]) }
  package func rawOutput(_ i: Int) -> UnsafeMutableRawPointer { table[inputCount + i] }
}

/// Surroundings of `EvaluatedKernel.evaluate`.
package struct EvaluationContext {
  package let name: String
  package let limits: RunLimits
  package let options: SessionOptions
  /// What this run and the runs around it have used up.
  let state: RunState
  /// The sessions of the node's bodies, kept between calls.
  let bodySessions: BodySessions

  func error(_ code: String, _ message: String) -> Diagnostic { .error(code, "layer '\(name)': \(message)") }
}
