import Glibc
import ModelGraph

/// How a session plans and runs.
package struct SessionOptions: Sendable {
  /// Threads of a run; 0 means one per processor. Results do not depend on it.
  package var threads = 0
  /// Values kept besides the outputs.
  package var keep = Keep.none
  /// How freely the planner may change the order of floating-point operations.
  package var exactness = Exactness.fast
  package var limits = RunLimits()

  package init(threads: Int = 0, keep: Keep = .none, exactness: Exactness = .fast, limits: RunLimits = RunLimits()) {
    self.threads = threads
    self.keep = keep
    self.exactness = exactness
    self.limits = limits
  }

  package enum Keep: Sendable, Hashable {
    case none
    case all
    case names(Set<String>)

    func contains(_ name: String) -> Bool {
      switch self {
      case .none: false
      case .all: true
      case .names(let n): n.contains(name)
      }
    }
  }

  package enum Exactness: Sendable, Hashable {
    /// Winograd convolution and fused epilogues where their error stays near that of the plain sum.
    case fast
    /// One node, one kernel, plain sums.
    case exact
  }
}

/// Bounds of a run.
package struct RunLimits: Sendable {
  /// Bytes of an arena and of single results; where bodies run or values depend on data, of everything that the run
  /// holds at a time. That is measured over the process: what runs beside it counts too.
  package var memory = RunLimits.ownMemory
  /// Nodes, and iterations of all loops, together.
  package var steps = 10_000_000
  /// Nesting of control flow bodies.
  package var depth = 64
  /// Asked between nodes; true ends the run.
  package var isCancelled: @Sendable () -> Bool = { false }
  package init() {}

  /// A quarter of the machine's memory, between 4 and 16 GiB.
  private static let ownMemory: Int = {
    let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
    let (bytes, overflow) = pages.multipliedReportingOverflow(by: size)
    return overflow || bytes <= 0 ? 16 << 30 : min(max(bytes / 4, 4 << 30), 16 << 30)
  }()
}
