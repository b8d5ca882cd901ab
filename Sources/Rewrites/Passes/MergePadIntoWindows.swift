import Diagnostics
import ModelGraph
import TensorCore

/// A constant Pad of the plane becomes the padding of the convolution or pooling behind it, where both mean the same.
///
/// Convolution: zeros. Average pooling: zeros that count. Maximum pooling: −∞, or zeros where the input is certainly ≥ 0;
/// every window must keep an element of the input, as a padding of its own never wins.
package struct MergePadIntoWindows: RewritePass {
  package static let name = "MergePadIntoWindows"
  package static let summary = "make a Pad the padding of the convolution or pooling behind it, where that is the same"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    var nonNegative: Set<ValueID>?
    for id in editor.graph.order {
      guard let node = editor.graph[id], let padded = node.operand(0),
        let pad = editor.graph.privateProducer(of: padded), let amounts = Amounts(pad, editor.graph),
        let x = pad.operand(0)
      else { continue }
      if nonNegative == nil { nonNegative = NonNegativity.values(of: editor.graph) }
      let isNonNegative = nonNegative?.contains(x) ?? false
      guard let op = Self.merged(node, amounts, isNonNegative: isNonNegative, editor.graph) else { continue }
      var inputs = node.inputs
      inputs[0] = x
      try editor.replaceReshape(id, op, inputs, pass: Self.name)
      try editor.erase(pad.id)
      changes += 1
    }
    if changes > 0 { editor.eraseUnused() }
    return changes
  }

  /// What a Pad puts around the spatial axes.
  private struct Amounts {
    var begin: [Int]
    var end: [Int]
    var value: Double

    /// nil unless `n` is a Pad with known amounts ≥ 0 of spatial axes alone and a known value.
    init?(_ n: Node, _ graph: Graph) {
      guard let op = n.op as? Pad, op.mode == .constant, let rank = graph.shape(n.operand(0))?.count, rank >= 3,
        let list = graph.ints(n, 1), list.allSatisfy({ $0 >= 0 && $0 < 1 << 20 })
      else { return nil }
      var axes = Array(0..<rank)
      if n.has(3) {
        guard let given = graph.ints(n, 3) else { return nil }
        axes = given.map { $0 < 0 ? $0 + rank : $0 }
      }
      guard list.count == 2 * axes.count, Set(axes).count == axes.count else { return nil }
      begin = Array(repeating: 0, count: rank - 2)
      end = begin
      for (k, a) in axes.enumerated() {
        let (b, e) = (list[k], list[axes.count + k])
        if a < 2 || a >= rank {
          guard b == 0, e == 0 else { return nil }
          continue
        }
        begin[a - 2] = b
        end[a - 2] = e
      }
      if n.has(2) {
        guard let t = n.constant(2, graph), t.count == 1, t.dtype.isFloat, let v = try? t.doubles().first else {
          return nil
        }
        value = v
      } else {
        value = 0
      }
    }
  }

  private static func merged(
    _ node: Node, _ a: Amounts, isNonNegative: Bool, _ graph: Graph
  ) -> (any Operator)? {
    switch node.op {
    case var op as Convolution:
      guard a.value == 0, let g = padded(op.geometry, a) else { return nil }
      op.geometry = g
      return op
    case var op as MaxPool:
      // Indices would count the padding; a window of padding alone, or one that steps over the input, has no maximum.
      guard op.indices == .none, a.value == -.infinity || (a.value == 0 && isNonNegative), isPlain(op.geometry),
        let g = padded(op.geometry, a), keepsAnElement(g)
      else { return nil }
      op.geometry = g
      return op
    case var op as AveragePool:
      // A padding of its own must count like that of the Pad.
      guard a.value == 0, isPlain(op.geometry), op.divisor != .validOnly || !op.geometry.isAnyPadded,
        let g = padded(op.geometry, a), keepsAnElement(g)
      else { return nil }
      op.geometry = g
      op.divisor = .paddedExtent
      return op
    default: return nil
    }
  }

  /// Floor rounding: no rule about a last window asks whether an element is padding.
  private static func isPlain(_ g: WindowGeometry) -> Bool {
    !g.isGlobal && g.rounding == .floor && g.lastWindow != .dropInPaddingIfAnyPadded
  }

  private static func padded(_ g: WindowGeometry, _ a: Amounts) -> WindowGeometry? {
    guard !g.isGlobal, case .explicit = g.padding else { return nil }
    var out = g
    out.padding = .explicit(
      begin: a.begin.indices.map { g.explicitPads($0).begin + a.begin[$0] },
      end: a.end.indices.map { g.explicitPads($0).end + a.end[$0] })
    return out
  }

  /// Pads stay below the window, which runtimes demand of pooling; with a dilation a window could step over the input.
  private static func keepsAnElement(_ g: WindowGeometry) -> Bool {
    g.kernel.indices.allSatisfy { i in
      let (b, e) = g.explicitPads(i)
      return b >= 0 && e >= 0 && b < g.kernel[i] && e < g.kernel[i] && g.dilation(i) == 1
    }
  }
}
