import Diagnostics
import ModelGraph
import TensorCore

/// Reduce* and ArgMax, ArgMin.
enum ReductionFamily {
  static let names: [(name: String, function: Reduction.Function)] = [
    ("ReduceSum", .sum), ("ReduceMean", .mean), ("ReduceProd", .product), ("ReduceMax", .maximum),
    ("ReduceMin", .minimum), ("ReduceL1", .l1), ("ReduceL2", .l2), ("ReduceLogSum", .logSum),
    ("ReduceLogSumExp", .logSumExp), ("ReduceSumSquare", .sumSquare),
  ]

  static let importers: [String: OnnxImporter] = makeImporters()

  private static func makeImporters() -> [String: OnnxImporter] {
    var table: [String: OnnxImporter] = [:]
    for (name, function) in names {
      table[name] = importer { (s, c) throws(Diagnostic) in
        let op = Reduction(
          function, keepsDimensions: try c.bool("keepdims"), noopWithEmptyAxes: try c.bool("noop_with_empty_axes"))
        if c.schema.inputs.count == 2 { return try s.apply(op, c.inputs, c) }
        guard let axes = try c.optionalInts("axes"), !axes.isEmpty else { return try s.apply(op, [c.input(0)], c) }
        try s.apply(op, [c.input(0), try s.ints(axes, "axes", c)], c)
      }
    }
    for (name, isMaximum) in [("ArgMax", true), ("ArgMin", false)] {
      table[name] = importer { (s, c) throws(Diagnostic) in
        let op = ArgExtreme(
          isMaximum: isMaximum, axis: try c.int("axis"), keepsDimensions: try c.bool("keepdims"),
          selectsLast: try c.bool("select_last_index"))
        try s.apply(op, c.inputs, c)
      }
    }
    return table
  }
}

extension Reduction: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    guard let name = ReductionFamily.names.first(where: { $0.function == function })?.name else { return }
    let keep: (String, OnnxAttribute) = ("keepdims", .bool(keepsDimensions))
    if e.opset >= (function == .sum ? 13 : 18) {
      return try e.put(name, e.inputs, e.outputs, [keep, ("noop_with_empty_axes", .bool(noopWithEmptyAxes))])
    }
    let since = function == .sum ? 13 : 18
    var axes = e.has(1) ? try e.requireInts(1, "axes", since: since) : []
    if axes.isEmpty, noopWithEmptyAxes { return try e.noReduction(function) }
    if e.opset < 11, axes.contains(where: { $0 < 0 }) {
      guard let rank = e.type(0).shape?.count else {
        throw e.refuse("onnx.unknown-rank", "a negative axis needs a known rank", help: e.useOpset(11))
      }
      axes = axes.map { $0 < 0 ? $0 + rank : $0 }
    }
    try e.put(name, [e.input(0)], e.outputs, axes.isEmpty ? [keep] : [("axes", .ints(axes)), keep])
  }
}

extension OnnxEmitter {
  /// A reduction over no axes: the element-wise part alone.
  fileprivate func noReduction(_ f: Reduction.Function) throws(Diagnostic) {
    switch f {
    case .sum, .mean, .product, .maximum, .minimum: try put("Identity", [input(0)], outputs)
    case .l1, .l2: try put("Abs", [input(0)], outputs)
    case .logSum: try put("Log", [input(0)], outputs)
    case .logSumExp: try put("Identity", [input(0)], outputs)
    case .sumSquare: try put("Mul", [input(0), input(0)], outputs)
    }
  }
}

extension ArgExtreme: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var a = axis
    if a < 0, e.opset < 11, let rank = e.type(0).shape?.count { a += rank }
    var attributes: [(String, OnnxAttribute)] = [("axis", .int(a)), ("keepdims", .bool(keepsDimensions))]
    let name = isMaximum ? "ArgMax" : "ArgMin"
    if selectsLast, e.opset < 12 { return try e.lastArg(name, a, attributes) }
    if selectsLast { attributes.append(("select_last_index", .int(1))) }
    try e.put(name, e.inputs, e.outputs, attributes)
  }
}

extension OnnxEmitter {
  /// The last index of an extreme before ONNX could ask for it: n − 1 − the first index of the reversed axis.
  fileprivate func lastArg(_ name: String, _ axis: Int, _ attributes: [(String, OnnxAttribute)]) throws(Diagnostic) {
    let place = axis < 0 ? axis + (type(0).sizes?.count ?? 0) : axis
    guard let sizes = type(0).sizes, sizes.indices.contains(place), case let n = sizes[place], n <= 1 << 20 else {
      throw refuse(
        "onnx.opset-too-low", "the last of equal elements needs operator set 12", help: useOpset(12))
    }
    let order = try ints(Array((0..<n).reversed()), "reversed")
    let reversed = try step(
      "Gather", [input(0), order], "reversed_axis", [("axis", .int(place))])
    let first = try step(name, [reversed], "first", attributes)
    try put("Sub", [constant(try Tensor(scalar: Int64(n - 1)), "last"), first], outputs)
  }
}
