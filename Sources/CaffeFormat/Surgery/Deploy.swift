import Containers
import Diagnostics

/// train_val → deploy: what is left of a training net when it is used.
///
/// Data layers become Input layers, losses become what they compute on the way (SoftmaxWithLoss a Softmax called
/// `prob`), Accuracy and other layers that want labels go, and so do rules, loss weights and learning rates. Auxiliary
/// losses go with everything that only they need.
package enum Deploy {
  /// The net at TEST without what only training and scoring need.
  ///
  /// - Parameters:
  ///   - isWholeModelFile: the net is that of a caffemodel, whose layers were selected when it was saved.
  ///   - shapes: of inputs by blob name, where the data layers do not tell them.
  package static func deployed(
    _ net: CaffeNet, state: NetState = NetState(), isWholeModelFile: Bool = false, shapes: [String: [Int]] = [:],
    sink: DiagnosticSink
  ) throws(Diagnostic) -> CaffeNet {
    var layers = isWholeModelFile ? net.layers : net.selected(state, sink: sink).map(\.layer)
    for i in layers.indices {
      for f in ["include", "exclude", "loss_weight", "propagate_down", "phase", "param"] {
        if f == "param", layers[i].parameterNames.contains(where: { !$0.isEmpty }) { continue }
        if f != "loss_weight" { layers[i].message.clear(f) }
      }
    }
    let plan = DeployPlan(layers)
    for finding in plan.notes { sink.note("caffe.deploy.dropped", finding.text, at: finding.location) }
    var out: [CaffeLayer] = []
    for (layer, fate) in zip(layers, plan.fates) {
      var kept = layer
      kept.message.clear("loss_weight")
      switch fate {
      case .kept: out.append(kept)
      case .input: out.append(try input(layer, net, shapes, sink))
      case .dropped: break
      case .probability(let type, let name):
        for f in ["loss_param", "infogain_loss_param", "accuracy_param"] { kept.message.clear(f) }
        try kept.set(type: type)
        try kept.set(name: name)
        try kept.set(bottoms: Array(layer.bottoms.prefix(1)))
        try kept.set(tops: [name])
        out.append(kept)
      }
    }
    var result = net
    result.layers = out
    result.broken = []
    return result
  }

  /// The image top of a data layer as an Input layer.
  private static func input(
    _ layer: CaffeLayer, _ net: CaffeNet, _ shapes: [String: [Int]], _ sink: DiagnosticSink
  ) throws(Diagnostic) -> CaffeLayer {
    let image = layer.tops[0]
    let shape = shapes[image] ?? DataLayerFacts(layer).imageShape
    if shape == nil {
      sink.warning(
        "caffe.deploy.shape", layer.text("does not tell the shape of '\(image)'"), at: layer.location,
        help: "give it: --shape \(image)=1,3,224,224")
    }
    return try NetSurgery.input(image, shape.map { [1] + $0.dropFirst() }, net)
  }
}
