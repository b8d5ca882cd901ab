import Diagnostics
import ModelGraph
import TensorCore

/// Fills a plan's steps, address table, frame slots and captures.
struct Binder {
  let planner: Planner
  let plan: Plan
  let scratch: (Int) -> UnsafeMutableRawPointer
  let address: (ValueID) -> UnsafeMutableRawPointer?
  let rootOf: (ValueID) -> ValueID
  private var slots: [ValueID: Int] = [:]
  private var lastSlotUse: [Int: Int] = [:]
  private var captures: [ValueID: Int] = [:]

  init(
    planner: Planner, plan: Plan, scratch: @escaping (Int) -> UnsafeMutableRawPointer,
    address: @escaping (ValueID) -> UnsafeMutableRawPointer?, rootOf: @escaping (ValueID) -> ValueID
  ) {
    self.planner = planner
    self.plan = plan
    self.scratch = scratch
    self.address = address
    self.rootOf = rootOf
  }

  mutating func bind() throws(Diagnostic) {
    for (i, v) in planner.graph.inputs.enumerated() where planner.constants[v] == nil {
      plan.inputs.append(Plan.InputSlot(name: planner.graph[v]?.name ?? "", index: i, slot: newSlot(v)))
    }
    for v in planner.wanted.sorted() {
      let isComputed = planner.prepared.contains { $0.node.outputs.contains(v) }
      if !isComputed { plan.initialCaptures.append(try capture(v)) }
    }
    for (step, p) in planner.prepared.enumerated() { try bind(step, p) }
    plan.outputs = planner.graph.outputs.map { captures[$0] }
    for (slot, step) in lastSlotUse where step >= 0 && step < plan.steps.count {
      plan.steps[step].released.append(slot)
    }
  }

  private mutating func newSlot(_ v: ValueID) -> Int {
    let slot = plan.slotCount
    plan.slotCount += 1
    plan.patches.append([])
    plan.slotTypes.append(planner.types[v] ?? .unknown)
    slots[v] = slot
    return slot
  }

  private func place(_ v: ValueID) throws(Diagnostic) -> Plan.Place {
    if let c = planner.constants[v] { return .constant(c) }
    let r = rootOf(v)
    if let c = planner.constants[r] { return .constant(c) }
    if let p = address(r) { return .memory(address: p) }
    if let s = slots[r] { return .external(slot: s) }
    throw .error(
      "run.no-value", "value '\(planner.graph[v]?.name ?? "")' is not computed by anything", status: .software)
  }

  private mutating func capture(_ v: ValueID) throws(Diagnostic) -> Plan.Capture {
    let index = plan.captureNames.count
    plan.captureNames.append(planner.graph[v]?.name ?? "")
    captures[v] = index
    return Plan.Capture(index: index, place: try place(v), type: planner.types[v] ?? .unknown)
  }

  private mutating func bind(_ step: Int, _ p: Planner.Prepared) throws(Diagnostic) {
    var action = Plan.Step.Action.nothing
    if let kernel = p.kernel {
      if case .run(let body) = kernel.action {
        let base = plan.table.count
        for (i, v) in p.node.inputs.enumerated() {
          plan.table.append(try operandAddress(v, use: i < p.constantUse.count ? p.constantUse[i] : .aligned, step))
        }
        for i in 0..<max(p.resultCount, p.node.outputs.count) {
          let v = i < p.node.outputs.count ? p.node.outputs[i] : nil
          let discard = i == 0 ? p.discardOffset.map { scratch(step) + $0 } : nil
          plan.table.append(v.flatMap(address) ?? discard ?? plan.arena.base)
        }
        action = .kernel(body, table: base, inputCount: p.node.inputs.count, scratch: scratch(step))
      } else {
        // A view of a frame slot keeps it alive.
        for case let v? in p.node.inputs { if let s = slots[rootOf(v)] { lastSlotUse[s] = step } }
      }
    } else {
      var operands: [Plan.Step.Operand?] = []
      for v in p.node.inputs {
        guard let v else {
          operands.append(nil)
          continue
        }
        let where_ = try place(v)
        if case .external(let s) = where_ { lastSlotUse[s] = step }
        operands.append(Plan.Step.Operand(place: where_, type: planner.types[v] ?? .unknown))
      }
      let outputs = p.node.outputs.map { v -> Int? in v.map { newSlot($0) } }
      for case let s? in outputs { lastSlotUse[s] = step }
      action = .evaluate(inputs: operands, outputs: outputs, BodySessions())
    }
    var s = Plan.Step(action: action, node: p.node)
    for case let v? in p.node.outputs where planner.wanted.contains(v) { s.captures.append(try capture(v)) }
    plan.steps.append(s)
  }

  private mutating func operandAddress(
    _ v: ValueID?, use: PlanContext.ConstantUse, _ step: Int
  ) throws(Diagnostic) -> UnsafeMutableRawPointer {
    guard let v else { return plan.arena.base }
    switch try place(v) {
    case .constant(let t):
      if use == .consumed { return plan.arena.base }
      return try plan.residents.address(of: t, aligned: use == .aligned)
    case .memory(let p): return p
    case .external(let slot):
      lastSlotUse[slot] = step
      plan.patches[slot].append(Plan.Patch(tableIndex: plan.table.count, aligned: true))
      return plan.arena.base
    }
  }
}
