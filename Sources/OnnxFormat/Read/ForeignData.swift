import Diagnostics
import TensorCore

/// Attributes that are kept as they are must not depend on where the file lies: data of other files is taken in.
enum ForeignData {
  static func embedded(_ n: NodeMessage, _ tensors: TensorDecoder) throws(Diagnostic) -> NodeMessage {
    guard n.attributes.contains(where: { $0.value.namesOtherFiles }) else { return n }
    var out = n
    for (i, a) in n.attributes.enumerated() where a.value.namesOtherFiles {
      out.attributes[i].source = nil
      out.attributes[i].value = try embedded(a.value, tensors)
    }
    return out
  }

  private static func embedded(_ v: AttributeValue, _ tensors: TensorDecoder) throws(Diagnostic) -> AttributeValue {
    switch v {
    case .tensor(let t): return .tensor(try embedded(t, tensors))
    case .tensors(let list):
      var out: [TensorMessage] = []
      for t in list { out.append(try embedded(t, tensors)) }
      return .tensors(out)
    case .sparseTensor(let s): return .sparseTensor(try embedded(s, tensors))
    case .sparseTensors(let list):
      var out: [SparseTensorMessage] = []
      for s in list { out.append(try embedded(s, tensors)) }
      return .sparseTensors(out)
    case .graph(let g): return .graph(try embedded(g, tensors))
    case .graphs(let list):
      var out: [GraphMessage] = []
      for g in list { out.append(try embedded(g, tensors)) }
      return .graphs(out)
    default: return v
    }
  }

  private static func embedded(_ t: TensorMessage, _ tensors: TensorDecoder) throws(Diagnostic) -> TensorMessage {
    guard t.isExternal else { return t }
    var out = t
    out.payload = .tensor(try tensors.decode(t))
    return out
  }

  private static func embedded(
    _ s: SparseTensorMessage, _ tensors: TensorDecoder
  ) throws(Diagnostic) -> SparseTensorMessage {
    var out = s
    out.values = try embedded(s.values, tensors)
    out.indices = try embedded(s.indices, tensors)
    return out
  }

  private static func embedded(_ g: GraphMessage, _ tensors: TensorDecoder) throws(Diagnostic) -> GraphMessage {
    var out = g
    for i in g.initializers.indices { out.initializers[i] = try embedded(g.initializers[i], tensors) }
    for i in g.sparseInitializers.indices {
      out.sparseInitializers[i] = try embedded(g.sparseInitializers[i], tensors)
    }
    for i in g.nodes.indices { out.nodes[i] = try embedded(g.nodes[i], tensors) }
    return out
  }
}
