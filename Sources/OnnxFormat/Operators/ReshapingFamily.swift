import Diagnostics
import ModelGraph
import TensorCore

/// Operators that give the same elements another shape or order.
enum ReshapingFamily {
  static let importers: [String: OnnxImporter] = [
    "Reshape": { (s, c) throws(Diagnostic) in
      let shape = c.version < 5 ? try s.ints(try c.ints("shape"), "shape", c) : c.input(1)
      let allowsZero = try c.bool("allowzero")
      try s.apply(Reshape(allowsZero: allowsZero), [c.input(0), try opened(shape, allowsZero, s, c)], c)
    },
    "Flatten": { (s, c) throws(Diagnostic) in try s.apply(FlattenToMatrix(axis: try c.int("axis")), c.inputs, c) },
    "Transpose": { (s, c) throws(Diagnostic) in try s.apply(Transpose(try c.ints("perm")), c.inputs, c) },
    "Squeeze": { (s, c) throws(Diagnostic) in try s.apply(Squeeze(), [c.input(0), try axes(s, c)], c) },
    "Unsqueeze": { (s, c) throws(Diagnostic) in try s.apply(Unsqueeze(), [c.input(0), try axes(s, c)], c) },
    "Expand": { (s, c) throws(Diagnostic) in try s.apply(Expand(), c.inputs, c) },
    "Tile": { (s, c) throws(Diagnostic) in
      if c.version > 1 { return try s.apply(Tile(), c.inputs, c) }
      try s.apply(Tile(), [c.input(0), try oneAxisRepeats(s, c)], c)
    },
  ]

  /// The target of a Reshape: constants that repeat a batch which the caller opens follow it.
  private static func opened(
    _ shape: ValueID?, _ allowsZero: Bool, _ s: OnnxScope, _ c: OnnxCall
  ) throws(Diagnostic) -> ValueID? {
    guard let change = s.model.batch, let list = s.knownInts(shape), let input = s.type(c.input(0)).shape,
      let open = change.opened(list, input: input, allowsZero: allowsZero)
    else { return shape }
    return try s.ints(open, "open_batch", c)
  }

  /// The axes: an attribute before operator set 13, an operand since.
  private static func axes(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) -> ValueID? {
    if c.version >= 13 { return c.input(1) }
    guard let axes = try c.optionalInts("axes") else { return nil }
    return try s.ints(axes, "axes", c)
  }

  /// The first version repeats one axis: operands tiles and axis, 0-d.
  private static func oneAxisRepeats(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) -> ValueID {
    if let rank = s.rank(c.input(0)), let tiles = s.constant(c.input(1)), let axis = s.constant(c.input(2)) {
      guard let n = try tiles.doubles().first.flatMap({ Int(exactly: $0) }),
        let a = try axis.doubles().first.flatMap({ Int(exactly: $0) }), a >= 0, a < rank
      else { throw c.error("onnx.attribute-value", "its tiles and axis are not in range") }
      var repeats = [Int](repeating: 1, count: rank)
      repeats[a] = n
      return try s.ints(repeats, "repeats", c)
    }
    // Ones, and the count at the axis's place.
    let one = try Tensor([Int64(1)])
    let rank = try s.add(ShapeOf(), [s.add(ShapeOf(), [c.input(0)], "shape", c)], "rank", c)
    let ones = try s.add(Fill(one), [rank], "ones", c)
    let flat = try s.ints([1], "flat", c)
    let tiles = try s.add(Reshape(), [s.add(Cast(to: .int64), [c.input(1)], "tiles", c), flat], "count", c)
    let axis = try s.add(Reshape(), [s.add(Cast(to: .int64), [c.input(2)], "axis", c), flat], "place", c)
    return try s.add(ScatterElements(axis: 0), [ones, axis, tiles], "repeats", c)
  }
}

extension Reshape: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if allowsZero, let wanted = e.ints(1), !wanted.contains(0) {
      return try e.put("Reshape", e.inputs, e.outputs)
    }
    if allowsZero, e.opset < 14 {
      throw e.refuse("onnx.opset-too-low", "an extent of 0 needs operator set 14", help: e.useOpset(14))
    }
    try e.put("Reshape", e.inputs, e.outputs, allowsZero ? [("allowzero", .int(1))] : [])
  }
}

extension FlattenToMatrix: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var a = axis
    if a < 0, e.opset < 11 {
      guard let rank = e.type(0).shape?.count else {
        throw e.refuse("onnx.unknown-rank", "a negative axis needs a known rank", help: e.useOpset(11))
      }
      a += rank
    }
    try e.put("Flatten", e.inputs, e.outputs, [("axis", .int(a))])
  }
}

extension Transpose: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.put("Transpose", e.inputs, e.outputs, order.isEmpty ? [] : [("perm", .ints(order))])
  }
}

extension OnnxEmitter {
  /// Squeeze and Unsqueeze: axes as an attribute before operator set 13.
  fileprivate func putWithAxes(_ type: String, outputRank: Int?) throws(Diagnostic) {
    if opset >= 13 || !has(1) { return try put(type, inputs, outputs) }
    var axes = try requireInts(1, "axes", since: 13)
    if axes.contains(where: { $0 < 0 }), opset < 11 {
      guard let rank = outputRank else {
        throw refuse("onnx.unknown-rank", "a negative axis needs a known rank", help: useOpset(11))
      }
      axes = axes.map { $0 < 0 ? $0 + rank : $0 }
    }
    try put(type, [input(0)], outputs, [("axes", .ints(axes))])
  }
}

extension Squeeze: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.putWithAxes("Squeeze", outputRank: e.type(0).shape?.count)
  }
}

extension Unsqueeze: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    try e.putWithAxes("Unsqueeze", outputRank: e.outputType(0).shape?.count)
  }
}

extension Expand: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("Expand", e.inputs, e.outputs) }
}

extension Tile: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) { try e.put("Tile", e.inputs, e.outputs) }
}
