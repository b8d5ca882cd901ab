import Diagnostics
import ModelGraph
import TensorCore

/// One run of a plan.
struct PlanRun {
  let plan: Plan
  let options: SessionOptions
  let observer: RunObserver?
  let state: RunState
  private var slots: [RuntimeValue?]
  private var residents = ResidentOperands()
  private var captured: [RuntimeValue?]

  init(plan: Plan, options: SessionOptions, observer: RunObserver?, state: RunState) {
    self.plan = plan
    self.options = options
    self.observer = observer
    self.state = state
    slots = Array(repeating: nil, count: plan.slotCount)
    captured = Array(repeating: nil, count: plan.captureNames.count)
  }

  /// - Parameter inputs: by place among the graph's inputs.
  /// - Returns: the captured values, by index.
  consuming func run(_ inputs: [RuntimeValue?]) throws(Diagnostic) -> [RuntimeValue?] {
    for i in plan.inputs {
      if let v = inputs[i.index] { try fill(i.slot, v, "input '\(i.name)'") }
    }
    for c in plan.initialCaptures { captured[c.index] = try value(c.place, c.type) }
    let clock = ContinuousClock()
    for step in plan.steps {
      try state.step()
      let start = observer == nil ? nil : clock.now
      try perform(step)
      if let observer, let start {
        let d = start.duration(to: clock.now).components
        observer(
          StepReport(
            layers: step.node.layers, name: step.node.name, operatorName: step.node.op.operatorName,
            seconds: Double(d.seconds) + Double(d.attoseconds) * 1e-18))
      }
      for c in step.captures {
        if state.depth > 0, case .memory = c.place, let d = c.type.dtype, let s = c.type.sizes {
          try state.reserve(try Checked.bytes(d, s), step.node.name)
        }
        captured[c.index] = try value(c.place, c.type)
      }
      for s in step.released { slots[s] = nil }
    }
    withExtendedLifetime(residents) {}
    return captured
  }

  private mutating func perform(_ step: Plan.Step) throws(Diagnostic) {
    switch step.action {
    case .nothing: break
    case .kernel(let body, let table, let inputCount, let scratch):
      let failure: Diagnostic? = plan.table.withUnsafeBufferPointer { p -> Diagnostic? in
        guard let base = p.baseAddress else { return nil }
        do throws(Diagnostic) {
          try body(KernelArguments(table: base + table, inputCount: inputCount, scratch: scratch))
          return nil
        } catch { return error }
      }
      if var failure {
        failure.location = step.node.origin.location
        throw failure
      }
    case .evaluate(let inputs, let outputs, let bodies):
      var operands: [RuntimeValue?] = []
      for o in inputs {
        if let o { operands.append(try value(o.place, o.type)) } else { operands.append(nil) }
      }
      let context = EvaluationContext(
        name: step.node.name, limits: options.limits, options: options, state: state, bodySessions: bodies)
      var results: [RuntimeValue]
      do throws(Diagnostic) { results = try Evaluator.evaluate(step.node.op, operands, context) } catch {
        var located = error
        if located.location == SourceLocation() { located.location = step.node.origin.location }
        throw located
      }
      for (i, slot) in outputs.enumerated() {
        guard let slot else { continue }
        guard i < results.count else {
          throw context.error("run.result-missing", "result \(i) was not computed")
        }
        try fill(slot, results[i], "result \(i) of layer '\(step.node.name)'")
      }
      results = []
      try state.reserve(0, step.node.name)
    }
  }

  /// Puts a value into the frame and its address where kernels look for it.
  private mutating func fill(_ slot: Int, _ value: RuntimeValue, _ what: @autoclosure () -> String) throws(Diagnostic) {
    slots[slot] = value
    guard !plan.patches[slot].isEmpty else { return }
    let t = try value.requireTensor(what())
    guard plan.slotTypes[slot].isTensor(t.dtype, t.shape) else {
      throw .error("run.shape", "\(what()) is \(value.type), planned was \(plan.slotTypes[slot])")
    }
    let address = try residents.address(of: t)
    for p in plan.patches[slot] { plan.table[p.tableIndex] = address }
  }

  private func value(_ place: Plan.Place, _ type: ValueType) throws(Diagnostic) -> RuntimeValue {
    switch place {
    case .constant(let t): return .tensor(t)
    case .memory(let address):
      guard let d = type.dtype, let s = type.sizes else {
        throw .error("run.no-value", "a computed value has no type", status: .software)
      }
      return .tensor(
        try Tensor.make(dtype: d, shape: s) { (b) throws(Diagnostic) in
          // SAFETY: the plan laid the value's bytes out at `address`.
          b.copyMemory(from: UnsafeRawBufferPointer(start: address, count: b.count))
        })
    case .external(let slot):
      guard slot < slots.count, let v = slots[slot] else {
        throw .error("run.no-value", "a value is used after its last use", status: .software)
      }
      // A view of the slot has another shape.
      if case .tensor(let t) = v, let s = type.sizes, s != t.shape { return .tensor(try t.reshaped(s)) }
      return v
    }
  }
}
