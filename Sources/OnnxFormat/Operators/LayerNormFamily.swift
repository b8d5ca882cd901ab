import Diagnostics
import ModelGraph
import TensorCore

/// LayerNormalization, RMSNormalization, GroupNormalization, Dropout and the losses.
enum LayerNormFamily {
  static let importers: [String: OnnxImporter] = [
    "LayerNormalization": { (s, c) throws(Diagnostic) in try s.apply(try layer(c, .layer), c.inputs, c) },
    "RMSNormalization": { (s, c) throws(Diagnostic) in try s.apply(try layer(c, .rootMeanSquare), c.inputs, c) },
    "GroupNormalization": { (s, c) throws(Diagnostic) in
      let op = GroupNormalization(
        groups: try c.int("num_groups"), epsilon: try c.float("epsilon"),
        parameters: c.version < 21 ? .perGroup : .perChannel,
        statisticsType: try c.optionalDType("stash_type") ?? .float32)
      try s.apply(op, c.inputs, c)
    },
    "Dropout": { (s, c) throws(Diagnostic) in try dropout(s, c) },
    "NegativeLogLikelihoodLoss": { (s, c) throws(Diagnostic) in
      try s.apply(try loss(c, .negativeLogLikelihood), c.inputs, c)
    },
    "SoftmaxCrossEntropyLoss": { (s, c) throws(Diagnostic) in try s.apply(try loss(c, .crossEntropy), c.inputs, c) },
  ]

  private static func layer(_ c: OnnxCall, _ kind: LayerNormalization.Kind) throws(Diagnostic) -> LayerNormalization {
    LayerNormalization(
      kind, axis: try c.int("axis"), epsilon: try c.float("epsilon"),
      statisticsType: try c.optionalDType("stash_type") ?? .float32)
  }

  private static func loss(_ c: OnnxCall, _ kind: ClassificationLoss.Kind) throws(Diagnostic) -> ClassificationLoss {
    let text = try c.string("reduction")
    guard let r = ClassificationLoss.ReductionMode(rawValue: text) else {
      throw c.error("onnx.attribute-value", "reduction is '\(text)'")
    }
    return ClassificationLoss(kind, reduction: r, ignoredLabel: try c.optionalInt("ignore_index"))
  }

  /// Inference passes the input; only a training operand that may be true keeps the operator.
  private static func dropout(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) {
    var mayTrain = false
    if c.version >= 12, c.has(2) {
      let flag = s.constant(c.input(2))
      let value = try flag?.ints().first ?? 0
      mayTrain = flag == nil || value != 0
    }
    if mayTrain { return try s.apply(Dropout(seed: try c.optionalInt("seed")), c.inputs, c) }
    guard c.wants(1) else { return try s.apply(Identity(), [c.input(0)], c) }
    let type: DType = c.version >= 10 ? .bool : s.dtype(c.input(0)) ?? .float32
    let shape = try s.add(ShapeOf(), [c.input(0)], "shape", c)
    let mask = try s.add(Fill(try Tensor.splat(1, type, shape: [1])), [shape], "mask", c)
    let value = try s.add(Identity(), [c.input(0)], "value", c)
    try s.finish(c, [value, mask])
  }
}

extension LayerNormalization: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let attributes: [(String, OnnxAttribute)] = [
      ("axis", .int(axis)), ("epsilon", .float(epsilon.value)), ("stash_type", .int(OnnxDType.number(statisticsType))),
    ]
    if kind == .layer, e.opset >= 17 {
      return try e.put("LayerNormalization", try e.withScale(axis, 1), e.outputs, attributes)
    }
    if kind == .rootMeanSquare, e.opset >= 23 {
      return try e.put("RMSNormalization", try e.withScale(axis, 1), e.outputs, attributes)
    }
    guard let rank = e.type(0).shape?.count else {
      throw e.refuse("onnx.unknown-rank", "its rank is not known", help: e.useOpset(17))
    }
    try e.layerFormula(self, axes: Array((axis < 0 ? axis + rank : axis)..<rank))
  }
}

extension OnnxEmitter {
  /// The operands; the operator demands a scale where the layer has none.
  fileprivate func withScale(_ axis: Int, _ i: Int) throws(Diagnostic) -> [String] {
    var list = inputs
    if list.count > i, !list[i].isEmpty { return list }
    let one = try scalar(1, "one", shape: [1])
    if list.count > i { list[i] = one } else { list.append(one) }
    return list
  }

  /// A mean over axes that stay with extent 1.
  fileprivate func mean(_ x: String, _ axes: [Int], _ suffix: String) throws(Diagnostic) -> String {
    if opset >= 18 { return try step("ReduceMean", [x, try ints(axes, "\(suffix)_axes")], suffix) }
    return try step("ReduceMean", [x], suffix, [("axes", .ints(axes))])
  }

  fileprivate func layerFormula(_ op: LayerNormalization, axes: [Int]) throws(Diagnostic) {
    let x = input(0)
    var centred = x
    var means = ""
    if op.kind == .layer {
      means = try mean(x, axes, "mean")
      centred = try step("Sub", [x, means], "centred")
    }
    let variance = try mean(try step("Mul", [centred, centred], "square"), axes, "variance")
    let root = try step(
      "Sqrt", [try step("Add", [variance, try scalar(Double(op.epsilon.value), "epsilon")], "shifted")], "deviation")
    var chain: [(String, String)] = [("Div", root)]
    if has(1) { chain.append(("Mul", input(1))) }
    if has(2) { chain.append(("Add", input(2))) }
    var value = centred
    for (k, (type, operand)) in chain.enumerated() {
      if k == chain.count - 1 {
        try put(type, [value, operand], [output(0)])
      } else {
        value = try step(type, [value, operand], "part\(k)")
      }
    }
    if !output(1).isEmpty { try put("Identity", [means], [output(1)]) }
    if !output(2).isEmpty { try put("Reciprocal", [root], [output(2)]) }
  }
}

extension GroupNormalization: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    // The operator of sets 18 to 20, with one scale a group, was withdrawn: what it says is written as its formula.
    if e.opset >= 21, parameters == .perChannel {
      return try e.put(
        "GroupNormalization", e.inputs, e.outputs,
        [
          ("epsilon", .float(epsilon.value)), ("num_groups", .int(groups)),
          ("stash_type", .int(OnnxDType.number(statisticsType))),
        ])
    }
    guard let rank = e.type(0).shape?.count else { throw e.refuse("onnx.unknown-rank", "its rank is not known") }
    try e.groupFormula(self, rank: rank)
  }
}

extension OnnxEmitter {
  fileprivate func groupFormula(_ op: GroupNormalization, rank: Int) throws(Diagnostic) {
    let x = input(0)
    let shape = try step("Shape", [x], "shape")
    let grouped = try step("Reshape", [x, try ints([0, op.groups, -1], "grouped_shape")], "grouped")
    let centred = try step("Sub", [grouped, try mean(grouped, [2], "mean")], "centred")
    let variance = try mean(try step("Mul", [centred, centred], "square"), [2], "variance")
    let root = try step(
      "Sqrt", [try step("Add", [variance, try scalar(Double(op.epsilon.value), "epsilon")], "shifted")], "deviation")
    let normal = try step("Div", [centred, root], "normal")
    func aligned(_ i: Int, _ axes: [Int]) throws(Diagnostic) -> String {
      if axes.isEmpty { return input(i) }
      if opset >= 13 { return try step("Unsqueeze", [input(i), try ints(axes, "axes\(i)")], "aligned\(i)") }
      return try step("Unsqueeze", [input(i)], "aligned\(i)", [("axes", .ints(axes))])
    }
    if op.parameters == .perGroup {
      let scaled = try step("Mul", [normal, try aligned(1, [1])], "scaled")
      let biased = try step("Add", [scaled, try aligned(2, [1])], "biased")
      return try put("Reshape", [biased, shape], outputs)
    }
    let back = try step("Reshape", [normal, shape], "back")
    let axes = Array(1..<max(1, rank - 1))
    let scaled = try step("Mul", [back, try aligned(1, axes)], "scaled")
    try put("Add", [scaled, try aligned(2, axes)], outputs)
  }
}

extension Dropout: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("Dropout", e.inputs, e.outputs, [("seed", .optional(seed))])
  }
}

extension ClassificationLoss: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      kind == .crossEntropy ? "SoftmaxCrossEntropyLoss" : "NegativeLogLikelihoodLoss", e.inputs, e.outputs,
      [("ignore_index", .optional(ignoredLabel)), ("reduction", .string(reduction.rawValue))])
  }
}
