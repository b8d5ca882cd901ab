import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Makes single-precision constants and values half precision (float16 or bfloat16), with casts at the model's borders
/// and around operands that ONNX wants in single precision.
final class HalfPrecisionPass {
  /// The largest float16.
  static let largest: Float = 65504

  struct Result {
    var graph: Graph
    /// Constants with values that do not fit.
    var overflows: [(constant: String, magnitude: Float)]
    /// The single-precision tensors behind the half-precision constants, which are converted while they are written.
    var sources: [ObjectIdentifier: Tensor]
  }

  private let type: DType
  private let options: OnnxWriteOptions.HalfPrecision
  private var overflows: [(constant: String, magnitude: Float)] = []
  private var sources: [ObjectIdentifier: Tensor] = [:]
  /// Half-precision constants by the storage of their source, so that bodies go on sharing them.
  private var made: [ObjectIdentifier: [(source: Tensor, half: Tensor)]] = [:]

  private init(_ options: OnnxWriteOptions.HalfPrecision) {
    self.options = options
    type = options.type
  }

  /// - Throws: `onnx.half-interface` for inputs of sequences that would have to keep single precision;
  ///   `graph.inference` where an operator's operands no longer fit.
  static func run(_ graph: Graph, _ options: OnnxWriteOptions.HalfPrecision) throws(Diagnostic) -> Result {
    let pass = HalfPrecisionPass(options)
    let out = try pass.convert(graph, isBody: false)
    return Result(graph: out, overflows: pass.overflows, sources: pass.sources)
  }

  private func convert(_ graph: Graph, isBody: Bool) throws(Diagnostic) -> Graph {
    var editor = GraphEditor(graph)
    for v in graph.values where v.constant?.dtype == .float32 { try constant(v, &editor) }
    for id in graph.inputs {
      guard let v = graph[id] else { continue }
      if isBody || !options.keepsInterface {
        editor.setType(id, narrowed(v.type))
      } else if v.type.dtype == .float32 {
        try cast(id, to: type, suffix: "half", &editor)
      } else if narrowed(v.type) != v.type {
        throw .error(
          "onnx.half-interface", "input '\(v.name)' is \(v.type), whose elements cannot be cast at the model's border",
          help: "convert with --dtype float32")
      }
    }
    for id in graph.order { try retype(id, &editor) }
    if !isBody, options.keepsInterface { try restoreOutputs(graph, &editor) }
    return editor.graph
  }

  private func narrowed(_ t: ValueType) -> ValueType {
    switch t {
    case .tensor(.float32, let shape): .tensor(type, shape)
    case .sequence(let e): .sequence(narrowed(e))
    case .optional(let e): .optional(narrowed(e))
    default: t
    }
  }

  // MARK: Constants

  private func constant(_ v: Value, _ editor: inout GraphEditor) throws(Diagnostic) {
    guard let t = v.constant else { return }
    let single = editor.graph.consumers(of: v.id).contains { n in
      n.inputs.enumerated().contains { $1 == v.id && SinglePrecision.wants(n.op, $0) }
    }
    let onlySingle = editor.graph.consumers(of: v.id).allSatisfy { n in
      n.inputs.enumerated().allSatisfy { $1 != v.id || SinglePrecision.wants(n.op, $0) }
    }
    if single, onlySingle, !editor.graph.isOutput(v.id) { return }
    let half = try half(t, v.name)
    guard single else { return editor.setConstant(v.id, half) }
    let copy = editor.addConstant(v.name + "/half", half)
    replace(v.id, by: copy, &editor) { op, i in !SinglePrecision.wants(op, i) }
  }

  private func half(_ t: Tensor, _ name: String) throws(Diagnostic) -> Tensor {
    let key = ObjectIdentifier(t.storage)
    let known = made[key]?.first {
      $0.source.byteOffset == t.byteOffset && $0.source.shape == t.shape && $0.source.strides == t.strides
    }
    if let known { return known.half }
    if type == .float16 {
      let magnitude = try t.largestFiniteMagnitude()
      if magnitude > Self.largest { overflows.append((name, magnitude)) }
    }
    let half = try t.asHalf(type)
    sources[ObjectIdentifier(half.storage)] = t
    made[key, default: []].append((t, half))
    return half
  }

  // MARK: Values

  /// Users of `id` for which `isWanted` holds use `new` instead.
  private func replace(
    _ id: ValueID, by new: ValueID, _ editor: inout GraphEditor, where isWanted: (any Operator, Int) -> Bool
  ) {
    for u in Set(editor.graph.consumers(of: id).map(\.id)) {
      guard let n = editor.graph[u], !n.outputs.contains(new) else { continue }
      for (i, operand) in n.inputs.enumerated() where operand == id && isWanted(n.op, i) { editor.setInput(u, i, new) }
    }
  }

  /// A value in another type before its first user, for the users that do not want single precision.
  private func cast(_ id: ValueID, to: DType, suffix: String, _ editor: inout GraphEditor) throws(Diagnostic) {
    let users = Set(
      editor.graph.consumers(of: id).filter { n in
        n.inputs.enumerated().contains { $1 == id && !SinglePrecision.wants(n.op, $0) }
      }.map(\.id))
    guard let first = editor.graph.order.first(where: { users.contains($0) }), let name = editor.graph[id]?.name else {
      return
    }
    let cast = try editor.insert(Cast(to: to), [id], name: "\(name)/\(suffix)", before: first)
    if let made = cast.first ?? nil { replace(id, by: made, &editor) { op, i in !SinglePrecision.wants(op, i) } }
  }

  /// Operators that name single precision name half precision instead; operands and results that stay in single
  /// precision get casts.
  private func retype(_ id: NodeID, _ editor: inout GraphEditor) throws(Diagnostic) {
    guard var n = editor.graph[id] else { return }
    for (i, operand) in n.inputs.enumerated() {
      guard let operand, SinglePrecision.wants(n.op, i), editor.graph[operand]?.type.dtype == type else { continue }
      let name = (editor.graph[operand]?.name ?? "value") + "/single"
      let made = try editor.insert(Cast(to: .float32), [operand], name: name, before: id)
      editor.setInput(id, i, made.first ?? nil)
    }
    n = editor.graph[id] ?? n
    if n.op is ForeignOperator {
      // What a foreign operator takes and gives is not known: it keeps single precision.
      for (i, operand) in n.inputs.enumerated() {
        guard let operand, editor.graph[operand]?.type.dtype == type else { continue }
        let made = try editor.insert(
          Cast(to: .float32), [operand], name: (editor.graph[operand]?.name ?? "value") + "/single", before: id)
        editor.setInput(id, i, made.first ?? nil)
      }
    } else if let op = try HalfForms.narrowed(
      n.op, to: type,
      body: { (g) throws(Diagnostic) in
        try self.convert(g, isBody: true)
      })
    {
      try editor.update(id, op: op, inputs: n.inputs)
    } else {
      try editor.inferTypes(of: id)
    }
    for v in n.outputs.compactMap({ $0 }) where editor.graph[v]?.type.dtype == .float32 {
      try cast(v, to: type, suffix: "half", &editor)
    }
  }

  // MARK: The interface

  private func restoreOutputs(_ graph: Graph, _ editor: inout GraphEditor) throws(Diagnostic) {
    for (k, id) in graph.outputs.enumerated() {
      guard let v = editor.graph[id], v.type.dtype == type, graph[id]?.type.dtype == .float32 else { continue }
      let name = v.name
      editor.rename(id, to: name + "/half")
      // The last node of a layer carries the layer's name.
      let producer = v.producer.flatMap { editor.graph[$0] }
      let made = try editor.insert(
        Cast(to: .float32), [id], name: producer?.name ?? name, outputNames: [name],
        origin: producer?.origin ?? Origin())
      if let producer { editor.renameNode(producer.id, to: producer.name + "/half") }
      guard let single = made.first ?? nil else { continue }
      var outputs = editor.graph.outputs
      outputs[k] = single
      editor.setOutputs(outputs)
    }
  }
}

extension Tensor {
  /// Half-precision elements, converted when they are first asked for.
  func asHalf(_ type: DType) throws(Diagnostic) -> Tensor {
    let source = self
    let (bytes, overflow) = count.multipliedReportingOverflow(by: 2)
    if overflow { throw .error("tensor.size", "a constant is too large") }
    let storage = TensorStorage(byteCount: bytes) { () throws(Diagnostic) -> ByteSlice in
      try source.withBytes { (b) throws(Diagnostic) in try TensorStream.halved(b, count: bytes / 2, type).all }
    }
    return try Tensor(storage: storage, dtype: type, shape: shape)
  }

  /// The largest magnitude among finite single-precision elements.
  func largestFiniteMagnitude() throws(Diagnostic) -> Float {
    let n = count
    return try withBytes { (b) throws(Diagnostic) in
      var m: Float = 0
      // SAFETY: b holds n floats.
      for i in 0..<n {
        let f = abs(b.loadUnaligned(fromByteOffset: i * 4, as: Float.self))
        if f > m, f.isFinite { m = f }
      }
      return m
    }
  }
}
