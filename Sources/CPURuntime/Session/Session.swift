import COpenBLAS
import Diagnostics
import ModelGraph
import Synchronization
import TensorCore

/// Runs a graph. Plans are made per set of input shapes and kept; runs of one session happen one after another.
package final class Session: Sendable {
  package let graph: Graph
  package let options: SessionOptions
  private let wanted: Set<ValueID>
  private let lock = Mutex(())
  private let cache = PlanCache()

  /// - Throws: every layer that cannot be run, at once.
  package init(_ graph: Graph, options: SessionOptions = SessionOptions()) throws(Diagnostics) {
    let found = Unsupported.find(in: graph)
    if !found.isEmpty { throw Diagnostics(found) }
    self.graph = graph
    self.options = options
    var wanted = Set(graph.outputs)
    for v in graph.values where options.keep.contains(v.name) {
      // Constants are kept where they are asked for by name.
      if v.constant == nil || options.keep != .all { wanted.insert(v.id) }
    }
    self.wanted = wanted
    _ = Self.blasIsPinned
  }

  /// The process's matrix library works in the calling thread alone; parallel loops are ours.
  private static let blasIsPinned: Void = openblas_set_num_threads(1)

  /// Runs on tensors by input name.
  ///
  /// - Parameter observer: called after each step with its layers and the time it took.
  /// - Throws: `run.missing-input`, `run.input-type`, and what kernels throw.
  package func run(_ inputs: [String: Tensor], observer: RunObserver? = nil) throws(Diagnostic) -> RunResult {
    try run(inputs.mapValues { .tensor($0) }, observer: observer, state: RunState(options.limits))
  }

  /// Runs on values of any kind by input name.
  package func run(
    values: [String: RuntimeValue], observer: RunObserver? = nil
  ) throws(Diagnostic) -> RunResult {
    try run(values, observer: observer, state: RunState(options.limits))
  }

  func run(
    _ inputs: [String: RuntimeValue], observer: RunObserver?, state: RunState
  ) throws(Diagnostic) -> RunResult {
    var types: [ValueID: ValueType] = [:]
    for id in graph.inputs {
      guard let value = graph[id], value.constant == nil else { continue }
      guard let given = inputs[value.name] else {
        throw .error("run.missing-input", "input '\(value.name)' (\(value.type)) is not given", status: .usage)
      }
      if let d = value.type.dtype, let g = given.type.dtype, d != g {
        throw .error(
          "run.input-type", "input '\(value.name)' holds \(d.rawValue) elements, \(g.rawValue) are given")
      }
      types[id] = Self.planned(given, declared: value.type)
    }
    if state.depth == 0 { Parallel.setThreads(options.threads) }
    return try lock.withLock { (_) throws(Diagnostic) in
      let plan = try cache.plan(for: types) { () throws(Diagnostic) in
        var planner = Planner(graph: graph, options: options, wanted: wanted)
        return try planner.plan(inputTypes: types)
      }
      return try PlanRun(plan: plan, options: options, observer: observer, state: state).run(inputs)
    }
  }
}

extension Session {
  /// The type to plan for: a tensor's own; of other values what all their elements have in common.
  private static func planned(_ given: RuntimeValue, declared: ValueType) -> ValueType {
    if case .tensor = given { return given.type }
    guard declared != .unknown else { return shapeless(given.type) }
    return shapeless(declared)
  }

  private static func shapeless(_ t: ValueType) -> ValueType {
    switch t {
    case .tensor(let d, _): .tensor(d, nil)
    case .sequence(let e): .sequence(shapeless(e))
    case .optional(let e): .optional(shapeless(e))
    case .map(let k, let v): .map(key: k, value: shapeless(v))
    case .unknown: .unknown
    }
  }
}

/// Called after each step of a run.
package typealias RunObserver = (StepReport) -> Void

/// What one step did.
package struct StepReport {
  /// The layers it computed (several where they were fused).
  package var layers: [NodeID]
  package var name: String
  package var operatorName: String
  package var seconds: Double
}

/// Outputs and kept values of a run, by name.
package struct RunResult: Sendable {
  package var values: [String: RuntimeValue] = [:]
  package subscript(_ name: String) -> RuntimeValue? { values[name] }
  /// The tensor of that name.
  package func tensor(_ name: String) -> Tensor? { values[name]?.tensor }
}

/// Counts what nested runs use up together.
final class RunState {
  let limits: RunLimits
  var steps = 0
  var depth = 0
  init(_ limits: RunLimits) { self.limits = limits }

  /// Counts one iteration or node.
  func step() throws(Diagnostic) {
    steps &+= 1
    if steps > limits.steps {
      throw .error("run.step-limit", "the run has taken more than \(limits.steps) steps", help: "is there an endless loop?")
    }
    if limits.isCancelled() { throw .error("run.cancelled", "the run was stopped") }
  }
}

/// Plans by input types, the latest few.
// SAFETY: a session touches its cache, and the plans in it, only while it holds its lock.
final class PlanCache: @unchecked Sendable {
  private var entries: [(types: [ValueID: ValueType], plan: Plan)] = []
  private let capacity = 8

  func plan(
    for types: [ValueID: ValueType], make: () throws(Diagnostic) -> Plan
  ) throws(Diagnostic) -> Plan {
    if let i = entries.firstIndex(where: { $0.types == types }) {
      let e = entries.remove(at: i)
      entries.append(e)
      return e.plan
    }
    let plan = try make()
    if entries.count >= capacity { entries.removeFirst() }
    entries.append((types, plan))
    return plan
  }
}
