import Diagnostics
import ModelGraph
import TensorCore

/// TreeEnsembleRegressor and TreeEnsembleClassifier of every version.
enum MlForestFamily {
  static let importers: [String: OnnxImporter] = [
    "ai.onnx.ml|TreeEnsembleRegressor": { (s, c) throws(Diagnostic) in
      let aggregate: TreeEnsemble.Aggregate = try c.choice(
        "aggregate_function", ["SUM": .sum, "AVERAGE": .average, "MIN": .minimum, "MAX": .maximum])
      let table = try weights(s, c, "target")
      // A target past the largest Int is refused with the others that are out of range.
      let targets = try c.optionalInt("n_targets") ?? min(table.targets.max() ?? 0, 1 << 30) + 1
      try apply(s, c, .regression(targets: targets), table, aggregate)
    },
    "ai.onnx.ml|TreeEnsembleClassifier": { (s, c) throws(Diagnostic) in
      let labels = ForeignTensor(try c.classLabels("classlabels_int64s"))
      try apply(s, c, .classification(labels: labels), try weights(s, c, "class"), .sum)
    },
  ]

  private static func apply(
    _ s: OnnxScope, _ c: OnnxCall, _ head: DecisionForest.Head, _ weights: DecisionForest.Weights,
    _ aggregate: TreeEnsemble.Aggregate
  ) throws(Diagnostic) {
    var modes: [DecisionForest.Mode] = []
    for text in try c.strings("nodes_modes") {
      guard let m = DecisionForest.Mode(rawValue: text) else {
        throw c.error("onnx.attribute-value", "a node's mode is '\(text)'")
      }
      modes.append(m)
    }
    let rates = try numbers(s, c, "nodes_hitrates")
    let base = try numbers(s, c, "base_values")
    let nodes = DecisionForest.Nodes(
      trees: try c.ints("nodes_treeids"), numbers: try c.ints("nodes_nodeids"),
      features: try c.ints("nodes_featureids"), modes: modes, values: try numbers(s, c, "nodes_values"),
      trueNumbers: try c.ints("nodes_truenodeids"), falseNumbers: try c.ints("nodes_falsenodeids"),
      missingTracksTrue: try c.ints("nodes_missing_value_tracks_true").map { $0 != 0 },
      hitRates: rates.count > 0 ? rates : nil)
    let op = DecisionForest(
      head: head, nodes: nodes, weights: weights, baseValues: base.count > 0 ? base : nil, aggregate: aggregate,
      postTransform: try c.postTransform())
    try s.apply(op, c.inputs, c)
  }

  private static func weights(
    _ s: OnnxScope, _ c: OnnxCall, _ word: String
  ) throws(Diagnostic) -> DecisionForest.Weights {
    DecisionForest.Weights(
      trees: try c.ints("\(word)_treeids"), numbers: try c.ints("\(word)_nodeids"), targets: try c.ints("\(word)_ids"),
      values: try numbers(s, c, "\(word)_weights"))
  }

  /// A list of floats, or the tensor that stands for it in version 3.
  private static func numbers(_ s: OnnxScope, _ c: OnnxCall, _ name: String) throws(Diagnostic) -> Tensor {
    if case .tensor(let t) = c.given("\(name)_as_tensor") {
      let decoded = try s.model.tensors.decode(t)
      guard decoded.dtype.isFloat else { throw c.error("onnx.attribute-kind", "\(name)_as_tensor holds no floats") }
      return try decoded.reshaped([decoded.count])
    }
    return try Tensor(try c.floats(name))
  }
}

extension DecisionForest: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var isDouble = false
    func numbers(_ name: String, _ t: ForeignTensor?) throws(Diagnostic) -> (String, OnnxAttribute) {
      guard let t = t?.tensor, t.count > 0 else { return (name, .omit) }
      if t.dtype == .float32 { return (name, .floats(try t.floats())) }
      isDouble = true
      return ("\(name)_as_tensor", .tensor(t))
    }
    func integers(_ v: [Int]) -> OnnxAttribute { v.isEmpty ? .omit : .ints(v) }
    let word = if case .regression = head { "target" } else { "class" }
    var attributes: [(String, OnnxAttribute)] = [
      try numbers("base_values", baseValues), ("nodes_falsenodeids", integers(nodes.falseNumbers)),
      ("nodes_featureids", integers(nodes.features)), try numbers("nodes_hitrates", nodes.hitRates),
      ("nodes_missing_value_tracks_true", integers(nodes.missingTracksTrue.map { $0 ? 1 : 0 })),
      ("nodes_modes", nodes.modes.isEmpty ? .omit : .byteStrings(nodes.modes.map { ByteString($0.rawValue) })),
      ("nodes_nodeids", integers(nodes.numbers)), ("nodes_treeids", integers(nodes.trees)),
      ("nodes_truenodeids", integers(nodes.trueNumbers)), try numbers("nodes_values", nodes.values),
      ("post_transform", .string(postTransform.rawValue)), ("\(word)_ids", integers(weights.targets)),
      ("\(word)_nodeids", integers(weights.numbers)), ("\(word)_treeids", integers(weights.trees)),
      try numbers("\(word)_weights", weights.values),
    ]
    switch head {
    case .regression(let targets):
      let names: [TreeEnsemble.Aggregate: String] = [
        .sum: "SUM", .average: "AVERAGE", .minimum: "MIN", .maximum: "MAX",
      ]
      attributes.append(("aggregate_function", .string(names[aggregate] ?? "SUM")))
      attributes.append(("n_targets", .int(targets)))
      try e.put(
        "TreeEnsembleRegressor", e.inputs, e.outputs, attributes.sorted { $0.0 < $1.0 }, domain: MlFamily.domain,
        domainVersion: isDouble ? 3 : 1)
    case .classification(let labels):
      attributes.append(try labels.tensor.classLabelAttribute("classlabels_int64s"))
      try e.put(
        "TreeEnsembleClassifier", e.inputs, e.outputs(all: true), attributes.sorted { $0.0 < $1.0 },
        domain: MlFamily.domain, domainVersion: isDouble ? 3 : 1)
    }
  }
}
