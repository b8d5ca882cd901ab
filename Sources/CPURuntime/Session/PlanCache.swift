import Diagnostics
import ModelGraph
import TensorCore

/// Plans by input types, the latest few.
// SAFETY: a session touches its cache, and the plans in it, only while it holds its lock.
final class PlanCache: @unchecked Sendable {
  /// What of an input a plan depends on.
  enum Key: Equatable {
    case tensor(DType, [Int])
    case other(ValueType)
  }

  private var entries: [(key: [Key?], plan: Plan)] = []
  private let capacity = 8

  /// - Parameter spare: bytes that arenas of other shapes than `key`'s may take; older ones go.
  func plan(for key: [Key?], spare: Int, make: () throws(Diagnostic) -> Plan) throws(Diagnostic) -> Plan {
    if let last = entries.last, last.key == key { return last.plan }
    if let i = entries.firstIndex(where: { $0.key == key }) {
      let e = entries.remove(at: i)
      entries.append(e)
      return e.plan
    }
    while entries.count >= capacity || entries.reduce(0, { $0 + $1.plan.arena.count }) > spare { entries.removeFirst() }
    let plan = try make()
    entries.append((key, plan))
    return plan
  }
}
