import Containers
import Diagnostics
import ModelGraph
import TensorCore

extension OnnxEmitter {
  /// The name under which notes know a value of this graph.
  func key(_ v: Value) -> OnnxNotes.Key { OnnxNotes.Key(graph: graph.name, value: v.name) }

  /// Adds what the source says of the node that is being written: to the emitted node that makes its first result.
  func describe(_ m: inout NodeMessage) {
    if notes == nil || !node.origin.passes.isEmpty {
      OnnxOrigin.describe(node.origin, in: &m, irVersion: irVersion)
    }
    guard let notes, let first = node.outputs.lazy.compactMap({ $0 }).first.flatMap({ graph[$0] }),
      m.outputs.contains(name(of: first)), let note = notes.nodes[key(first)]
    else { return }
    m.documentation = [note.documentation, m.documentation].filter { !$0.isEmpty }.joined(separator: "\n")
    m.metadata = note.metadata + m.metadata.filter { e in !note.metadata.contains { $0.key == e.key } }
    m.rest = note.rest
    for i in m.attributes.indices {
      m.attributes[i].documentation = note.attributeDocumentation[m.attributes[i].name] ?? ""
    }
  }

  /// The graph as a message.
  func message() throws(Diagnostic) -> GraphMessage {
    var g = GraphMessage()
    g.name = graph.name.isEmpty ? "model" : graph.name
    g.nodes = nodes
    // A constant that an exporter looked up and said otherwise is not written; one that the source keeps without a use
    // is.
    var used = Set(outputNames)
    for n in nodes { used.formUnion(NodeOrder.uses(n)) }
    var constants = initializers.filter { used.contains($0.name) }
    var keys: [String: OnnxNotes.Key] = [:]
    if let notes {
      for v in graph.values {
        guard let t = v.constant else { continue }
        keys[name(of: v)] = key(v)
        if notes.unused.contains(key(v)), v.consumers.isEmpty, !isPlaced(name(of: v)) {
          constants.append((name(of: v), t))
        }
      }
    }
    for c in constants {
      var t = TensorMessage(tensor: c.tensor, name: c.name)
      if let notes, let k = keys[c.name] { t.rest = try notes.rest(ofTensor: k) }
      g.initializers.append(t)
    }
    g.inputs = graph.inputs.compactMap { graph[$0] }.map { info($0, name(of: $0)) }
    // An input with a default stays one where the default is still there.
    let placed = Set(g.initializers.map(\.name))
    for v in graph.values where notes?.defaults.contains(key(v)) == true && placed.contains(name(of: v)) {
      g.inputs.append(info(v, name(of: v)))
    }
    for (id, name) in zip(graph.outputs, outputNames) {
      if let v = graph[id] { g.outputs.append(info(v, name)) }
    }
    try addNotes(to: &g)
    return g
  }

  private func info(_ v: Value, _ name: String) -> ValueInfoMessage {
    var m = ValueInfoMessage(name: name, type: OnnxTypes.message(v.type))
    guard let said = notes?.values[key(v)] else { return m }
    m.source = said.source
    // Passes infer types anew; what the file declares may be more than follows.
    if case .tensor(let t, .none) = v.type, case .tensor(let number, .some(let dims)) = said.type,
      number == OnnxDType.number(t)
    {
      m.type = .tensor(number, notes?.isReshaped == true ? dims.map { _ in .unknown } : dims)
    }
    return m
  }

  private func addNotes(to g: inout GraphMessage) throws(Diagnostic) {
    guard let notes else { return }
    let made = Set(nodes.flatMap(\.outputs))
    let interface = Set(g.outputs.map(\.name))
    for v in graph.values where v.producer != nil && notes.values[key(v)] != nil {
      let name = name(of: v)
      if made.contains(name), !interface.contains(name) { g.valueInfo.append(info(v, name)) }
    }
    guard let note = notes.graphs[graph.name] else { return }
    g.documentation = note.documentation
    g.metadata = note.metadata
    g.rest = note.rest
    var present = made.union(g.initializers.map(\.name)).union(g.inputs.map(\.name))
    for a in note.annotations where present.contains(try a.string("tensor_name")) {
      g.quantizationAnnotations.append(a)
      for e in try a.messages("quant_parameter_tensor_names") {
        let name = try e.string("value")
        guard let t = notes.annotationTensors[OnnxNotes.Key(graph: graph.name, value: name)],
          present.insert(name).inserted
        else { continue }
        g.initializers.append(TensorMessage(tensor: t, name: name))
      }
    }
  }
}

extension OnnxNotes {
  /// What is said of an initialiser; where it was a Constant node, what is said of that.
  func rest(ofTensor key: Key) throws(Diagnostic) -> ProtoMessage? {
    if let rest = tensors[key] { return rest }
    guard let note = nodes[key], !note.documentation.isEmpty || !note.metadata.isEmpty else { return nil }
    var m = ProtoMessage(OnnxSchema.tensor)
    if !note.documentation.isEmpty { try m.set("doc_string", .string(note.documentation)) }
    for e in note.metadata {
      var entry = ProtoMessage(OnnxSchema.all.type("onnx.StringStringEntryProto"))
      try entry.set("key", .string(e.key))
      try entry.set("value", .string(e.value))
      try m.append("metadata_props", .message(entry))
    }
    return m
  }
}
