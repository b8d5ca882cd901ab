import ByteSource
import Containers
import Diagnostics
import TensorCore

// Encoding of the module's values: field numbers are those of Schemas/onnx.proto, fields stand in the order of their
// numbers, and what is empty is left out, so equal models give equal bytes.

private func wireDomain(_ d: String) -> String { d == "ai.onnx" ? "" : d }

extension ProtobufBuilder {
  fileprivate mutating func int(_ field: UInt32, _ v: Int) { int(field, Int64(v)) }

  /// A string field that is left out when it is empty.
  fileprivate mutating func stringIfAny(_ field: UInt32, _ v: String) { if !v.isEmpty { string(field, v) } }

  fileprivate mutating func floats(_ field: UInt32, _ v: [Float]) { for x in v { float(field, x) } }

  fileprivate mutating func ints(_ field: UInt32, _ v: [Int64]) { for x in v { int(field, x) } }
}

extension EntryMessage {
  var encoded: ProtobufBuilder {
    var r = ProtobufBuilder()
    r.string(1, key)
    r.string(2, value)
    return r
  }
}

extension OpsetMessage {
  var encoded: ProtobufBuilder {
    var r = ProtobufBuilder()
    r.string(1, wireDomain(domain))
    r.int(2, version)
    return r
  }
}

extension ModelMessage {
  func encoded() throws(Diagnostic) -> ProtobufBuilder {
    var r = ProtobufBuilder()
    r.int(1, irVersion)
    r.stringIfAny(2, producerName)
    r.stringIfAny(3, producerVersion)
    r.stringIfAny(4, domain)
    if modelVersion != 0 { r.int(5, modelVersion) }
    r.stringIfAny(6, documentation)
    r.message(7, try graph.encoded())
    for o in opsets { r.message(8, o.encoded) }
    for e in metadata { r.message(14, e.encoded) }
    for f in functions { r.message(25, try f.encoded()) }
    if let rest { r.append(try rest.encoded()) }
    return r
  }
}

extension GraphMessage {
  func encoded() throws(Diagnostic) -> ProtobufBuilder {
    var r = ProtobufBuilder()
    for n in nodes { r.message(1, try n.encoded()) }
    r.string(2, name)
    for t in initializers { r.message(5, try t.encoded()) }
    r.stringIfAny(10, documentation)
    for v in inputs { r.message(11, try v.encoded()) }
    for v in outputs { r.message(12, try v.encoded()) }
    for v in valueInfo { r.message(13, try v.encoded()) }
    for a in quantizationAnnotations { r.message(14, try a.encoded()) }
    for t in sparseInitializers { r.message(15, try t.encoded()) }
    for e in metadata { r.message(16, e.encoded) }
    if let rest { r.append(try rest.encoded()) }
    return r
  }
}

extension NodeMessage {
  func encoded() throws(Diagnostic) -> ProtobufBuilder {
    var r = ProtobufBuilder()
    for i in inputs { r.string(1, i) }
    for o in outputs { r.string(2, o) }
    r.stringIfAny(3, name)
    r.string(4, type)
    for a in attributes { r.message(5, try a.encoded()) }
    r.stringIfAny(6, documentation)
    r.stringIfAny(7, wireDomain(domain))
    r.stringIfAny(8, overload)
    for e in metadata { r.message(9, e.encoded) }
    if let rest { r.append(try rest.encoded()) }
    return r
  }
}

extension AttributeMessage {
  /// The message as the file had it, where it came from one and does not depend on where that file lies.
  func encoded() throws(Diagnostic) -> ProtobufBuilder {
    if let source, !value.namesOtherFiles { return try source.encoded() }
    var r = ProtobufBuilder()
    r.string(1, name)
    switch value {
    case .float(let v): r.float(2, v)
    case .int(let v): r.int(3, v)
    case .string(let v): r.bytes(4, v)
    case .tensor(let v): r.message(5, try v.encoded())
    case .graph(let v): r.message(6, try v.encoded())
    case .floats(let v): r.floats(7, v)
    case .ints(let v): r.ints(8, v)
    case .strings(let v): for s in v { r.bytes(9, s) }
    case .tensors(let v): for t in v { r.message(10, try t.encoded()) }
    case .graphs(let v): for g in v { r.message(11, try g.encoded()) }
    case .type(let v): r.message(14, v.encoded)
    case .types(let v): for t in v { r.message(15, t.encoded) }
    case .sparseTensor, .sparseTensors, .reference: break
    }
    if !documentation.isEmpty { r.string(13, documentation) }
    r.int(20, value.kind.rawValue)
    switch value {
    case .reference(let name, _): r.string(21, name)
    case .sparseTensor(let v): r.message(22, try v.encoded())
    case .sparseTensors(let v): for t in v { r.message(23, try t.encoded()) }
    default: break
    }
    return r
  }
}

extension AttributeValue {
  /// Whether a tensor in it has its data in a file beside the model.
  var namesOtherFiles: Bool {
    switch self {
    case .tensor(let t): t.isExternal
    case .tensors(let l): l.contains(where: \.isExternal)
    case .sparseTensor(let s): s.values.isExternal || s.indices.isExternal
    case .sparseTensors(let l): l.contains { $0.values.isExternal || $0.indices.isExternal }
    case .graph(let g): g.namesOtherFiles
    case .graphs(let l): l.contains(where: \.namesOtherFiles)
    default: false
    }
  }
}

extension GraphMessage {
  /// Whether a tensor of the graph or of its bodies has its data in a file beside the model.
  var namesOtherFiles: Bool {
    initializers.contains(where: \.isExternal)
      || sparseInitializers.contains { $0.values.isExternal || $0.indices.isExternal }
      || nodes.contains { $0.attributes.contains { $0.value.namesOtherFiles } }
  }
}

extension FunctionMessage {
  func encoded() throws(Diagnostic) -> ProtobufBuilder {
    if let source { return try source.encoded() }
    var r = ProtobufBuilder()
    r.string(1, name)
    for i in inputs { r.string(4, i) }
    for o in outputs { r.string(5, o) }
    for a in attributes { r.string(6, a) }
    for n in nodes { r.message(7, try n.encoded()) }
    r.stringIfAny(8, documentation)
    for o in opsets { r.message(9, o.encoded) }
    r.string(10, wireDomain(domain))
    for a in defaults { r.message(11, try a.encoded()) }
    r.stringIfAny(13, overload)
    return r
  }
}

extension TensorMessage {
  func encoded() throws(Diagnostic) -> ProtobufBuilder {
    var r = ProtobufBuilder()
    if !dims.isEmpty { r.ints(1, dims) }
    r.int(2, dataType)
    if case .strings(let list) = payload { for s in list { r.bytes(6, s.bytes) } }
    if case .tensor(let t) = payload, t.dtype == .string { for s in try t.strings() { r.bytes(6, s.bytes) } }
    r.stringIfAny(8, name)
    switch payload {
    case .raw(let b), .floats(let b), .doubles(let b):
      r.payload(9, .slice(b))
    case .tensor(let t) where t.dtype != .string: r.payload(9, TensorStream.payload(t))
    case .halved(let t, let type): r.payload(9, TensorStream.halvedPayload(t, type))
    case .external(let list):
      for e in list { r.message(13, e.encoded) }
      r.int(14, 1)
    case .int32s(let b): r.packed(5, try b.wireIntegers(width: 4))
    case .int64s(let b): r.packed(payloadFields.first == "uint64_data" ? 11 : 7, try b.wireIntegers(width: 8))
    default: break
    }
    if let rest { r.append(try rest.encoded()) }
    return r
  }
}

extension SparseTensorMessage {
  func encoded() throws(Diagnostic) -> ProtobufBuilder {
    var r = ProtobufBuilder()
    r.message(1, try values.encoded())
    r.message(2, try indices.encoded())
    r.ints(3, dims)
    return r
  }
}

extension TypeMessage {
  var encoded: ProtobufBuilder {
    var r = ProtobufBuilder()
    switch self {
    case .tensor(let t, let shape): r.message(1, Self.tensor(t, shape))
    case .sequence(let t): r.message(4, Self.wrapped(1, t))
    case .map(let key, let value):
      var m = ProtobufBuilder()
      m.int(1, key)
      if let value { m.message(2, value.encoded) }
      r.message(5, m)
    case .opaque(let domain, let name):
      var m = ProtobufBuilder()
      m.string(1, domain)
      m.string(2, name)
      r.message(7, m)
    case .sparseTensor(let t, let shape): r.message(8, Self.tensor(t, shape))
    case .optional(let t): r.message(9, Self.wrapped(1, t))
    case .none: break
    }
    return r
  }

  private static func wrapped(_ field: UInt32, _ t: TypeMessage?) -> ProtobufBuilder {
    var m = ProtobufBuilder()
    if let t { m.message(field, t.encoded) }
    return m
  }

  private static func tensor(_ type: Int, _ shape: [DimensionMessage]?) -> ProtobufBuilder {
    var m = ProtobufBuilder()
    m.int(1, type)
    guard let shape else { return m }
    var s = ProtobufBuilder()
    for d in shape {
      var e = ProtobufBuilder()
      switch d {
      case .value(let v): e.int(1, v)
      case .symbol(let n): e.string(2, n)
      case .unknown: break
      }
      s.message(1, e)
    }
    m.message(2, s)
    return m
  }
}

extension TensorMessage {
  var isExternal: Bool { if case .external = payload { true } else { false } }
}

extension ByteSlice {
  /// Little-endian integers of 4 or 8 bytes.
  func wireIntegers(width: Int) throws(Diagnostic) -> [Int64] {
    var out: [Int64] = []
    var cursor = ByteCursor(self)
    while cursor.remaining >= width {
      out.append(
        width == 4 ? Int64(Int32(bitPattern: try cursor.u32())) : Int64(bitPattern: try cursor.u64()))
    }
    return out
  }
}
