import Diagnostics
import ModelGraph
import TensorCore

/// Classical models of the ai.onnx.ml domain.
enum MlFamily {
  static let domain = "ai.onnx.ml"

  static let importers: [String: OnnxImporter] = [
    "ai.onnx.ml|ArrayFeatureExtractor": { (s, c) throws(Diagnostic) in try s.apply(ColumnGather(), c.inputs, c) },
    "ai.onnx.ml|Binarizer": { (s, c) throws(Diagnostic) in
      try s.apply(Binarizer(threshold: try c.float("threshold")), c.inputs, c)
    },
    "ai.onnx.ml|LabelEncoder": { (s, c) throws(Diagnostic) in
      let isText = s.dtype(c.input(0)) == .string
      try s.apply(c.version == 1 ? try classes(c, isText) : try encoder(s, c), c.inputs, c)
    },
    "ai.onnx.ml|CategoryMapper": { (s, c) throws(Diagnostic) in
      let isText = s.dtype(c.input(0)) == .string
      let numbers = try Tensor(try c.ints("cats_int64s").map { Int64($0) })
      let texts = try c.textTensor("cats_strings")
      try s.apply(
        LabelEncoder(
          keys: isText ? texts : numbers, values: isText ? numbers : texts, fallback: try fallback(c, isText: !isText)),
        c.inputs, c)
    },
    "ai.onnx.ml|Scaler": { (s, c) throws(Diagnostic) in
      try s.apply(FeatureScaler(offset: try c.floats("offset"), scale: try c.floats("scale")), c.inputs, c)
    },
    "ai.onnx.ml|Normalizer": { (s, c) throws(Diagnostic) in
      let text = try c.string("norm")
      guard let norm = FeatureNormalizer.Norm(rawValue: text) else {
        throw c.error("onnx.attribute-value", "norm is '\(text)'")
      }
      try s.apply(FeatureNormalizer(norm), c.inputs, c)
    },
    "ai.onnx.ml|TreeEnsemble": { (s, c) throws(Diagnostic) in try s.apply(try trees(s, c), c.inputs, c) },
  ]

  /// Version 1: strings and their places in a list, either way.
  private static func classes(_ c: OnnxCall, _ isText: Bool) throws(Diagnostic) -> LabelEncoder {
    let texts = try c.textTensor("classes_strings")
    let places = try Tensor((0..<texts.count).map { Int64($0) })
    return LabelEncoder(
      keys: isText ? texts : places, values: isText ? places : texts, fallback: try fallback(c, isText: !isText))
  }

  private static func fallback(_ c: OnnxCall, isText: Bool) throws(Diagnostic) -> Tensor {
    if isText { return try Tensor(strings: [ByteString(try c.string("default_string"))], shape: [1]) }
    return try Tensor([Int64(try c.int("default_int64"))])
  }

  private static func encoder(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) -> LabelEncoder {
    let keys = try list(s, c, "keys")
    let values = try list(s, c, "values")
    var fallback: Tensor
    if case .tensor(let t) = c.given("default_tensor") {
      fallback = try s.model.tensors.decode(t).reshaped([1])
    } else {
      switch values.dtype {
      case .string: fallback = try Tensor(strings: [ByteString(try c.string("default_string"))], shape: [1])
      case .int64: fallback = try Tensor([Int64(try c.int("default_int64"))])
      case .float32: fallback = try Tensor([try c.float("default_float")])
      default: fallback = try Tensor.splat(values.dtype.isFloat ? -0.0 : -1, values.dtype, shape: [1])
      }
    }
    return LabelEncoder(keys: keys, values: values, fallback: fallback)
  }

  private static func list(_ s: OnnxScope, _ c: OnnxCall, _ name: String) throws(Diagnostic) -> Tensor {
    if case .tensor(let t) = c.given("\(name)_tensor") {
      let decoded = try s.model.tensors.decode(t)
      return try decoded.reshaped([decoded.count])
    }
    if c.has("\(name)_strings") { return try c.textTensor("\(name)_strings") }
    if c.has("\(name)_int64s") { return try Tensor(try c.ints("\(name)_int64s").map { Int64($0) }) }
    if c.has("\(name)_floats") { return try Tensor(try c.floats("\(name)_floats")) }
    throw c.error("onnx.attribute-missing", "its \(name) are not given")
  }

  private static func trees(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) -> TreeEnsemble {
    func tensor(_ name: String) throws(Diagnostic) -> Tensor? {
      guard case .tensor(let t) = c.given(name) else { return nil }
      return try s.model.tensors.decode(t)
    }
    guard let modes = try tensor("nodes_modes"), let splits = try tensor("nodes_splits"),
      let weights = try tensor("leaf_weights"),
      let aggregate = TreeEnsemble.Aggregate(rawValue: try c.int("aggregate_function"))
    else { throw c.error("onnx.attribute-value", "its nodes, leaves or aggregate function are not given") }
    let leafTargets = try c.ints("leaf_targetids")
    return TreeEnsemble(
      aggregate: aggregate, postTransform: try c.int("post_transform"),
      targets: try c.optionalInt("n_targets") ?? min(leafTargets.max() ?? 0, 1 << 30) + 1,
      roots: try c.ints("tree_roots"),
      features: try c.ints("nodes_featureids"), modes: modes, splits: splits,
      trueNodes: try c.ints("nodes_truenodeids"), trueIsLeaf: try c.ints("nodes_trueleafs").map { $0 != 0 },
      falseNodes: try c.ints("nodes_falsenodeids"), falseIsLeaf: try c.ints("nodes_falseleafs").map { $0 != 0 },
      missingTracksTrue: try c.ints("nodes_missing_value_tracks_true").map { $0 != 0 }, leafTargets: leafTargets,
      leafWeights: weights, members: try tensor("membership_values"), hitRates: try tensor("nodes_hitrates"))
  }
}

extension OnnxCall {
  func textTensor(_ name: String) throws(Diagnostic) -> Tensor {
    let list = try byteStrings(name)
    return try Tensor(strings: list, shape: [list.count])
  }
}

extension ColumnGather: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("ArrayFeatureExtractor", e.inputs, e.outputs, domain: MlFamily.domain)
  }
}

extension Binarizer: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("Binarizer", e.inputs, e.outputs, [("threshold", .float(threshold.value))], domain: MlFamily.domain)
  }
}

extension LabelEncoder: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let plain: Set<DType> = [.string, .int64, .float32]
    guard plain.contains(keys.tensor.dtype), plain.contains(values.tensor.dtype) else {
      return try e.put(
        "LabelEncoder", e.inputs, e.outputs,
        [
          ("keys_tensor", .tensor(keys.tensor)), ("values_tensor", .tensor(values.tensor)),
          ("default_tensor", .tensor(fallback.tensor)),
        ], domain: MlFamily.domain, domainVersion: 4)
    }
    let (defaultName, fallbackValue) = try Self.value(fallback.tensor)
    try e.put(
      "LabelEncoder", e.inputs, e.outputs,
      [
        try Self.list("keys", keys.tensor), try Self.list("values", values.tensor),
        (defaultName, fallbackValue),
      ], domain: MlFamily.domain, domainVersion: 2)
  }

  private static func list(_ name: String, _ t: Tensor) throws(Diagnostic) -> (String, OnnxAttribute) {
    switch t.dtype {
    case .string: ("\(name)_strings", .byteStrings(try t.strings()))
    case .int64: ("\(name)_int64s", .ints(try t.ints().map { Int($0) }))
    default: ("\(name)_floats", .floats(try t.floats()))
    }
  }

  private static func value(_ t: Tensor) throws(Diagnostic) -> (String, OnnxAttribute) {
    switch t.dtype {
    case .string: ("default_string", .string(try t.strings().first?.string ?? ""))
    case .int64: ("default_int64", .int(Int(try t.ints().first ?? -1)))
    default: ("default_float", .float(try t.floats().first ?? 0))
    }
  }
}

extension FeatureScaler: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "Scaler", e.inputs, e.outputs,
      [("offset", .floats(offset.map(\.value))), ("scale", .floats(scale.map(\.value)))],
      domain: MlFamily.domain)
  }
}

extension FeatureNormalizer: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("Normalizer", e.inputs, e.outputs, [("norm", .string(norm.rawValue))], domain: MlFamily.domain)
  }
}

extension TreeEnsemble: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    func bools(_ v: [Bool]) -> OnnxAttribute { .ints(v.map { $0 ? 1 : 0 }) }
    try e.put(
      "TreeEnsemble", e.inputs, e.outputs,
      [
        ("aggregate_function", .int(aggregate.rawValue)), ("leaf_targetids", .ints(leafTargets)),
        ("leaf_weights", .tensor(leafWeights.tensor)),
        ("membership_values", members.map { .tensor($0.tensor) } ?? .omit),
        ("n_targets", .int(targets)), ("nodes_falseleafs", bools(falseIsLeaf)),
        ("nodes_falsenodeids", .ints(falseNodes)),
        ("nodes_featureids", .ints(features)), ("nodes_hitrates", hitRates.map { .tensor($0.tensor) } ?? .omit),
        ("nodes_missing_value_tracks_true", missingTracksTrue.isEmpty ? .omit : bools(missingTracksTrue)),
        ("nodes_modes", .tensor(modes.tensor)), ("nodes_splits", .tensor(splits.tensor)),
        ("nodes_trueleafs", bools(trueIsLeaf)), ("nodes_truenodeids", .ints(trueNodes)),
        ("post_transform", .int(postTransform)), ("tree_roots", .ints(roots)),
      ], domain: MlFamily.domain, domainVersion: 5)
  }
}
