import Diagnostics
import ModelGraph
import TensorCore

/// Removes operators that return their operand: Identity, Cast to the same type, Reshape to the same shape, …
package struct RemoveIdentity: RewritePass {
  package static let name = "RemoveIdentity"
  package static let summary = "remove operators that return their operand (Identity, same-type Cast, dropout at test)"
  package static let establishes: Set<GraphProperty> = [.noIdentities]
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      guard let node = editor.graph[id], returnsOperand(node, editor.graph), let operand = node.inputs.first ?? nil,
        let result = node.outputs.first ?? nil
      else { continue }
      if try editor.bypass(id, result: result, operand: operand, pass: Self.name) { changes += 1 }
    }
    return changes
  }

  private func returnsOperand(_ node: Node, _ graph: Graph) -> Bool {
    guard node.outputs.compactMap({ $0 }).count == 1, let x = node.inputs.first ?? nil, let y = node.outputs[0],
      let from = graph[x]?.type, let to = graph[y]?.type
    else { return false }
    switch node.op {
    case is Identity: return true
    case let c as Cast: return from.dtype == c.to
    case is Concat: return node.inputs.count == 1
    case let v as VariadicMap:
      switch v.function {
      case .sum, .product, .maximum, .minimum, .mean: return node.inputs.count == 1
      case .weightedSum(let c): return node.inputs.count == 1 && c == [FloatBits(1)]
      }
    case let b as BinaryMap: return hasNeutralOperand(b.function, node, graph)
    case is Clip: return !node.has(1) && !node.has(2)
    case let p as Pad:
      guard let amounts = graph.ints(node, 1) else { return false }
      return amounts.allSatisfy { $0 == 0 } && (p.mode == .constant || from.shape != nil)
    case is Tile: return graph.ints(node, 1)?.allSatisfy { $0 == 1 } ?? false
    case is Slice:
      // A whole axis forwards: it starts at its first element and keeps its extent.
      guard graph.haveSameShape(x, y), let starts = graph.ints(node, 1), starts.allSatisfy({ $0 == 0 }) else {
        return false
      }
      return !node.has(4) || graph.ints(node, 4)?.allSatisfy { $0 == 1 } ?? false
    case is ScaleShift: return node.inputs.dropFirst().allSatisfy { $0 == nil }
    case let t as Transpose: return !t.order.isEmpty && t.order == Array(t.order.indices)
    case is Reshape, is ReshapeAxes, is Flatten, is FlattenToMatrix, is Squeeze, is Unsqueeze, is Expand:
      // Anonymous symbols stand for unknown extents: equal names do not make equal shapes.
      guard let s = from.shape, let r = to.shape, s == r else { return false }
      return s.filter { $0.value == nil }.count <= 1 && !s.contains { $0.isAnonymous }
    default: return false
    }
  }

  /// x + 0, x − 0, x · 1, x / 1, x¹, where the constant does not enlarge the result.
  private func hasNeutralOperand(_ f: BinaryFunction, _ node: Node, _ graph: Graph) -> Bool {
    let neutral: Double
    switch f {
    case .add, .subtract: neutral = 0
    case .multiply, .divide, .power: neutral = 1
    default: return false
    }
    guard let x = node.operand(0), let y = node.result, let t = node.constant(1, graph), t.dtype != .string,
      !t.dtype.isComplex, t.count <= 1 << 16, let v = try? t.doubles(), !v.isEmpty, v.allSatisfy({ $0 == neutral })
    else { return false }
    if t.count == 1, let rank = graph.shape(x)?.count, t.rank <= rank { return true }
    return graph.haveSameShape(x, y)
  }
}

extension GraphEditor {
  /// Makes users of `result` use `operand` and erases the node, unless that would rename a graph output or merge two.
  ///
  /// Where `result` is a graph output, `operand` takes its name; that is refused for inputs, constants and other outputs.
  package mutating func bypass(
    _ node: NodeID, result: ValueID, operand: ValueID, pass: String
  ) throws(Diagnostic) -> Bool {
    guard let name = graph[result]?.name else { return false }
    let isOutput = graph.isOutput(result)
    if isOutput, graph[operand]?.producer == nil || graph.isOutput(operand) { return false }
    replaceUses(of: result, with: operand)
    try erase(node)
    if isOutput { rename(operand, to: name) }
    if let p = graph[operand]?.producer, var origin = graph[p]?.origin {
      origin.passes.append(pass)
      setOrigin(p, origin)
    }
    return true
  }
}
