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
  private let inputs: [Input]

  /// What a run asks of an input of the graph.
  private struct Input {
    var name: String
    var type: ValueType
    /// Whether a value must be given: it has none of its own.
    var isOpen: Bool
  }
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
    inputs = graph.inputs.map { id in
      guard let v = graph[id] else { return Input(name: "", type: .unknown, isOpen: false) }
      return Input(name: v.name, type: v.type, isOpen: v.constant == nil)
    }
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

  private func run(
    _ inputs: [String: RuntimeValue], observer: RunObserver?, state: RunState
  ) throws(Diagnostic) -> RunResult {
    var result = RunResult()
    try run(self.inputs.map { inputs[$0.name] }, observer: observer, state: state) { plan, values in
      for (name, v) in zip(plan.captureNames, values) { result.values[name] = v }
    }
    return result
  }

  /// Runs a body on values by the place of its inputs; gives its outputs in order, nil where one has no value.
  func run(_ inputs: [RuntimeValue?], state: RunState) throws(Diagnostic) -> [RuntimeValue?] {
    var outputs: [RuntimeValue?] = []
    try run(inputs, observer: nil, state: state) { plan, values in
      outputs = plan.outputs.map { i in i.flatMap { values[$0] } }
    }
    return outputs
  }

  private func run(
    _ given: [RuntimeValue?], observer: RunObserver?, state: RunState, _ take: (Plan, [RuntimeValue?]) -> Void
  ) throws(Diagnostic) {
    var keys: [PlanCache.Key?] = []
    keys.reserveCapacity(inputs.count)
    for (input, value) in zip(inputs, given) {
      guard input.isOpen else {
        keys.append(nil)
        continue
      }
      guard let value else {
        throw .error("run.missing-input", "input '\(input.name)' (\(input.type)) is not given", status: .usage)
      }
      if case .tensor(let t) = value {
        if let d = input.type.dtype, d != t.dtype {
          throw .error(
            "run.input-type", "input '\(input.name)' holds \(d.rawValue) elements, \(t.dtype.rawValue) are given")
        }
        keys.append(.tensor(t.dtype, t.shape))
      } else {
        keys.append(.other(Self.planned(value, declared: input.type)))
      }
    }
    if state.depth == 0 { Parallel.setThreads(options.threads) }
    try lock.withLock { (_) throws(Diagnostic) in
      let plan = try cache.plan(for: keys, spare: options.limits.memory / 16) { () throws(Diagnostic) in
        try makePlan(keys, state)
      }
      take(plan, try PlanRun(plan: plan, options: options, observer: observer, state: state).run(given))
    }
  }

  private func makePlan(_ keys: [PlanCache.Key?], _ state: RunState) throws(Diagnostic) -> Plan {
    var planner = Planner(graph: graph, options: options, wanted: wanted)
    planner.state = state.depth > 0 ? state : nil
    var types: [ValueID: ValueType] = [:]
    for (id, key) in zip(graph.inputs, keys) {
      switch key {
      case .tensor(let d, let s)?: types[id] = .tensor(d, sizes: s)
      case .other(let t)?: types[id] = t
      case nil: break
      }
    }
    return try planner.plan(inputTypes: types)
  }
}

extension Session {
  /// The type to plan for of a value that is no tensor: what all its elements have in common.
  private static func planned(_ given: RuntimeValue, declared: ValueType) -> ValueType {
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
