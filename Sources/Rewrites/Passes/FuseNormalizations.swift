import Diagnostics
import ModelGraph
import TensorCore

/// Recognises layer, root-mean-square and instance normalisation that exporters wrote as means, squares and quotients, with
/// the scale and the bias behind them.
package struct FuseNormalizations: RewritePass {
  package static let name = "FuseNormalizations"
  package static let summary = "recognise LayerNormalization, RMSNormalization and InstanceNormalization in arithmetic"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    guard context.has(operatorSet: 9) else { return 0 }
    var changes = 0
    for id in editor.graph.order {
      guard let node = editor.graph[id], let found = NormalizationMatch(node, in: editor.graph) else { continue }
      if found.isTrailing, context.has(operatorSet: found.isCentred ? 17 : 23) {
        try layer(found, &editor)
      } else if found.isCentred, found.rank >= 3, found.axes == Array(2..<found.rank),
        let c = editor.graph.shape(found.input)?[1].value
      {
        try instance(found, channels: c, &editor)
      } else {
        continue
      }
      changes += 1
      editor.eraseUnused()
    }
    return changes
  }

  private func layer(_ m: NormalizationMatch, _ editor: inout GraphEditor) throws(Diagnostic) {
    guard let normal = editor.graph.shape(m.input)?[m.axes[0]...] else { return }
    // A parameter has exactly the normalised axes.
    func fits(_ v: ValueID, _ graph: Graph) -> Bool {
      graph.shape(v).map { $0 == Array(normal) && $0.allSatisfy { $0.value != nil } } ?? false
    }
    let (last, scale, bias) = Self.parameters(m.node, editor.graph, takesBias: m.isCentred, fits)
    let op = LayerNormalization(
      m.isCentred ? .layer : .rootMeanSquare, axis: m.axes[0] - m.rank, epsilon: m.epsilon)
    var inputs: [ValueID?] = [m.input]
    if scale != nil || bias != nil { inputs.append(scale) }
    if bias != nil { inputs.append(bias) }
    try editor.replaceReshape(last.id, op, inputs, pass: Self.name)
  }

  private func instance(_ m: NormalizationMatch, channels: Int, _ editor: inout GraphEditor) throws(Diagnostic) {
    let rank = m.rank
    func fits(_ v: ValueID, _ graph: Graph) -> Bool {
      guard let t = graph[v]?.constant, t.dtype == .float32, t.rank <= rank else { return false }
      let shape = Array(repeating: 1, count: rank - t.rank) + t.shape
      return shape.enumerated().allSatisfy { $0.element == ($0.offset == 1 ? channels : 1) }
    }
    let (last, scale, bias) = Self.parameters(m.node, editor.graph, takesBias: true, fits)
    func vector(_ v: ValueID?, _ other: Float, _ suffix: String) throws(Diagnostic) -> ValueID {
      if let v, let t = editor.graph[v]?.constant {
        return editor.addConstant("\(editor.graph[v]?.name ?? suffix)_vector", try t.reshaped([channels]))
      }
      return editor.addConstant("\(last.name)_\(suffix)", try Tensor(Array(repeating: other, count: channels)))
    }
    let (s, b) = (try vector(scale, 1, "scale"), try vector(bias, 0, "bias"))
    try editor.replaceReshape(
      last.id, InstanceNormalization(epsilon: m.epsilon), [m.input, s, b], pass: Self.name)
  }

  /// The product with a scale and the sum with a bias that follow, and the last node of them.
  private static func parameters(
    _ quotient: Node, _ graph: Graph, takesBias: Bool, _ fits: (ValueID, Graph) -> Bool
  ) -> (last: Node, scale: ValueID?, bias: ValueID?) {
    func step(_ n: Node, _ f: BinaryFunction) -> (Node, ValueID)? {
      guard let y = n.result, let user = graph.onlyUser(of: y), (user.op as? BinaryMap)?.function == f else {
        return nil
      }
      for i in 0...1 where user.operand(i) == y {
        if let p = user.operand(1 - i), fits(p, graph) { return (user, p) }
      }
      return nil
    }
    var last = quotient
    var scale: ValueID?
    var bias: ValueID?
    if let (n, p) = step(last, .multiply) { (last, scale) = (n, p) }
    // A bias without a scale would need ones in its place.
    if takesBias, scale != nil, let (n, p) = step(last, .add) { (last, bias) = (n, p) }
    return (last, scale, bias)
  }
}
