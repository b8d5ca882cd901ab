import Diagnostics
import ModelGraph
import TensorCore

/// Pooling with ceil rounding or dropped windows becomes floor rounding with computed end pads, where sizes are known.
///
/// A maximum ignores padding, so the pads alone do it. An average counts its own padding but not the overhang: the
/// padding becomes explicit zeros (Pad) and the overhang end pads that do not count.
package struct ReplaceCeilPoolingByEndPads: RewritePass {
  package static let name = "ReplaceCeilPoolingByEndPads"
  package static let summary = "turn ceil rounding of pooling into floor rounding with end pads (sizes must be known)"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order where try rewrite(id, &editor) { changes += 1 }
    return changes
  }

  private func rewrite(_ id: NodeID, _ editor: inout GraphEditor) throws(Diagnostic) -> Bool {
    guard let node = editor.graph[id], let g = node.op.poolingGeometry, g.rounding == .ceil || g.lastWindow != .keep,
      !g.isGlobal, let x = node.inputs.first ?? nil, let type = editor.graph[x]?.type, let shape = type.shape,
      let extents = g.extents(spatial: shape.dropFirst(2).compactMap(\.value)), extents.count == shape.count - 2,
      !extents.contains(where: \.hasEmptyWindow)
    else { return false }
    let ends = extents.compactMap(\.endPadForFloor)
    guard ends.count == extents.count else { return false }
    var floored = g
    floored.rounding = .floor
    floored.lastWindow = .keep
    floored.padding = .explicit(begin: extents.map(\.begin), end: ends)
    switch node.op {
    case var op as MaxPool:
      op.geometry = floored
      try editor.update(id, op: op, inputs: node.inputs, pass: Self.name)
    case let op as AveragePool:
      try average(op, floored, node, x, extents, type.dtype, &editor)
    default: return false
    }
    return true
  }

  private func average(
    _ old: AveragePool, _ floored: WindowGeometry, _ node: Node, _ x: ValueID, _ extents: [PoolingExtent],
    _ dtype: DType?, _ editor: inout GraphEditor
  ) throws(Diagnostic) {
    var op = old
    op.geometry = floored
    guard op.divisor == .paddedExtent else {
      // `.window` and `.validOnly` do not depend on what lies outside.
      return try editor.update(node.id, op: op, inputs: node.inputs, pass: Self.name)
    }
    op.divisor = .validOnly
    guard extents.contains(where: { $0.begin != 0 || $0.end != 0 }) else {
      return try editor.update(node.id, op: op, inputs: node.inputs, pass: Self.name)
    }
    let begins = extents.map(\.begin)
    let ends = extents.map(\.end)
    let padded = try editor.insertZeroPad(
      x, begin: begins, end: ends, name: "\(node.name)_pad", origin: node.origin, pass: Self.name, before: node.id)
    let overhang = zip(extents, ends).map { e, end in
      max(0, (e.size - 1) * e.stride + e.window - e.input - e.begin - end)
    }
    op.geometry.padding = .explicit(begin: begins.map { _ in 0 }, end: overhang)
    try editor.update(node.id, op: op, inputs: [padded] + node.inputs.dropFirst(), pass: Self.name)
  }
}

extension GraphEditor {
  /// Inserts a Pad with zeros around the spatial axes of a [N, C, …] value.
  mutating func insertZeroPad(
    _ x: ValueID, begin: [Int], end: [Int], name: String, origin: Origin, pass: String, before: NodeID
  ) throws(Diagnostic) -> ValueID {
    let pads = [0, 0] + begin.map { Int64($0) } + [0, 0] + end.map { Int64($0) }
    let amounts = addConstant("\(name)_amounts", try Tensor(pads))
    var origin = origin
    origin.passes.append(pass)
    let made = try insert(Pad(mode: .constant), [x, amounts], name: name, origin: origin, before: before)
    guard let padded = made.first ?? nil else {
      throw .error("graph.inference", "Pad has no result", at: origin.location, status: .software)
    }
    return padded
  }
}
