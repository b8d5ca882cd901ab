import Diagnostics
import TensorCore

// Kernels read operands through plain addresses. What an operand holds is a file's word: a kernel asks here for every
// extent and element type that it takes for granted and that operand 0 or the result does not imply.
extension PlanContext {
  /// Refuses operands (those of `list` that the node has) of another element type than `type`, or than operand 0's.
  ///
  /// - Throws: `run.unsupported-type`, so that a node of narrow floats is prepared again in float32.
  package func requireType(_ list: Int..., is type: DType? = nil) throws(Diagnostic) {
    let wanted = if let type { type } else { try dtype(0) }
    for i in list where has(i) {
      let t = try dtype(i)
      guard t == wanted else {
        throw error("run.unsupported-type", "operand \(i) is \(t.rawValue) where \(wanted.rawValue) is computed with")
      }
    }
  }

  /// Refuses operand `i`, where the node has it, unless it holds as many elements as the factors' product.
  package func require(_ i: Int, count factors: Int..., what: String) throws(Diagnostic) {
    guard has(i) else { return }
    let o = try operand(i)
    guard Tensor.count(of: factors) == o.count else {
      let wanted = factors.count == 1 ? "\(factors[0])" : factors.map { "\($0)" }.joined(separator: "×")
      throw error("run.shape", "\(what) \(o.shape) has \(o.count) elements where \(wanted) are read")
    }
  }

  /// Refuses operand `i`, where the node has it, unless it has exactly this shape.
  package func require(_ i: Int, shape: [Int], what: String) throws(Diagnostic) {
    guard has(i) else { return }
    let own = try self.shape(i)
    guard own == shape else { throw error("run.shape", "\(what) has shape \(own), not \(shape)") }
  }

  /// Refuses operand `i`, where the node has it, unless each of its axes, aligned at the end, has one element or as
  /// many as `out`.
  package func require(_ i: Int, broadcastsTo out: [Int], what: String) throws(Diagnostic) {
    guard has(i) else { return }
    let own = try shape(i)
    guard own.count <= out.count, zip(own.reversed(), out.reversed()).allSatisfy({ $0 == 1 || $0 == $1 }) else {
      throw error("run.shape", "\(what) \(own) does not broadcast to \(out)")
    }
  }
}
