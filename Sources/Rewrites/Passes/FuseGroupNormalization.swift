import Diagnostics
import ModelGraph
import TensorCore

/// Group normalisation as exporters write it, an instance normalisation of the groups between two Reshapes with a scale
/// and a bias a channel behind, becomes GroupNormalization where the operator set has it.
package struct FuseGroupNormalization: RewritePass {
  package static let name = "FuseGroupNormalization"
  package static let summary = "recognise GroupNormalization around an InstanceNormalization of groups"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    guard context.has(operatorSet: 21) else { return 0 }
    var changes = 0
    for id in editor.graph.order {
      guard let back = editor.graph[id], back.op is Reshape, let y = back.result,
        let inner = editor.graph.privateProducer(of: back.operand(0)), let op = inner.op as? InstanceNormalization,
        let split = editor.graph.privateProducer(of: inner.operand(0)), split.op is Reshape, let x = split.operand(0),
        let whole = editor.graph.shape(x), whole.count >= 3, let channels = whole[1].value,
        let grouped = editor.graph.shape(split.result), grouped.count >= 3, grouped[0] == whole[0],
        let groups = grouped[1].value, groups > 0, channels % groups == 0,
        editor.graph.haveSameShape(x, y) || editor.graph.extentSource(back.operand(1) ?? y) == x,
        editor.graph.type(x).dtype == .float32, editor.graph.shape(y)?.count == whole.count,
        let own = try perChannel(inner, channels / groups, editor.graph),
        let scaled = step(back, .multiply, channels, whole.count, editor.graph)
      else { continue }
      let sum = step(scaled.node, .add, channels, whole.count, editor.graph)
      let (s, b) = (try scaled.parameter.doubles(), try sum?.parameter.doubles())
      let factor = (0..<channels).map { Float(own.scale[$0] * s[$0]) }
      let shift = (0..<channels).map { Float(own.bias[$0] * s[$0] + (b?[$0] ?? 0)) }
      let last = sum?.node ?? scaled.node
      let scale = editor.addConstant("\(last.name)_scale", try Tensor(factor))
      let bias = editor.addConstant("\(last.name)_bias", try Tensor(shift))
      try editor.replaceReshape(
        last.id, GroupNormalization(groups: groups, epsilon: op.epsilon.value), [x, scale, bias], pass: Self.name)
      changes += 1
      editor.eraseUnused()
    }
    return changes
  }

  /// Constant scale and bias of the groups, repeated for their channels.
  private func perChannel(
    _ n: Node, _ size: Int, _ graph: Graph
  ) throws(Diagnostic) -> (scale: [Double], bias: [Double])? {
    guard let s = n.constant(1, graph), let b = n.constant(2, graph) else { return nil }
    func spread(_ v: [Double]) -> [Double] { v.flatMap { Array(repeating: $0, count: size) } }
    return (spread(try s.doubles()), spread(try b.doubles()))
  }

  /// The only user, where it combines with a constant of one number a channel.
  private func step(
    _ n: Node, _ f: BinaryFunction, _ channels: Int, _ rank: Int, _ graph: Graph
  ) -> (node: Node, parameter: Tensor)? {
    guard let y = n.result, let user = graph.onlyUser(of: y), (user.op as? BinaryMap)?.function == f else { return nil }
    for i in 0...1 where user.operand(i) == y {
      guard let t = user.constant(1 - i, graph), t.dtype == .float32, t.rank <= rank, t.count == channels else {
        continue
      }
      let shape = Array(repeating: 1, count: rank - t.rank) + t.shape
      if shape[1] == channels { return (user, t) }
    }
    return nil
  }
}
