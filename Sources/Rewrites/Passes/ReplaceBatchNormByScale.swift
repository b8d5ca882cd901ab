import Diagnostics
import ModelGraph
import TensorCore

/// A BatchNormalization with given statistics that no layer took in becomes one scale and bias a channel.
package struct ReplaceBatchNormByScale: RewritePass {
  package static let name = "ReplaceBatchNormByScale"
  package static let summary = "turn batch normalisation with constant statistics into one scale and bias a channel"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      guard let node = editor.graph[id], node.op is BatchNormalization, node.hasOneResult, let x = node.operand(0),
        let type = editor.graph.type(x).dtype, type == .float32 || type == .float64,
        let shape = editor.graph.shape(x), shape.count >= 2,
        let channels = shape[1].value ?? editor.graph.shape(node.operand(3))?.first?.value,
        let a = try ChannelAffine(node, in: editor.graph, axis: 1, channels: channels), a.isFinite
      else { continue }
      func vector(_ v: [Double]) throws(Diagnostic) -> Tensor {
        type == .float64 ? try Tensor(v) : try Tensor(v.map { Float($0) })
      }
      let scale = editor.addConstant("\(node.name)_scale", try vector(a.factor))
      let bias = editor.addConstant("\(node.name)_bias", try vector(a.shift))
      try editor.update(id, op: ScaleShift(axis: 1), inputs: [x, scale, bias], pass: Self.name)
      changes += 1
    }
    if changes > 0 { editor.eraseUnused() }
    return changes
  }
}
