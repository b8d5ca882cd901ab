import Diagnostics
import ModelGraph

/// Removes functions that undo or repeat the one before: −(−x), not not x, relu(relu(x)), |−x|.
package struct CancelInverses: RewritePass {
  package static let name = "CancelInverses"
  package static let summary = "cancel double negation and functions that repeat or absorb the one before"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      chain: while let outer = editor.graph[id], let f = (outer.op as? UnaryMap)?.function,
        let middle = outer.operand(0),
        let y = outer.result, let inner = editor.graph.producer(of: middle), let g = (inner.op as? UnaryMap)?.function,
        let x = inner.operand(0), let effect = Self.effect(f, after: g)
      {
        switch effect {
        case .nothing:
          guard try editor.bypass(id, result: y, operand: x, pass: Self.name) else { break chain }
        case .innerAlone:
          guard try editor.bypass(id, result: y, operand: middle, pass: Self.name) else { break chain }
        case .outerAlone:
          guard editor.graph.isPrivate(middle) else { break chain }
          try editor.update(id, op: UnaryMap(f), inputs: [x], pass: Self.name)
        }
        if let v = editor.graph[middle], v.consumers.isEmpty, !editor.graph.isOutput(middle) {
          try editor.erase(inner.id)
        }
        changes += 1
      }
    }
    return changes
  }

  private enum Effect { case nothing, innerAlone, outerAlone }

  /// What f(g(x)) is, exactly, for every x.
  private static func effect(_ f: UnaryFunction, after g: UnaryFunction) -> Effect? {
    switch (f, g) {
    case (.negate, .negate), (.not, .not), (.bitwiseNot, .bitwiseNot): return .nothing
    case (.relu, .relu), (.absolute, .absolute), (.sign, .sign), (.floor, .floor), (.ceil, .ceil),
      (.roundHalfEven, .roundHalfEven):
      return .innerAlone
    case (.floor, .ceil), (.floor, .roundHalfEven), (.ceil, .floor), (.ceil, .roundHalfEven), (.roundHalfEven, .floor),
      (.roundHalfEven, .ceil):
      return .innerAlone
    case (.absolute, .negate): return .outerAlone
    case (.relu, .sigmoid), (.relu, .absolute), (.absolute, .relu), (.absolute, .sigmoid): return .innerAlone
    case (.clamp(let a, let b), .clamp(let c, let d)) where a == c && b == d: return .innerAlone
    case (.clamp(let low, let high), .relu) where low.value >= 0 && high.value >= low.value: return .outerAlone
    case (.relu, .clamp(let low, let high)) where low.value >= 0 && high.value >= low.value: return .innerAlone
    default: return nil
    }
  }
}
