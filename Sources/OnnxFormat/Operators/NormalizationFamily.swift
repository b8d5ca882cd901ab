import Diagnostics
import ModelGraph
import TensorCore

/// Normalisations and softmax.
enum NormalizationFamily {
  static let importers: [String: OnnxImporter] = [
    "BatchNormalization": { (s, c) throws(Diagnostic) in try batchNormalization(s, c) },
    "InstanceNormalization": { (s, c) throws(Diagnostic) in
      try s.apply(InstanceNormalization(epsilon: try c.float("epsilon")), c.inputs, c)
    },
    "LpNormalization": { (s, c) throws(Diagnostic) in
      try s.apply(LpNormalization(axis: try c.int("axis"), p: try c.int("p")), c.inputs, c)
    },
    "LRN": { (s, c) throws(Diagnostic) in
      let op = LocalResponseNormalization(
        region: .acrossChannels, size: try c.int("size"), alpha: try c.float("alpha"), beta: try c.float("beta"),
        k: try c.float("bias"))
      try s.apply(op, c.inputs, c)
    },
    "MeanVarianceNormalization": { (s, c) throws(Diagnostic) in
      let axes = try c.optionalInts("axes") ?? [0, 2, 3]
      // The function body adds 1e-9 after the root.
      try s.apply(MeanVarianceNormalization(axes: axes, epsilon: 1e-9, epsilonPlace: .afterRoot), c.inputs, c)
    },
    "Softmax": { (s, c) throws(Diagnostic) in try s.apply(try softmax(c, .softmax), c.inputs, c) },
    "LogSoftmax": { (s, c) throws(Diagnostic) in try s.apply(try softmax(c, .logSoftmax), c.inputs, c) },
    "Hardmax": { (s, c) throws(Diagnostic) in try s.apply(try softmax(c, .hardmax), c.inputs, c) },
  ]

  private static func softmax(_ c: OnnxCall, _ kind: Softmax.Kind) throws(Diagnostic) -> Softmax {
    Softmax(axis: try c.int("axis"), kind: kind, coerced: c.version < 13)
  }

  /// Inference: given statistics. Training: statistics of the batch, and running ones as further results.
  private static func batchNormalization(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) {
    let epsilon = try c.float("epsilon")
    let isTraining =
      c.version >= 14
      ? try c.bool("training_mode")
      : c.version < 7 ? c.has("is_test") ? try !c.bool("is_test") : c.node.outputs.count > 1 : false
    if c.version < 9, try c.optionalInt("spatial") ?? 1 == 0 {
      return try perActivation(s, c, epsilon)
    }
    guard isTraining else {
      if c.wants(1) {
        throw c.error("onnx.training", "results of training are asked for in inference mode")
      }
      return try s.apply(BatchNormalization(epsilon: epsilon), c.inputs, c)
    }
    try training(s, c, epsilon)
  }

  /// Mean and variance of the batch; running = running · momentum + batch · (1 − momentum).
  private static func training(_ s: OnnxScope, _ c: OnnxCall, _ epsilon: Float) throws(Diagnostic) {
    let x = try c.require(0)
    guard let rank = s.rank(x) else { throw c.error("onnx.unknown-rank", "the rank of its input is not known") }
    let axes = try s.ints((0..<rank).filter { $0 != 1 }, "axes", c)
    let mean = try s.add(Reduction(.mean, keepsDimensions: false), [x, axes], "mean", c)
    let kept = try s.add(Reduction(.mean), [x, axes], "mean_kept", c)
    let centred = try s.add(BinaryMap(.subtract), [x, kept], "centred", c)
    let square = try s.add(BinaryMap(.multiply), [centred, centred], "square", c)
    let variance = try s.add(Reduction(.mean, keepsDimensions: false), [square, axes], "variance", c)
    let y = try s.add(
      BatchNormalization(epsilon: epsilon), [x, c.input(1), c.input(2), mean, variance], "normalised", c)
    var results: [ValueID?] = [y]
    let momentum = try c.float("momentum")
    for (k, (running, batch)) in [(c.input(3), mean), (c.input(4), variance)].enumerated() {
      let old = try s.add(
        BinaryMap(.multiply), [running, try s.scalar(Double(momentum), like: running, "momentum\(k)", c)], "old\(k)", c)
      let new = try s.add(
        BinaryMap(.multiply), [batch, try s.scalar(Double(1 - momentum), like: batch, "rate\(k)", c)], "new\(k)", c)
      results.append(try s.add(BinaryMap(.add), [old, new], "running\(k)", c))
    }
    if c.version < 14 { results += [mean, variance] }
    try s.finish(c, Array(results.prefix(c.node.outputs.count)))
  }

  /// Versions before 9 with spatial = 0: one statistic for each activation.
  private static func perActivation(_ s: OnnxScope, _ c: OnnxCall, _ epsilon: Float) throws(Diagnostic) {
    let x = try c.require(0)
    let centred = try s.add(BinaryMap(.subtract), [x, c.input(3)], "centred", c)
    let shifted = try s.add(
      BinaryMap(.add), [c.input(4), try s.scalar(Double(epsilon), like: c.input(4), "epsilon", c)], "shifted", c)
    let root = try s.add(UnaryMap(.squareRoot), [shifted], "root", c)
    let normal = try s.add(BinaryMap(.divide), [centred, root], "normal", c)
    let scaled = try s.add(BinaryMap(.multiply), [normal, c.input(1)], "scaled", c)
    try s.apply(BinaryMap(.add), [scaled, c.input(2)], c)
  }
}

extension BatchNormalization: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    guard statistics == .given, e.has(1), e.has(2) else {
      throw e.refuse("onnx.batch-statistics", "statistics of the batch have not been lowered")
    }
    try e.put("BatchNormalization", e.inputs, e.outputs, [("epsilon", .float(epsilon.value))])
  }
}

extension InstanceNormalization: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("InstanceNormalization", e.inputs, e.outputs, [("epsilon", .float(epsilon.value))])
  }
}

extension LpNormalization: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("LpNormalization", e.inputs, e.outputs, [("axis", .int(axis)), ("p", .int(p))])
  }
}

extension LocalResponseNormalization: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    guard region == .acrossChannels else {
      throw e.refuse("onnx.lrn-within", "its region has not been lowered")
    }
    try e.put(
      "LRN", e.inputs, e.outputs,
      [
        ("alpha", .float(alpha.value)), ("beta", .float(beta.value)), ("bias", .float(k.value)), ("size", .int(size)),
      ])
  }
}

extension MeanVarianceNormalization: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    guard normalizesVariance, epsilonPlace == .afterRoot, epsilon == FloatBits(1e-9) else {
      throw e.refuse("onnx.mvn", "its form has not been lowered")
    }
    try e.put("MeanVarianceNormalization", e.inputs, e.outputs, [("axes", .ints(axes))])
  }
}

extension Softmax: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let name =
      switch kind {
      case .softmax: "Softmax"
      case .logSoftmax: "LogSoftmax"
      case .hardmax: "Hardmax"
      }
    guard let rank = e.type(0).shape?.count else {
      if coerced == (e.opset < 13) { return try e.put(name, e.inputs, e.outputs, [("axis", .int(axis))]) }
      throw e.refuse("onnx.unknown-rank", "its axis has another meaning there and the rank is not known")
    }
    let a = axis < 0 ? axis + rank : axis
    let isLast = a == rank - 1
    if coerced, e.opset >= 13, !isLast, rank > 0 { return try e.coercedSoftmax(name, a, rank) }
    if !coerced, e.opset < 13, !isLast, rank > 0 { return try e.transposedSoftmax(name, a, rank) }
    try e.put(name, e.inputs, e.outputs, [("axis", .int(e.opset < 11 || coerced ? a : axis))])
  }
}

extension OnnxEmitter {
  /// One softmax over all axes from `axis` on, where the operator set normalises one axis: flattened and back.
  fileprivate func coercedSoftmax(_ name: String, _ axis: Int, _ rank: Int) throws(Diagnostic) {
    let shape = try step("Shape", [input(0)], "shape")
    let flat = try step("Flatten", [input(0)], "flat", [("axis", .int(axis))])
    let soft = try step(name, [flat], "normalised", [("axis", .int(-1))])
    try put("Reshape", [soft, shape], outputs)
  }

  /// Softmax over one inner axis, where the operator set normalises all axes from one on: that axis moved to the end.
  fileprivate func transposedSoftmax(_ name: String, _ axis: Int, _ rank: Int) throws(Diagnostic) {
    var order = Array(0..<rank)
    order.swapAt(axis, rank - 1)
    let moved = try step("Transpose", [input(0)], "moved", [("perm", .ints(order))])
    let soft = try step(name, [moved], "normalised", [("axis", .int(rank - 1))])
    try put("Transpose", [soft], outputs, [("perm", .ints(order))])
  }
}
