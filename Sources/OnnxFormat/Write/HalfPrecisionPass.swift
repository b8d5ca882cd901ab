import ByteSource
import Diagnostics
import ModelGraph
import TensorCore

/// Makes single-precision constants and values half precision, with casts at the model's borders.
enum HalfPrecisionPass {
  static let largest: Float = 65504

  struct Result {
    var graph: Graph
    /// Constants with values that do not fit.
    var overflows: [(constant: String, magnitude: Float)]
    /// The single-precision tensors behind the half-precision constants, which are converted while they are written.
    var sources: [ObjectIdentifier: Tensor]
  }

  /// - Throws: `onnx.float16-control-flow` for graphs with bodies.
  static func run(
    _ graph: Graph, _ options: OnnxWriteOptions.HalfPrecision
  ) throws(Diagnostic) -> Result {
    if let n = graph.nodes.first(where: { !$0.op.bodies.isEmpty }) {
      throw .error(
        "onnx.float16-control-flow", "layer '\(n.name)' has a body, which cannot be made half precision",
        at: n.origin.location, help: "convert with --dtype float32")
    }
    var overflows: [(constant: String, magnitude: Float)] = []
    var sources: [ObjectIdentifier: Tensor] = [:]
    var editor = GraphEditor(graph)
    for v in graph.values {
      guard let t = v.constant, t.dtype == .float32 else { continue }
      let magnitude = try t.largestFiniteMagnitude()
      if magnitude > largest { overflows.append((v.name, magnitude)) }
      let half = try t.asHalf()
      sources[ObjectIdentifier(half.storage)] = t
      editor.setConstant(v.id, half)
    }
    for id in graph.inputs {
      guard let v = graph[id], v.type.dtype == .float32 else { continue }
      guard options.keepsInterface else {
        editor.setType(id, .tensor(.float16, v.type.shape))
        continue
      }
      let users = graph.consumers(of: id)
      guard let first = graph.order.first(where: { n in users.contains { $0.id == n } }) else { continue }
      let made = try editor.insert(Cast(to: .float16), [id], name: v.name + "/half", before: first)
      guard let half = made.first ?? nil else { continue }
      for u in users {
        for (i, operand) in u.inputs.enumerated() where operand == id { editor.setInput(u.id, i, half) }
      }
    }
    for n in graph.nodes { try retype(n, &editor) }
    for (k, id) in graph.outputs.enumerated() {
      guard options.keepsInterface, let v = editor.graph[id], v.type.dtype == .float16,
        graph[id]?.type.dtype == .float32, v.producer != nil
      else { continue }
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
    return Result(graph: editor.graph, overflows: overflows, sources: sources)
  }

  /// Casts and constant-like operators that name single precision name half precision instead.
  private static func retype(_ n: Node, _ editor: inout GraphEditor) throws(Diagnostic) {
    switch n.op {
    case var op as Cast where op.to == .float32:
      op.to = .float16
      try editor.update(n.id, op: op, inputs: editor.graph[n.id]?.inputs ?? n.inputs)
    case let op as Fill where op.value.tensor.dtype == .float32:
      let half = Fill(try op.value.tensor.asHalf())
      try editor.update(n.id, op: half, inputs: editor.graph[n.id]?.inputs ?? n.inputs)
    default: if !(n.op is ForeignOperator) { try editor.inferTypes(of: n.id) }
    }
  }
}

extension Tensor {
  /// Half-precision elements, converted when they are first asked for.
  func asHalf() throws(Diagnostic) -> Tensor {
    let source = self
    let (bytes, overflow) = count.multipliedReportingOverflow(by: 2)
    if overflow { throw .error("tensor.size", "a constant is too large") }
    let storage = TensorStorage(byteCount: bytes) { () throws(Diagnostic) -> ByteSlice in try source.halfBytes() }
    return try Tensor(storage: storage, dtype: .float16, shape: shape)
  }

  private func halfBytes() throws(Diagnostic) -> ByteSlice {
    let n = count
    return try withBytes { (b) throws(Diagnostic) in
      try ByteStorage.allocate(count: n * 2) { out in
        // SAFETY: b holds n floats, out n halves.
        for i in 0..<n {
          let f = b.loadUnaligned(fromByteOffset: i * 4, as: Float.self)
          out.storeBytes(of: Float16(f).bitPattern, toByteOffset: i * 2, as: UInt16.self)
        }
      }.all
    }
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
