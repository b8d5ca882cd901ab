import Diagnostics
import ModelGraph
import TensorCore

/// Decides which values share memory, lays the arena out and binds addresses.
struct MemoryPlanner {
  private let planner: Planner
  private let prepared: [Planner.Prepared]
  /// Where a value's bytes are: another value's (a view), or its own buffer.
  private var root: [ValueID: ValueID] = [:]
  private var buffers: [ValueID: BufferInfo] = [:]
  private var lastUse: [ValueID: Int] = [:]

  private struct BufferInfo {
    var bytes: Int
    var first: Int
    var last: Int
    var lastWrite: Int
    /// The buffer this one lies in, and where.
    var parent: ValueID?
    var parentOffset = 0
  }

  init(_ planner: Planner) {
    self.planner = planner
    prepared = planner.prepared
  }

  mutating func plan() throws(Diagnostic) -> Plan {
    resolveViews()
    countUses()
    try assignBuffers()
    mergeJoins()
    return try bind()
  }

  private func rootOf(_ v: ValueID) -> ValueID { root[v] ?? v }

  private mutating func resolveViews() {
    for p in prepared {
      guard let kernel = p.kernel, case .alias(let i) = kernel.action, i < p.node.inputs.count,
        let source = p.node.inputs[i], let out = p.node.outputs.first.flatMap({ $0 }),
        planner.constants[source] == nil
      else { continue }
      root[out] = rootOf(source)
    }
  }

  private mutating func countUses() {
    for (step, p) in prepared.enumerated() {
      for (i, v) in p.node.inputs.enumerated() {
        guard let v else { continue }
        if i < p.constantUse.count, p.constantUse[i] == .consumed { continue }
        lastUse[rootOf(v)] = step
      }
      for case let v? in p.node.outputs { lastUse[rootOf(v)] = max(lastUse[rootOf(v)] ?? step, step) }
    }
  }

  /// Buffers of computed values; a result takes over the memory of an operand that dies there, where the kernel may.
  private mutating func assignBuffers() throws(Diagnostic) {
    for (step, p) in prepared.enumerated() {
      guard let kernel = p.kernel, case .run = kernel.action else { continue }
      for (i, v) in p.node.outputs.enumerated() {
        guard let v, let t = planner.types[v], let d = t.dtype, let s = t.sizes else { continue }
        let bytes = try Checked.bytes(d, s, layer: p.node.name)
        if i == 0, let host = inPlaceHost(p, kernel, step: step, bytes: bytes) {
          root[v] = host
          redirectViews(of: v, to: host)
          lastUse[host] = max(lastUse[host] ?? step, lastUse[v] ?? step)
          buffers[host]?.last = lastUse[host] ?? step
          buffers[host]?.lastWrite = step
        } else {
          buffers[v] = BufferInfo(bytes: bytes, first: step, last: lastUse[v] ?? step, lastWrite: step)
        }
      }
    }
  }

  private mutating func redirectViews(of v: ValueID, to host: ValueID) {
    for (view, r) in root where r == v { root[view] = host }
  }

  private func inPlaceHost(
    _ p: Planner.Prepared, _ kernel: PreparedKernel, step: Int, bytes: Int
  ) -> ValueID? {
    for i in kernel.inPlace where i < p.node.inputs.count {
      guard let v = p.node.inputs[i], planner.constants[v] == nil else { continue }
      let r = rootOf(v)
      guard let info = buffers[r], info.bytes == bytes, lastUse[r] == step else { continue }
      // Another operand in the same memory must be safe as well.
      let others = p.node.inputs.indices.filter { j in p.node.inputs[j].map { rootOf($0) == r } ?? false }
      if others.allSatisfy({ kernel.inPlace.contains($0) }) { return r }
    }
    return nil
  }

  /// Operands of a join are computed in place inside the joined result where it keeps them in one piece.
  private mutating func mergeJoins() {
    for (step, p) in prepared.enumerated() {
      guard let kernel = p.kernel, !kernel.placements.isEmpty, let out = p.node.outputs.first.flatMap({ $0 }) else {
        continue
      }
      let target = rootOf(out)
      guard let joined = buffers[target], joined.first == step else { continue }
      var seen: Set<ValueID> = []
      for (i, place) in kernel.placements.enumerated() where i < p.node.inputs.count {
        guard let place, let v = p.node.inputs[i], planner.constants[v] == nil else { continue }
        let r = rootOf(v)
        guard seen.insert(r).inserted, let info = buffers[r], info.parent == nil, info.bytes == place.bytes,
          info.lastWrite < step, joined.lastWrite == step || info.last <= step,
          p.node.inputs.filter({ $0.map { rootOf($0) == r } ?? false }).count == 1
        else { continue }
        buffers[r]?.parent = target
        buffers[r]?.parentOffset = place.offset
        let first = min(buffers[target]?.first ?? step, info.first)
        let last = max(buffers[target]?.last ?? step, info.last)
        buffers[target]?.first = first
        buffers[target]?.last = last
      }
    }
    // A join inside a join lives as long as the outer one's parts say.
    for (_, info) in buffers {
      var at = info
      var steps = 0
      while let parent = at.parent, let up = buffers[parent], steps < buffers.count {
        buffers[parent]?.first = min(up.first, info.first)
        buffers[parent]?.last = max(up.last, info.last)
        at = up
        steps += 1
      }
    }
  }

  // MARK: Binding

  private mutating func bind() throws(Diagnostic) -> Plan {
    var ids: [ValueID] = []
    var list: [ArenaLayout.Buffer] = []
    for (v, info) in buffers.sorted(by: { $0.key < $1.key }) where info.parent == nil {
      ids.append(v)
      list.append(ArenaLayout.Buffer(bytes: Checked.roundedUp(info.bytes), first: info.first, last: info.last))
    }
    var scratchAt: [Int: Int] = [:]
    for (step, p) in prepared.enumerated() {
      guard let k = p.kernel, case .run = k.action, k.scratchBytes > 0 else { continue }
      scratchAt[step] = list.count
      list.append(ArenaLayout.Buffer(bytes: Checked.roundedUp(k.scratchBytes), first: step, last: step))
    }
    let layout = try ArenaLayout(list, limit: planner.options.limits.memory)
    try planner.state?.reserve(layout.byteCount, prepared.first?.node.name ?? "")
    let arena = try AlignedBuffer(count: layout.byteCount)
    var address: [ValueID: UnsafeMutableRawPointer] = [:]
    for (i, v) in ids.enumerated() { address[v] = arena.base + layout.buffers[i].offset }
    let plan = Plan(arena: arena)
    let (roots, infos) = (root, buffers)
    var binder = Binder(
      planner: planner, plan: plan,
      scratch: { step in scratchAt[step].map { arena.base + layout.buffers[$0].offset } ?? arena.base },
      address: { v in
        var r = roots[v] ?? v
        var offset = 0
        while let info = infos[r], let parent = info.parent {
          offset += info.parentOffset
          r = parent
        }
        return address[r].map { $0 + offset }
      }, rootOf: { roots[$0] ?? $0 })
    try binder.bind()
    return plan
  }
}
