import Containers
import Diagnostics

/// train_val → deploy: what is left of a training net when it is used.
///
/// Data layers become Input layers, losses become what they compute on the way (SoftmaxWithLoss a Softmax called
/// `prob`), Accuracy and other layers that want labels go, and so do rules, loss weights and learning rates.
package enum Deploy {
  /// Losses whose scores are made probabilities by another layer.
  private static let probabilities = [
    "SoftmaxWithLoss": "Softmax", "SigmoidCrossEntropyLoss": "Sigmoid", "InfogainLoss": "Softmax",
    "MultinomialLogisticLoss": nil,
  ]

  /// The net at TEST without what only training and scoring need.
  ///
  /// - Parameter shapes: of inputs by blob name, where the data layers do not tell them.
  package static func deployed(
    _ net: CaffeNet, state: NetState = NetState(), shapes: [String: [Int]] = [:], sink: DiagnosticSink
  ) throws(Diagnostic) -> CaffeNet {
    var labels: Set<String> = []
    var out: [CaffeLayer] = []
    for (_, original) in net.selected(state, sink: sink) {
      var layer = original
      for f in ["include", "exclude", "loss_weight", "propagate_down", "phase", "param"] {
        if f == "param", layer.parameterNames.contains(where: { !$0.isEmpty }) { continue }
        layer.message.clear(f)
      }
      if DataLayer.types.contains(layer.type), layer.bottoms.isEmpty {
        out += try inputs(layer, net, shapes, &labels, sink)
      } else if let kept = try scored(layer, labels, sink) {
        out.append(kept)
      }
    }
    var result = net
    result.layers = out
    result.broken = []
    return result
  }

  /// The image top as an Input layer; other tops are labels.
  private static func inputs(
    _ layer: CaffeLayer, _ net: CaffeNet, _ shapes: [String: [Int]], _ labels: inout Set<String>, _ sink: DiagnosticSink
  ) throws(Diagnostic) -> [CaffeLayer] {
    guard let image = layer.tops.first else { return [] }
    labels.formUnion(layer.tops.dropFirst())
    let shape = shapes[image] ?? DataLayerFacts(layer).imageShape
    if shape == nil {
      sink.warning(
        "caffe.deploy.shape", layer.text("does not tell the shape of '\(image)'"), at: layer.location,
        help: "give it: --shape \(image)=1,3,224,224")
    }
    return [try NetSurgery.input(image, shape.map { [1] + $0.dropFirst() }, net)]
  }

  /// The layer as it stays; nil where it goes.
  private static func scored(
    _ layer: CaffeLayer, _ labels: Set<String>, _ sink: DiagnosticSink
  ) throws(Diagnostic) -> CaffeLayer? {
    let wantsLabel = layer.bottoms.contains { labels.contains($0) }
    let isLoss = CaffeLayerTable.automaticTops(layer.type) > 0
    guard isLoss || wantsLabel || layer.type == "Silence" else { return layer }
    guard isLoss, let type = probabilities[layer.type] ?? nil, let scores = layer.bottoms.first else {
      sink.note("caffe.deploy.dropped", layer.text("is for training and scoring; left out"), at: layer.location)
      return nil
    }
    var kept = layer
    for f in ["loss_param", "infogain_loss_param", "accuracy_param"] { kept.message.clear(f) }
    try kept.set(type: type)
    try kept.set(name: "prob")
    try kept.set(bottoms: [scores])
    try kept.set(tops: ["prob"])
    return kept
  }
}
