import Diagnostics
import ModelGraph
import TensorCore

/// Operators that pick or place elements by index.
enum SelectionFamily {
  static let importers: [String: OnnxImporter] = [
    "GatherElements": { (s, c) throws(Diagnostic) in try s.apply(GatherElements(axis: try c.int("axis")), c.inputs, c)
    },
    "GatherND": { (s, c) throws(Diagnostic) in
      try s.apply(GatherND(batchAxes: try c.int("batch_dims")), c.inputs, c)
    },
    "Scatter": { (s, c) throws(Diagnostic) in try s.apply(ScatterElements(axis: try c.int("axis")), c.inputs, c) },
    "ScatterElements": { (s, c) throws(Diagnostic) in
      try s.apply(ScatterElements(axis: try c.int("axis"), reduction: try reduction(c)), c.inputs, c)
    },
    "ScatterND": { (s, c) throws(Diagnostic) in try s.apply(ScatterND(reduction: try reduction(c)), c.inputs, c) },
    "TensorScatter": { (s, c) throws(Diagnostic) in
      let isCircular = try c.choice("mode", ["linear": false, "circular": true])
      try s.apply(CacheScatter(axis: try c.int("axis"), isCircular: isCircular), c.inputs, c)
    },
    "Compress": { (s, c) throws(Diagnostic) in try s.apply(Compress(axis: try c.optionalInt("axis")), c.inputs, c) },
    "NonZero": { (s, c) throws(Diagnostic) in try s.apply(NonZero(), c.inputs, c) },
    "Unique": { (s, c) throws(Diagnostic) in
      try s.apply(Unique(axis: try c.optionalInt("axis"), isSorted: try c.bool("sorted")), c.inputs, c)
    },
    "OneHot": { (s, c) throws(Diagnostic) in try s.apply(OneHot(axis: try c.int("axis")), c.inputs, c) },
    "TopK": { (s, c) throws(Diagnostic) in
      let op = TopK(
        axis: try c.int("axis"), isLargest: try c.optionalInt("largest") ?? 1 != 0,
        isSorted: try c.optionalInt("sorted") ?? 1 != 0)
      let k = c.version == 1 ? try s.ints([try c.int("k")], "k", c) : c.input(1)
      try s.apply(op, [c.input(0), k], c)
    },
  ]

  private static func reduction(_ c: OnnxCall) throws(Diagnostic) -> ScatterReduction {
    let text = try c.optionalString("reduction") ?? "none"
    guard let r = ScatterReduction(rawValue: text) else {
      throw c.error("onnx.attribute-value", "reduction is '\(text)'")
    }
    return r
  }
}

extension GatherElements: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("GatherElements", e.inputs, e.outputs, [("axis", .int(axis))])
  }
}

extension GatherND: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("GatherND", e.inputs, e.outputs, [("batch_dims", .int(batchAxes))])
  }
}

extension ScatterElements: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if reduction != .none, e.opset < 16 {
      throw e.refuse(
        "onnx.opset-too-low", "a reduction needs operator set 16",
        help: e.useOpset(reduction == .add || reduction == .mul ? 16 : 18))
    }
    try e.put(
      e.opset < 11 ? "Scatter" : "ScatterElements", e.inputs, e.outputs,
      [("axis", .int(axis)), ("reduction", reduction == .none ? .omit : .string(reduction.rawValue))])
  }
}

extension ScatterND: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("ScatterND", e.inputs, e.outputs, [("reduction", .string(reduction.rawValue))])
  }
}

extension CacheScatter: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put(
      "TensorScatter", e.inputs, e.outputs,
      [("axis", .int(axis)), ("mode", .string(isCircular ? "circular" : "linear"))])
  }
}

extension Compress: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("Compress", e.inputs, e.outputs, [("axis", .optional(axis))])
  }
}

extension NonZero: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("NonZero", e.inputs, e.outputs) }
}

extension Unique: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("Unique", e.inputs, e.outputs, [("axis", .optional(axis)), ("sorted", .bool(isSorted))])
  }
}

extension OneHot: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("OneHot", e.inputs, e.outputs, [("axis", .int(axis))])
  }
}

extension TopK: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if e.opset >= 11 {
      return try e.put(
        "TopK", e.inputs, e.outputs,
        [("axis", .int(axis)), ("largest", .bool(isLargest)), ("sorted", .bool(isSorted))])
    }
    // Results of sorted order are right where any order is allowed; the smallest are the largest of the negative.
    let x = isLargest ? e.input(0) : try e.step("Neg", [e.input(0)], "negative")
    var outputs = e.outputs
    if outputs.count < 2 { outputs.append(e.temporary("indices")) }
    let values = outputs[0]
    if !isLargest { outputs[0] = e.temporary("negative_values") }
    for i in outputs.indices where outputs[i].isEmpty { outputs[i] = e.temporary("result\(i)") }
    let inner = outputs[0]
    if e.opset == 10 {
      try e.put("TopK", [x, e.input(1)], outputs, [("axis", .int(axis))])
    } else {
      guard let k = try e.requireInts(1, "numbers of elements", since: 10).first else { return }
      try e.put("TopK", [x], outputs, [("axis", .int(axis)), ("k", .int(k))])
    }
    if !isLargest, !values.isEmpty { try e.put("Neg", [inner], [values]) }
  }
}
