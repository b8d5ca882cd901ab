import Diagnostics
import ModelGraph
import TensorCore

/// Explicit zero padding before a floor pooling in place of ceil rounding, for runtimes without `ceil_mode`: only where
/// the input is certainly ≥ 0, because a zero must never win a maximum that it has no part in.
///
/// An average divides by a count that the extra zeros would enter, so averages are left alone.
package struct InsertEndPaddingBeforePooling: RewritePass {
  package static let name = "InsertEndPaddingBeforePooling"
  package static let summary = "zero padding before a floor max pooling instead of ceil rounding, where inputs are ≥ 0"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    let nonNegative = NonNegativity.values(of: editor.graph)
    for id in editor.graph.order {
      guard let node = editor.graph[id], var op = node.op as? MaxPool, op.indices == .none, !op.geometry.isGlobal,
        let x = node.inputs.first ?? nil, let shape = editor.graph[x]?.type.shape,
        let extents = op.geometry.extents(spatial: shape.dropFirst(2).compactMap(\.value)),
        extents.count == shape.count - 2, !extents.contains(where: \.hasEmptyWindow),
        op.geometry.rounding == .ceil || extents.contains(where: { $0.end > $0.begin })
      else { continue }
      let ends = extents.compactMap(\.endPadForFloor)
      guard ends.count == extents.count else { continue }
      let extra = zip(ends, extents).map { max(0, $0 - $1.begin) }
      guard nonNegative.contains(x) else {
        context.sink.note(
          "rewrite.padding-unsafe",
          "pooling '\(node.name)' may see negative values: zero padding would change its result",
          at: node.origin.location)
        continue
      }
      op.geometry.rounding = .floor
      op.geometry.lastWindow = .keep
      // What is left on both sides is symmetric, as the runtimes in question want it.
      let sides = zip(ends, extents).map { min($0, $1.begin) }
      op.geometry.padding = .explicit(begin: extents.map(\.begin), end: sides)
      var source = x
      if extra.contains(where: { $0 > 0 }) {
        source = try editor.insertZeroPad(
          x, begin: extra.map { _ in 0 }, end: extra, name: "\(node.name)_end_padding", origin: node.origin,
          pass: Self.name, before: id)
      }
      try editor.update(id, op: op, inputs: [source], pass: Self.name)
      changes += 1
    }
    return changes
  }
}
