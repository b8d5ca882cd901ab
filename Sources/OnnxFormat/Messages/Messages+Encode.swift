import Diagnostics
import TensorCore

// Encoding of the module's values: field numbers are those of Schemas/onnx.proto, fields stand in the order of their
// numbers, and what is empty is left out, so equal models give equal bytes.

private func wireDomain(_ d: String) -> String { d == "ai.onnx" ? "" : d }

extension EntryMessage {
  var rope: WireRope {
    var r = WireRope()
    r.string(1, key)
    r.string(2, value)
    return r
  }
}

extension OpsetMessage {
  var rope: WireRope {
    var r = WireRope()
    r.string(1, wireDomain(domain))
    r.int(2, version)
    return r
  }
}

extension ModelMessage {
  func rope() throws(Diagnostic) -> WireRope {
    var r = WireRope()
    r.int(1, irVersion)
    r.stringIfAny(2, producerName)
    r.stringIfAny(3, producerVersion)
    r.stringIfAny(4, domain)
    if modelVersion != 0 { r.int(5, modelVersion) }
    r.stringIfAny(6, documentation)
    r.message(7, try graph.rope())
    for o in opsets { r.message(8, o.rope) }
    for e in metadata { r.message(14, e.rope) }
    for f in functions { r.message(25, try f.rope()) }
    return r
  }
}

extension GraphMessage {
  func rope() throws(Diagnostic) -> WireRope {
    var r = WireRope()
    for n in nodes { r.message(1, try n.rope()) }
    r.string(2, name)
    for t in initializers { r.message(5, try t.rope()) }
    r.stringIfAny(10, documentation)
    for v in inputs { r.message(11, v.rope) }
    for v in outputs { r.message(12, v.rope) }
    for v in valueInfo { r.message(13, v.rope) }
    for t in sparseInitializers { r.message(15, try t.rope()) }
    for e in metadata { r.message(16, e.rope) }
    return r
  }
}

extension NodeMessage {
  func rope() throws(Diagnostic) -> WireRope {
    var r = WireRope()
    for i in inputs { r.string(1, i) }
    for o in outputs { r.string(2, o) }
    r.stringIfAny(3, name)
    r.string(4, type)
    for a in attributes { r.message(5, try a.rope()) }
    r.stringIfAny(6, documentation)
    r.stringIfAny(7, wireDomain(domain))
    r.stringIfAny(8, overload)
    for e in metadata { r.message(9, e.rope) }
    return r
  }
}

extension AttributeMessage {
  func rope() throws(Diagnostic) -> WireRope {
    var r = WireRope()
    r.string(1, name)
    switch value {
    case .float(let v): r.float(2, v)
    case .int(let v): r.int(3, v)
    case .string(let v): r.bytes(4, v)
    case .tensor(let v): r.message(5, try v.rope())
    case .graph(let v): r.message(6, try v.rope())
    case .floats(let v): r.floats(7, v)
    case .ints(let v): r.ints(8, v)
    case .strings(let v): for s in v { r.bytes(9, s) }
    case .tensors(let v): for t in v { r.message(10, try t.rope()) }
    case .graphs(let v): for g in v { r.message(11, try g.rope()) }
    case .type(let v): r.message(14, v.rope)
    case .types(let v): for t in v { r.message(15, t.rope) }
    case .sparseTensor, .sparseTensors, .reference: break
    }
    r.int(20, value.kind.rawValue)
    switch value {
    case .reference(let name, _): r.string(21, name)
    case .sparseTensor(let v): r.message(22, try v.rope())
    case .sparseTensors(let v): for t in v { r.message(23, try t.rope()) }
    default: break
    }
    return r
  }
}

extension FunctionMessage {
  func rope() throws(Diagnostic) -> WireRope {
    var r = WireRope()
    r.string(1, name)
    for i in inputs { r.string(4, i) }
    for o in outputs { r.string(5, o) }
    for a in attributes { r.string(6, a) }
    for n in nodes { r.message(7, try n.rope()) }
    r.stringIfAny(8, documentation)
    for o in opsets { r.message(9, o.rope) }
    r.string(10, wireDomain(domain))
    for a in defaults { r.message(11, try a.rope()) }
    r.stringIfAny(13, overload)
    return r
  }
}

extension TensorMessage {
  func rope() throws(Diagnostic) -> WireRope {
    var r = WireRope()
    if !dims.isEmpty { r.ints(1, dims) }
    r.int(2, dataType)
    if case .strings(let list) = payload { for s in list { r.bytes(6, s.bytes) } }
    if case .tensor(let t) = payload, t.dtype == .string { for s in try t.strings() { r.bytes(6, s.bytes) } }
    r.stringIfAny(8, name)
    switch payload {
    case .raw(let b), .floats(let b), .doubles(let b):
      r.payload(9, WireRope.Payload(byteCount: b.count) { (put) throws(Diagnostic) in try put(b) })
    case .tensor(let t) where t.dtype != .string: r.payload(9, TensorStream.payload(t))
    case .external(let list):
      for e in list { r.message(13, e.rope) }
      r.int(14, 1)
    default: break
    }
    return r
  }
}

extension SparseTensorMessage {
  func rope() throws(Diagnostic) -> WireRope {
    var r = WireRope()
    r.message(1, try values.rope())
    r.message(2, try indices.rope())
    r.ints(3, dims)
    return r
  }
}

extension ValueInfoMessage {
  var rope: WireRope {
    var r = WireRope()
    r.string(1, name)
    if let type { r.message(2, type.rope) }
    return r
  }
}

extension TypeMessage {
  var rope: WireRope {
    var r = WireRope()
    switch self {
    case .tensor(let t, let shape): r.message(1, Self.tensor(t, shape))
    case .sequence(let t): r.message(4, Self.wrapped(1, t))
    case .map(let key, let value):
      var m = WireRope()
      m.int(1, key)
      if let value { m.message(2, value.rope) }
      r.message(5, m)
    case .opaque(let domain, let name):
      var m = WireRope()
      m.string(1, domain)
      m.string(2, name)
      r.message(7, m)
    case .sparseTensor(let t, let shape): r.message(8, Self.tensor(t, shape))
    case .optional(let t): r.message(9, Self.wrapped(1, t))
    case .none: break
    }
    return r
  }

  private static func wrapped(_ field: Int, _ t: TypeMessage?) -> WireRope {
    var m = WireRope()
    if let t { m.message(field, t.rope) }
    return m
  }

  private static func tensor(_ type: Int, _ shape: [DimensionMessage]?) -> WireRope {
    var m = WireRope()
    m.int(1, type)
    guard let shape else { return m }
    var s = WireRope()
    for d in shape {
      var e = WireRope()
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
