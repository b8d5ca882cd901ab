import Diagnostics

/// Puts nodes into an order in which every value is made before it is used.
enum NodeOrder {
  /// The nodes as they stand where that order is valid (ONNX demands it), otherwise sorted.
  ///
  /// - Parameter isKnown: true for names that are defined outside these nodes.
  /// - Throws: `onnx.value-missing` for a name that nothing defines, `onnx.cycle` for nodes that wait for each other.
  static func sorted(
    _ nodes: [NodeMessage], isKnown: (String) -> Bool, file: String?
  ) throws(Diagnostic) -> [NodeMessage] {
    var producer: [String: Int] = [:]
    for (i, n) in nodes.enumerated() { for o in n.outputs where !o.isEmpty { producer[o] = i } }
    let uses = nodes.map { Self.uses($0) }
    var waiting = [Int](repeating: 0, count: nodes.count)
    var users: [[Int]] = Array(repeating: [], count: nodes.count)
    var isInOrder = true
    for (i, names) in uses.enumerated() {
      // Asking for a name captures it in a body: in one order in every run.
      for name in names.sorted() {
        if let p = producer[name] {
          waiting[i] += 1
          users[p].append(i)
          if p >= i { isInOrder = false }
        } else if !isKnown(name) {
          let n = nodes[i]
          throw .error(
            "onnx.value-missing", "node '\(n.name)' (\(n.type)) uses '\(name)', which nothing makes",
            at: SourceLocation(file: file, path: n.name.isEmpty ? [] : [n.name]))
        }
      }
    }
    if isInOrder { return nodes }
    var ready = waiting.indices.filter { waiting[$0] == 0 }
    var out: [NodeMessage] = []
    var at = 0
    while at < ready.count {
      let i = ready[at]
      at += 1
      out.append(nodes[i])
      for u in users[i] {
        waiting[u] -= 1
        if waiting[u] == 0 { ready.append(u) }
      }
    }
    guard out.count == nodes.count else {
      let stuck = waiting.firstIndex { $0 > 0 }.map { nodes[$0] }
      throw .error(
        "onnx.cycle",
        "the nodes wait for each other in a circle, one of them is '\(stuck?.name ?? "")' (\(stuck?.type ?? ""))",
        at: SourceLocation(file: file), help: "the file is damaged or was written wrongly; export the model again")
    }
    return out
  }

  /// The names a node uses, those that its bodies take from outside included.
  static func uses(_ n: NodeMessage) -> Set<String> {
    var out = Set(n.inputs)
    out.remove("")
    for a in n.attributes { out.formUnion(captures(a.value)) }
    // A Gradient names the values that it differentiates in attributes.
    if n.type == "Gradient", n.domain == TrainingFamily.domain {
      for a in n.attributes {
        switch a.value {
        case .string(let name) where a.name == "y": out.insert(String(decoding: name, as: UTF8.self))
        case .strings(let names): out.formUnion(names.map { String(decoding: $0, as: UTF8.self) })
        default: break
        }
      }
    }
    return out
  }

  /// The names that the bodies in an attribute take from outside.
  static func captures(_ v: AttributeValue) -> [String] {
    switch v {
    case .graph(let g): free(g).sorted()
    case .graphs(let gs): gs.reduce(into: Set<String>()) { $0.formUnion(free($1)) }.sorted()
    default: []
    }
  }

  /// Names that a body uses and does not define. The message's depth is bounded by the protobuf reader.
  private static func free(_ g: GraphMessage) -> Set<String> {
    var defined = Set(g.inputs.map(\.name))
    defined.formUnion(g.initializers.map(\.name))
    defined.formUnion(g.sparseInitializers.map(\.values.name))
    for n in g.nodes { defined.formUnion(n.outputs) }
    var used = Set(g.outputs.map(\.name))
    for n in g.nodes { used.formUnion(uses(n)) }
    return used.subtracting(defined)
  }
}
