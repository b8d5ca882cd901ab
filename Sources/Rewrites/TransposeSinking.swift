import Diagnostics
import ModelGraph
import TensorCore

/// Moves Transposes from the operands of one operator behind it.
enum TransposeSinking {
  /// The full order of a Transpose node; nil for other nodes and unknown ranks.
  static func order(of node: Node, _ graph: Graph) -> [Int]? {
    guard let t = node.op as? Transpose else { return nil }
    if !t.order.isEmpty { return t.order }
    guard let rank = graph.shape(node.operand(0))?.count else { return nil }
    return Array((0..<rank).reversed())
  }

  /// An operator with the axes that its operands had before they were transposed.
  struct Moved {
    var op: any Operator
    var inputs: [ValueID?]
    /// The order in which its result still has to be transposed; empty for none.
    var order: [Int]
  }

  /// The operator first, then one Transpose, where all of its operands are Transposes of one order or constants.
  ///
  /// - Parameter splits: also where a Transpose has other users, which keep it.
  static func sink(_ id: NodeID, _ editor: inout GraphEditor, splits: Bool, pass: String) throws(Diagnostic) -> Bool {
    let graph = editor.graph
    guard let node = graph[id], node.outputs.count == 1, let y = node.result, let name = graph[y]?.name,
      let first = node.inputs.compactMap({ $0.flatMap { graph.producer(of: $0) } }).first(where: { $0.op is Transpose }
      ),
      let p = order(of: first, graph), Set(p) == Set(p.indices)
    else { return false }
    // Which operands are transposed, and what they were before.
    var sources: [Int: ValueID] = [:]
    var transposes: [Node] = []
    for (i, v) in node.inputs.enumerated() {
      guard let v, let t = editor.graph.producer(of: v), order(of: t, editor.graph) == p, let x = t.operand(0) else {
        continue
      }
      guard !editor.graph.isOutput(v), editor.graph.shape(x)?.count == p.count,
        splits || editor.graph.consumers(of: v).allSatisfy({ $0.id == id })
      else { return false }
      sources[i] = x
      transposes.append(t)
    }
    guard let moved = try TransposedForm(node: node, sources: sources, p: p, pass: pass).make(&editor) else {
      return false
    }
    if moved.order.isEmpty || moved.order == Array(moved.order.indices) {
      try editor.update(id, op: moved.op, inputs: moved.inputs, pass: pass)
    } else {
      var origin = node.origin
      origin.passes.append(pass)
      let made = try editor.insert(
        moved.op, moved.inputs, name: "\(node.name)_transposed", origin: origin, before: id)
      guard let result = made.first ?? nil else { return false }
      try editor.update(id, op: Transpose(moved.order), inputs: [result], pass: pass)
      editor.renameNode(id, to: "\(name)_transpose")
    }
    for t in transposes where editor.graph[t.id] != nil {
      if let v = t.outputs[0], editor.graph[v]?.consumers.isEmpty == true { try editor.erase(t.id) }
    }
    return true
  }
}

/// Works out an operator for operands that are not transposed yet.
private struct TransposedForm {
  let node: Node
  /// The untransposed operand by place.
  let sources: [Int: ValueID]
  /// Axis `i` of a transposed operand is axis `p[i]` of its source.
  let p: [Int]
  let pass: String

  func make(_ e: inout GraphEditor) throws(Diagnostic) -> TransposeSinking.Moved? {
    switch node.op {
    case is UnaryMap, is Cast, is Identity: return all(node.op)
    case is BinaryMap, is VariadicMap, is Select: return try broadcasting(&e)
    case is Clip:
      guard sources[0] != nil, sources.count == 1 else { return nil }
      return data(node.op)
    case let c as Concat:
      guard let a = axis(c.axis), sources.count == node.inputs.count else { return nil }
      return all(Concat(axis: p[a]))
    case var s as Softmax:
      guard !s.coerced, let a = axis(s.axis), sources.count == 1 else { return nil }
      s.axis = p[a]
      return data(s)
    case is Reduction, is Squeeze: return try reducing(&e)
    case let pad as Pad: return try padding(pad, &e)
    case is Slice: return try slicing(&e)
    case let r as Resize: return try resizing(r, &e)
    default: return nil
    }
  }

  private func axis(_ a: Int) -> Int? {
    let i = a < 0 ? a + p.count : a
    return i >= 0 && i < p.count ? i : nil
  }

  /// Every operand is transposed.
  private func all(_ op: any Operator) -> TransposeSinking.Moved? {
    guard sources.count == node.inputs.count else { return nil }
    return .init(op: op, inputs: node.inputs.indices.map { sources[$0] }, order: p)
  }

  /// The first operand is transposed, the others stay.
  private func data(_ op: any Operator, _ others: [Int: ValueID] = [:]) -> TransposeSinking.Moved? {
    guard let x = sources[0] else { return nil }
    var inputs = node.inputs
    inputs[0] = x
    for (i, v) in others { inputs[i] = v }
    return .init(op: op, inputs: inputs, order: p)
  }

  /// Constants among the operands get the other order as views.
  private func broadcasting(_ e: inout GraphEditor) throws(Diagnostic) -> TransposeSinking.Moved? {
    var constants: [Int: Tensor] = [:]
    for (i, v) in node.inputs.enumerated() where sources[i] == nil {
      guard v != nil, let t = node.constant(i, e.graph), t.rank <= p.count, !t.dtype.isSubByte, t.dtype != .string
      else {
        return nil
      }
      constants[i] = t
    }
    var inverse = p
    for (i, axis) in p.enumerated() { inverse[axis] = i }
    var inputs: [ValueID?] = node.inputs.indices.map { sources[$0] }
    for (i, t) in constants.sorted(by: { $0.key < $1.key }) {
      guard t.count != 1 else {
        inputs[i] = node.inputs[i]
        continue
      }
      let full = try t.reshaped(Array(repeating: 1, count: p.count - t.rank) + t.shape)
      let name = node.inputs[i].flatMap { e.graph[$0]?.name } ?? node.name
      inputs[i] = e.addConstant("\(name)_transposed", try full.permuted(inverse))
    }
    return .init(op: node.op, inputs: inputs, order: p)
  }

  private func constant(_ list: [Int], _ suffix: String, _ e: inout GraphEditor) throws(Diagnostic) -> ValueID {
    e.addConstant("\(node.name)_\(suffix)", try Tensor(list.map { Int64($0) }))
  }

  /// Reductions and Squeeze: axes are mapped; where they vanish the order of the rest counts.
  private func reducing(_ e: inout GraphEditor) throws(Diagnostic) -> TransposeSinking.Moved? {
    guard let list = e.graph.ints(node, 1), !list.isEmpty, sources.count == 1 else { return nil }
    let axes = list.compactMap(axis)
    guard axes.count == list.count, Set(axes).count == axes.count else { return nil }
    guard var moved = data(node.op, [1: try constant(axes.map { p[$0] }, "axes", &e)]) else { return nil }
    if let r = node.op as? Reduction, r.keepsDimensions { return moved }
    let rest = p.indices.filter { !axes.contains($0) }.map { p[$0] }
    let ranks = rest.sorted()
    moved.order = rest.compactMap { ranks.firstIndex(of: $0) }
    return moved
  }

  private func padding(_ pad: Pad, _ e: inout GraphEditor) throws(Diagnostic) -> TransposeSinking.Moved? {
    guard !node.has(3), let list = e.graph.ints(node, 1), list.count == 2 * p.count, sources.count == 1 else {
      return nil
    }
    var moved = list
    for (i, a) in p.enumerated() {
      moved[a] = list[i]
      moved[p.count + a] = list[p.count + i]
    }
    return data(pad, [1: try constant(moved, "pads", &e)])
  }

  private func slicing(_ e: inout GraphEditor) throws(Diagnostic) -> TransposeSinking.Moved? {
    guard sources.count == 1, node.has(3) || e.graph.shape(node.operand(1))?.first?.value != nil else { return nil }
    let list =
      node.has(3)
      ? e.graph.ints(node, 3) : (e.graph.shape(node.operand(1))?.first?.value).map { Array(0..<min($0, p.count)) }
    guard let list else { return nil }
    let axes = list.compactMap(axis)
    guard axes.count == list.count else { return nil }
    guard var moved = data(Slice()) else { return nil }
    while moved.inputs.count < 4 { moved.inputs.append(nil) }
    moved.inputs[3] = try constant(axes.map { p[$0] }, "axes", &e)
    return moved
  }

  private func resizing(_ r: Resize, _ e: inout GraphEditor) throws(Diagnostic) -> TransposeSinking.Moved? {
    guard r.axes.isEmpty, r.coordinates != .tfCropAndResize, sources.count == 1,
      !node.has(1) || node.constant(1, e.graph)?.count == 0
    else { return nil }
    var others: [Int: ValueID] = [:]
    for i in 2...3 where node.has(i) {
      guard let t = node.constant(i, e.graph), t.rank == 1, t.count == p.count || t.count == 0 else { return nil }
      if t.count == 0 { continue }
      var inverse = p
      for (k, a) in p.enumerated() { inverse[a] = k }
      // Element `a` of the source's list is element k of the transposed one's, where p[k] = a.
      if t.dtype == .float32 {
        let v = try t.values(Float.self)
        others[i] = e.addConstant("\(node.name)_scales", try Tensor(inverse.map { v[$0] }))
      } else if t.dtype == .int64 {
        let v = try t.values(Int64.self)
        others[i] = e.addConstant("\(node.name)_sizes", try Tensor(inverse.map { v[$0] }))
      } else {
        return nil
      }
    }
    return data(r, others)
  }
}
