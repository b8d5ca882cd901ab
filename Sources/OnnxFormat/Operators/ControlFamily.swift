import Diagnostics
import ModelGraph
import TensorCore

/// If, Loop, Scan, SequenceMap: operators with bodies.
enum ControlFamily {
  static let importers: [String: OnnxImporter] = [
    "If": { (s, c) throws(Diagnostic) in
      let a = try body(c, "then_branch", s, [])
      let b = try body(c, "else_branch", s, [])
      try s.apply(
        If(thenBody: a.graph, elseBody: b.graph), [c.input(0)] + a.captures.map { $0 } + b.captures.map { $0 }, c)
    },
    "Loop": { (s, c) throws(Diagnostic) in try loop(s, c) },
    "Scan": { (s, c) throws(Diagnostic) in
      if c.version == 8 { try batchedScan(s, c) } else { try scan(s, c) }
    },
    "ai.onnx.preview|FlexAttention": { (s, c) throws(Diagnostic) in
      let type = s.dtype(c.input(0)) ?? .float32
      let score: ValueType = .tensor(type, (0..<4).map { .symbol("?\(c.name).\($0)") })
      let a = c.has("score_mod") ? try body(c, "score_mod", s, [score]) : nil
      let b = c.has("prob_mod") ? try body(c, "prob_mod", s, [score]) : nil
      let op = FlexAttention(
        scale: try c.optionalFloat("scale"), softmaxPrecision: try c.optionalDType("softmax_precision"),
        scoreBody: a?.graph, probabilityBody: b?.graph)
      let captures = (a?.captures ?? []) + (b?.captures ?? [])
      try s.apply(op, Array(c.inputs.prefix(3)) + captures.map { $0 }, c)
    },
    "SequenceMap": { (s, c) throws(Diagnostic) in
      let types = c.inputs.map { id -> ValueType in
        if case .sequence(let e) = s.type(id) { e } else { s.type(id) }
      }
      let b = try body(c, "body", s, types)
      try s.apply(
        SequenceMap(body: b.graph, operands: c.inputs.count), c.inputs + b.captures.map { $0 }, c)
    },
  ]

  /// A closed body, and the values of this graph that it captures, in the order of its last inputs.
  private static func body(
    _ c: OnnxCall, _ attribute: String, _ s: OnnxScope, _ types: [ValueType]
  ) throws(Diagnostic) -> (graph: Graph, captures: [ValueID]) {
    let message = try c.graph(attribute)
    let inner = OnnxScope(s.model, name: message.name, parent: s, isConditional: c.node.type == "If")
    _ = try GraphImporter.read(message, into: inner, inputTypes: types)
    return (inner.graph, inner.captures.map(\.outer))
  }

  private static func loop(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) {
    let first = Array(c.inputs.dropFirst(2))
    var types: [ValueType] = [.tensor(.int64, []), .tensor(.bool, [])] + first.map { s.type($0) }
    var b = try body(c, "body", s, types)
    // A carried value may change its shape from run to run: what differs after one run is unknown.
    for _ in 0..<3 {
      let results = BodyRule.outputTypes(b.graph)
      guard results.count >= 1 + first.count else {
        throw c.error("onnx.body-outputs", "its body has \(results.count) results for \(first.count) carried values")
      }
      var changed = false
      for i in first.indices {
        let joint = BodyRule.common(types[2 + i], results[1 + i])
        let open = BodyRule.closed([joint], TypeInputs([], freshPrefix: "\(c.name).\(i)"))[0]
        if !same(open, types[2 + i]) {
          types[2 + i] = open
          changed = true
        }
      }
      if !changed { break }
      b = try body(c, "body", s, types)
    }
    let trip = c.input(0)
    let condition = c.input(1)
    try s.apply(
      Loop(body: b.graph, carried: first.count), [trip, condition] + first + b.captures.map { $0 }, c)
  }

  /// Equal but for the names of unknown extents.
  private static func same(_ a: ValueType, _ b: ValueType) -> Bool {
    if case .tensor(let t, .some(let x)) = a, case .tensor(let u, .some(let y)) = b {
      return t == u && x.count == y.count && zip(x, y).allSatisfy { $0 == $1 || ($0.isAnonymous && $1.isAnonymous) }
    }
    return a == b
  }

  private static func scan(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) {
    let n = try c.int("num_scan_inputs")
    let states = c.inputs.count - n
    guard n >= 1, states >= 0 else {
      throw c.error("onnx.attribute-value", "num_scan_inputs is \(n) with \(c.inputs.count) inputs")
    }
    let inputs = try walks(c, n, "scan_input_axes", "scan_input_directions")
    var types: [ValueType] = c.inputs.map { s.type($0) }
    for (k, walk) in inputs.enumerated() {
      guard case .tensor(let t, .some(var shape)) = types[states + k] else { continue }
      let a = walk.axis < 0 ? walk.axis + shape.count : walk.axis
      guard shape.indices.contains(a) else {
        throw c.error("onnx.attribute-value", "axis \(walk.axis) is outside scanned input \(k)")
      }
      shape.remove(at: a)
      types[states + k] = .tensor(t, shape)
    }
    let b = try body(c, "body", s, types)
    let outputs = try walks(c, max(0, b.graph.outputs.count - states), "scan_output_axes", "scan_output_directions")
    try s.apply(
      Scan(body: b.graph, states: states, inputs: inputs, outputs: outputs), c.inputs + b.captures.map { $0 }, c)
  }

  /// Version 8: every operand has a batch axis first. A scan over the batch whose body scans over time.
  private static func batchedScan(_ s: OnnxScope, _ c: OnnxCall) throws(Diagnostic) {
    let operands = Array(c.inputs.dropFirst())
    let n = try c.int("num_scan_inputs")
    let states = operands.count - n
    guard n >= 1, states >= 0 else {
      throw c.error("onnx.attribute-value", "num_scan_inputs is \(n) with \(operands.count) inputs")
    }
    func without(_ t: ValueType, axes: Int) -> ValueType {
      guard case .tensor(let d, .some(let shape)) = t, shape.count >= axes else {
        return t.dtype.map { .tensor($0, nil) } ?? t
      }
      return .tensor(d, Array(shape.dropFirst(axes)))
    }
    let types = operands.map { s.type($0) }
    let b = try body(
      c, "body", s, types.enumerated().map { without($0.element, axes: $0.offset < states ? 1 : 2) })
    let results = b.graph.outputs.count
    let time = Scan(
      body: b.graph, states: states, inputs: try walks(c, n, "scan_input_axes", "directions"),
      outputs: (0..<max(0, results - states)).map { _ in Scan.Walk() })
    var editor = GraphEditor(name: "batch")
    var inner: [ValueID?] = []
    for (k, t) in types.enumerated() { inner.append(editor.addInput("operand\(k)", without(t, axes: 1))) }
    var lengths: ScanLengths?
    if c.input(0) != nil {
      // Operands of the batch's scan stand before what is captured.
      let length = editor.addInput("length", .tensor(.int64, []))
      lengths = try ScanLengths(length, c, &editor)
      for k in states..<operands.count { inner[k] = try lengths?.cut(inner[k], k, &editor) }
    }
    for (k, id) in b.captures.enumerated() { inner.append(editor.addInput("capture\(k)", s.type(id))) }
    var made = try editor.insert(
      time, inner, name: c.name, outputNames: (0..<results).map { "result\($0)" }, origin: c.origin)
    if let lengths { for k in states..<max(states, results) { made[k] = try lengths.padded(made[k], k, &editor) } }
    editor.setOutputs(made.compactMap { $0 })
    let outer = operands + (c.input(0).map { [$0] } ?? [])
    let batch = Scan(
      body: editor.graph, states: 0, inputs: outer.map { _ in Scan.Walk() },
      outputs: (0..<results).map { _ in Scan.Walk() })
    try s.apply(batch, outer + b.captures.map { $0 }, c)
  }

  private static func walks(
    _ c: OnnxCall, _ n: Int, _ axes: String, _ directions: String
  ) throws(Diagnostic) -> [Scan.Walk] {
    let a = try c.ints(axes)
    let d = try c.ints(directions)
    guard a.isEmpty || a.count == n, d.isEmpty || d.count == n, n < 1 << 16 else {
      throw c.error("onnx.attribute-value", "\(axes) or \(directions) does not have \(n) entries")
    }
    return (0..<n).map { Scan.Walk(axis: a.isEmpty ? 0 : a[$0], isReverse: !d.isEmpty && d[$0] == 1) }
  }
}

/// What a batch entry's sequence length does to Scan-8: operands are cut to it, results are filled up with zeros.
private struct ScanLengths {
  private let call: OnnxCall
  private let length: ValueID
  private let zero: ValueID
  private var whole: ValueID?

  init(_ length: ValueID, _ call: OnnxCall, _ editor: inout GraphEditor) throws(Diagnostic) {
    self.call = call
    zero = editor.addConstant("zero", try Tensor([Int64(0)]))
    let one = editor.addConstant("one", try Tensor([Int64(1)]))
    self.length = try Self.make(Reshape(), [length, one], "steps", call, &editor)
  }

  private static func make(
    _ op: any Operator, _ inputs: [ValueID?], _ name: String, _ call: OnnxCall, _ editor: inout GraphEditor
  ) throws(Diagnostic) -> ValueID {
    let made = try editor.insert(op, inputs, name: name, outputNames: [name], origin: call.origin)
    guard let first = made.first.flatMap({ $0 }) else { throw call.error("onnx.output-count", "a result is missing") }
    return first
  }

  mutating func cut(_ x: ValueID?, _ k: Int, _ editor: inout GraphEditor) throws(Diagnostic) -> ValueID {
    if whole == nil { whole = try Self.make(ShapeOf(start: 0, end: 1), [x], "extent", call, &editor) }
    return try Self.make(Slice(), [x, zero, length, zero], "cut\(k)", call, &editor)
  }

  func padded(_ y: ValueID?, _ k: Int, _ editor: inout GraphEditor) throws(Diagnostic) -> ValueID {
    let rest = try Self.make(BinaryMap(.subtract), [whole, length], "rest\(k)", call, &editor)
    let pads = try Self.make(Concat(axis: 0), [zero, rest], "pads\(k)", call, &editor)
    return try Self.make(Pad(), [y, pads, nil, zero], "filled\(k)", call, &editor)
  }
}

extension OnnxEmitter {
  /// A body as a message: inputs past `formal` stand for the values of this graph that operands from `captures` on
  /// name.
  fileprivate func bodyMessage(_ body: Graph, formal: Int, captures: Int) throws(Diagnostic) -> GraphMessage {
    var outer: [ValueID: String] = [:]
    for (k, id) in body.inputs.enumerated() where k >= formal { outer[id] = input(captures + k - formal) }
    do throws(Diagnostics) {
      return try GraphWriter.body(body, in: self, outer: outer, formal: formal)
    } catch {
      throw error.items.first ?? refuse("onnx.body", "its body cannot be written")
    }
  }
}

extension If: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let ranks = zip(thenBody.outputs, elseBody.outputs).map { a, b in
      (thenBody[a]?.type.shape?.count, elseBody[b]?.type.shape?.count)
    }
    if e.opset < 11, ranks.contains(where: { $0 != nil && $1 != nil && $0 != $1 }) {
      throw e.refuse(
        "onnx.opset-too-low", "branches whose results differ in rank need operator set 11", help: e.useOpset(11))
    }
    let a = try e.bodyMessage(thenBody, formal: 0, captures: 1)
    let b = try e.bodyMessage(elseBody, formal: 0, captures: 1 + thenBody.inputs.count)
    try e.put("If", [e.input(0)], e.outputs(all: true), [("else_branch", .graph(b)), ("then_branch", .graph(a))])
  }
}

extension Loop: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let message = try e.bodyMessage(body, formal: 2 + carried, captures: 2 + carried)
    try e.put("Loop", (0..<(2 + carried)).map { e.input($0) }, e.outputs(all: true), [("body", .graph(message))])
  }
}

extension Scan: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let operands = states + inputs.count
    let message = try e.bodyMessage(body, formal: operands, captures: operands)
    var attributes: [(String, OnnxAttribute)] = [("body", .graph(message)), ("num_scan_inputs", .int(inputs.count))]
    for (name, walks) in [("input", inputs), ("output", outputs)] {
      if walks.contains(where: { $0.axis != 0 }) { attributes.append(("scan_\(name)_axes", .ints(walks.map(\.axis)))) }
      if walks.contains(where: \.isReverse) {
        attributes.append(("scan_\(name)_directions", .ints(walks.map { $0.isReverse ? 1 : 0 })))
      }
    }
    try e.put("Scan", (0..<operands).map { e.input($0) }, e.outputs(all: true), attributes)
  }
}

extension SequenceMap: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    let message = try e.bodyMessage(body, formal: operands, captures: operands)
    if e.opset < 17 { return try e.sequenceMap(self, message) }
    try e.put("SequenceMap", (0..<operands).map { e.input($0) }, e.outputs(all: true), [("body", .graph(message))])
  }
}

extension FlexAttention: OnnxExportable {
  package func export(to e: OnnxEmitter) throws(Diagnostic) {
    var attributes: [(String, OnnxAttribute)] = []
    if let scale { attributes.append(("scale", .float(scale.value))) }
    attributes.append(("softmax_precision", .optional(softmaxPrecision.map { OnnxDType.number($0) })))
    var captures = 3
    for (name, body) in [("score_mod", scoreBody), ("prob_mod", probabilityBody)] {
      guard let body else { continue }
      attributes.append((name, .graph(try e.bodyMessage(body, formal: 1, captures: captures))))
      captures += body.inputs.count - 1
    }
    try e.put(
      "FlexAttention", (0..<3).map { e.input($0) }, e.outputs, attributes, domain: "ai.onnx.preview")
  }
}
