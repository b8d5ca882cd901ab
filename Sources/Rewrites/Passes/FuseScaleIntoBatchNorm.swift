import Diagnostics
import ModelGraph
import TensorCore

/// Makes BatchNormalization followed by a constant scale or shift over channels one BatchNormalization: Caffe's usual pair, and
/// products and sums with one number a channel.
package struct FuseScaleIntoBatchNorm: RewritePass {
  package static let name = "FuseScaleIntoBatchNorm"
  package static let summary =
    "make batch normalisation and the scale or shift of channels behind it one (Caffe's BatchNorm and Scale)"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      let graph = editor.graph
      guard let node = graph[id], node.op is ScaleShift || node.op is BinaryMap, node.hasOneResult,
        let x = ChannelAffine.data(of: node, in: graph), let norm = graph.privateProducer(of: x),
        let op = norm.op as? BatchNormalization, norm.hasOneResult, let shape = graph[x]?.type.shape, shape.count >= 2,
        let channels = shape[1].value,
        let a = try ChannelAffine(node, in: graph, axis: 1, channels: channels), a.isFinite,
        let old = try parameters(norm, graph, channels)
      else { continue }
      let scale = zip(old.scale, a.factor).map { $0 * $1 }
      let bias = (0..<channels).map { old.bias[$0] * a.factor[$0] + a.shift[$0] }
      let isDouble = graph[x]?.type.dtype == .float64
      func tensor(_ v: [Double]) throws(Diagnostic) -> Tensor {
        isDouble ? try Tensor(v) : try Tensor(v.map { Float($0) })
      }
      let s = editor.addConstant("\(norm.name)_scale", try tensor(scale))
      let b = editor.addConstant("\(norm.name)_bias", try tensor(bias))
      let statistics = norm.inputs.dropFirst(3)
      try editor.update(id, op: op, inputs: [norm.inputs[0], s, b] + statistics)
      var origin = norm.origin
      origin.passes.append(Self.name)
      editor.setOrigin(id, origin)
      try editor.erase(norm.id)
      editor.renameNode(id, to: norm.name)
      changes += 1
    }
    if changes > 0 { editor.eraseUnused() }
    return changes
  }

  /// Scale and bias of a BatchNormalization, one number a channel; 1 and 0 where they are left out.
  private func parameters(
    _ node: Node, _ graph: Graph, _ channels: Int
  ) throws(Diagnostic) -> (scale: [Double], bias: [Double])? {
    func vector(_ i: Int, _ missing: Double) throws(Diagnostic) -> [Double]? {
      guard node.has(i) else { return [Double](repeating: missing, count: channels) }
      guard let t = node.constant(i, graph), t.count == channels, t.dtype == .float32 || t.dtype == .float64 else {
        return nil
      }
      return try t.doubles()
    }
    guard let s = try vector(1, 1), let b = try vector(2, 0) else { return nil }
    return (s, b)
  }
}
