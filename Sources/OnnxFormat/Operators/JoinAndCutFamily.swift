import Diagnostics
import ModelGraph
import TensorCore

/// Concat, Split, Slice, Pad.
enum JoinAndCutFamily {
  static let importers: [String: OnnxImporter] = [
    "Concat": { (s, c) throws(Diagnostic) in
      try s.apply(Concat(axis: try c.optionalInt("axis") ?? 1), c.inputs, c)
    },
    "Split": { (s, c) throws(Diagnostic) in
      var sizes = c.input(1)
      if c.version == 1 || c.version == 2 || c.version == 11 {
        if let given = try c.optionalInts("split"), sizes == nil, !given.isEmpty {
          sizes = try s.ints(given, "split", c)
        }
      }
      let count = c.node.outputs.count
      if c.version >= 18, let n = try c.optionalInt("num_outputs"), n != count {
        throw c.error("onnx.attribute-value", "num_outputs is \(n), but there are \(count) outputs")
      }
      try s.apply(Split(axis: try c.int("axis"), count: count), sizes == nil ? [c.input(0)] : [c.input(0), sizes], c)
    },
    "Slice": { (s, c) throws(Diagnostic) in
      if c.version >= 10 { return try s.apply(Slice(), c.inputs, c) }
      var operands = [
        c.input(0), try s.ints(try c.ints("starts"), "starts", c), try s.ints(try c.ints("ends"), "ends", c),
      ]
      if let axes = try c.optionalInts("axes") { operands.append(try s.ints(axes, "axes", c)) }
      try s.apply(Slice(), operands, c)
    },
    "Pad": { (s, c) throws(Diagnostic) in
      let mode = try c.string("mode")
      guard let m = Pad.Mode(rawValue: mode) else { throw c.error("onnx.attribute-value", "mode is '\(mode)'") }
      if c.version >= 11 { return try s.apply(Pad(mode: m), c.inputs, c) }
      let pads = try s.ints(try c.ints(c.version == 1 ? "paddings" : "pads"), "pads", c)
      let value = try s.scalar(Double(try c.float("value")), like: c.input(0), "value", c)
      try s.apply(Pad(mode: m), [c.input(0), pads, value], c)
    },
  ]
}

extension Concat: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var a = axis
    if a < 0, e.opset < 11, let rank = e.type(0).shape?.count { a += rank }
    try e.put("Concat", e.inputs, e.outputs, [("axis", .int(a))])
  }
}

extension Split: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var a = axis
    if a < 0, e.opset < 11, let rank = e.type(0).shape?.count { a += rank }
    var outputs = e.outputs
    for i in outputs.count..<max(outputs.count, count) { outputs.append(e.temporary("part\(i)")) }
    for i in outputs.indices where outputs[i].isEmpty { outputs[i] = e.temporary("part\(i)") }
    var attributes: [(String, OnnxAttribute)] = [("axis", .int(a))]
    if e.has(1) {
      if e.opset >= 13 { return try e.put("Split", e.inputs, outputs, attributes) }
      attributes.append(("split", .ints(try e.requireInts(1, "sizes of the parts", since: 13))))
      return try e.put("Split", [e.input(0)], outputs, attributes)
    }
    if e.opset >= 18 { return try e.put("Split", e.inputs, outputs, attributes + [("num_outputs", .int(count))]) }
    // Before operator set 18 parts without sizes are equal.
    if let shape = e.type(0).shape, let n = shape[a < 0 ? a + shape.count : a].value, n % count != 0 {
      let part = n / count + 1
      let sizes = (0..<count).map { $0 == count - 1 ? n - part * (count - 1) : part }
      if e.opset >= 13 { return try e.put("Split", [e.input(0), try e.ints(sizes, "sizes")], outputs, attributes) }
      attributes.append(("split", .ints(sizes)))
    }
    try e.put("Split", [e.input(0)], outputs, attributes)
  }
}

extension Slice: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if e.opset >= 10 { return try e.put("Slice", e.inputs, e.outputs) }
    let starts = try e.requireInts(1, "starts", since: 10)
    let ends = try e.requireInts(2, "ends", since: 10)
    if e.has(4) {
      let steps = try e.requireInts(4, "steps", since: 10)
      if steps.contains(where: { $0 != 1 }) {
        let axes = e.has(3) ? try e.requireInts(3, "axes", since: 10) : Array(starts.indices)
        return try e.steppedSlice(starts, ends, axes, steps)
      }
    }
    var attributes: [(String, OnnxAttribute)] = [("ends", .ints(ends)), ("starts", .ints(starts))]
    if e.has(3) {
      var axes = try e.requireInts(3, "axes", since: 10)
      if let rank = e.type(0).shape?.count { axes = axes.map { $0 < 0 ? $0 + rank : $0 } }
      attributes.insert(("axes", .ints(axes)), at: 0)
    }
    try e.put("Slice", [e.input(0)], e.outputs, attributes)
  }
}

extension OnnxEmitter {
  /// A slice with steps before Slice had them: a Gather for each axis, whose extents must be known.
  fileprivate func steppedSlice(_ starts: [Int], _ ends: [Int], _ axes: [Int], _ steps: [Int]) throws(Diagnostic) {
    guard let sizes = type(0).sizes, ends.count == starts.count, axes.count == starts.count, steps.count == starts.count
    else {
      throw refuse("onnx.opset-too-low", "a step needs operator set 10", help: useOpset(10))
    }
    var value = input(0)
    for k in starts.indices {
      let a = axes[k] < 0 ? axes[k] + sizes.count : axes[k]
      guard sizes.indices.contains(a),
        let r = Slice.bounds(extent: sizes[a], start: starts[k], end: ends[k], step: steps[k]), r.count <= 1 << 20
      else { throw refuse("onnx.opset-too-low", "its steps need operator set 10", help: useOpset(10)) }
      let indices = try ints((0..<r.count).map { r.start + $0 * steps[k] }, "indices\(k)")
      if k == starts.count - 1 { return try put("Gather", [value, indices], outputs, [("axis", .int(a))]) }
      value = try step("Gather", [value, indices], "axis\(k)", [("axis", .int(a))])
    }
  }
}

extension Pad: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    if mode == .wrap, e.opset < 19 {
      throw e.refuse("onnx.opset-too-low", "wrapping needs operator set 19", help: e.useOpset(19))
    }
    let attributes: [(String, OnnxAttribute)] = [("mode", .string(mode.rawValue))]
    if e.opset >= 18 || (e.opset >= 11 && !e.has(3)) { return try e.put("Pad", e.inputs, e.outputs, attributes) }
    var pads = try e.requireInts(1, "pads", since: e.has(3) ? 18 : 11)
    if e.has(3) {
      guard let rank = e.type(0).shape?.count else {
        throw e.refuse("onnx.unknown-rank", "pads of some axes need a known rank", help: e.useOpset(18))
      }
      let axes = try e.requireInts(3, "axes", since: 18)
      var all = [Int](repeating: 0, count: 2 * rank)
      for (k, given) in axes.enumerated() {
        let a = given < 0 ? given + rank : given
        guard a >= 0, a < rank, axes.count + k < pads.count else { continue }
        all[a] = pads[k]
        all[rank + a] = pads[axes.count + k]
      }
      pads = all
    }
    if e.opset >= 11 {
      return try e.put("Pad", [e.input(0), try e.ints(pads, "pads"), e.input(2)], e.outputs, attributes)
    }
    var value: Float = 0
    if e.has(2) {
      guard let v = try e.constant(2)?.floats().first else {
        throw e.refuse(
          "onnx.needs-constant", "a value that is computed while the model runs needs operator set 11",
          help: e.useOpset(11))
      }
      value = v
    }
    try e.put("Pad", [e.input(0)], e.outputs, attributes + [("pads", .ints(pads)), ("value", .float(value))])
  }
}
