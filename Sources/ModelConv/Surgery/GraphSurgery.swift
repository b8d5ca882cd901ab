import Diagnostics
import ModelGraph

/// Changes to the graph of a model of any format: layers dropped, names changed, a part cut out.
enum GraphSurgery {
  /// Makes the changes in their order: drops, renames, cut.
  ///
  /// - Throws: `surgery.*` naming what is not there, with the nearest name.
  static func apply(_ edits: NetEdits, to graph: Graph) throws(Diagnostic) -> Graph {
    if edits.isDeployed {
      throw .error(
        "surgery.deploy", "--deploy makes a deploy net of a Caffe training net; this is another format", status: .usage)
    }
    var editor = GraphEditor(graph)
    for name in edits.drops { try drop(name, &editor) }
    for (old, new) in edits.renames { try rename(old, new, &editor) }
    if !edits.fromBlobs.isEmpty || !edits.toBlobs.isEmpty {
      try cut(from: edits.fromBlobs, to: edits.toBlobs, &editor)
    }
    return editor.finish()
  }

  // MARK: Dropping

  /// Removes a layer: users of its result use its first operand instead.
  private static func drop(_ name: String, _ editor: inout GraphEditor) throws(Diagnostic) {
    let layer = try nodes(named: name, editor.graph)
    let own = Set(layer.flatMap { $0.outputs.compactMap { $0 } })
    let ids = Set(layer.map(\.id))
    let graph = editor.graph
    let results = layer.flatMap { $0.outputs.compactMap { $0 } }.filter { v in
      graph.isOutput(v) || graph.consumers(of: v).contains { !ids.contains($0.id) }
    }
    let operands = layer.flatMap { $0.inputs.compactMap { $0 } }.filter { v in
      !own.contains(v) && graph[v]?.constant == nil
    }
    guard results.count <= 1 else {
      let names = results.compactMap { graph[$0]?.name }.joined(separator: ", ")
      throw .error(
        "surgery.drop", "layer '\(name)' has several results that are used (\(names)): nothing can take their place",
        status: .usage)
    }
    if let result = results.first {
      guard let operand = operands.first, let type = graph[result]?.type, let given = graph[operand]?.type else {
        throw .error(
          "surgery.drop", "layer '\(name)' has no operand that could take the place of its result", status: .usage)
      }
      guard GraphVerifier.compatible(type, given) else {
        throw .error(
          "surgery.drop",
          "layer '\(name)' cannot be dropped: its result is \(type), the operand in its place would be \(given)",
          status: .usage)
      }
      try replace(result, by: operand, before: layer.last?.id, &editor)
    }
    editor.eraseUnused()
    editor.refineTypes()
  }

  /// Uses `operand` in place of `result`; an output keeps its name on an Identity.
  private static func replace(
    _ result: ValueID, by operand: ValueID, before: NodeID?, _ editor: inout GraphEditor
  ) throws(Diagnostic) {
    guard editor.graph.isOutput(result), let name = editor.graph[result]?.name else {
      return editor.replaceUses(of: result, with: operand)
    }
    let made = try editor.insert(Identity(), [operand], name: "\(name)_kept", before: before)
    guard let kept = made.first ?? nil else { return }
    editor.replaceUses(of: result, with: kept)
    editor.rename(result, to: "\(name)_dropped")
    editor.rename(kept, to: name)
  }

  /// The nodes of a layer: by the node's name, the name that the source file gave it, or the name of a result.
  private static func nodes(named name: String, _ graph: Graph) throws(Diagnostic) -> [Node] {
    let all = graph.nodes
    let byLayer = all.filter { $0.origin.layer == name }
    if !byLayer.isEmpty { return byLayer }
    if let n = all.first(where: { $0.name == name }) { return [n] }
    if let v = graph.value(named: name), let n = graph.producer(of: v.id) { return [n] }
    throw .error(
      "surgery.no-layer", "there is no layer '\(name)'",
      help: Suggestion.closest(to: name, among: all.map { $0.origin.layer ?? $0.name }).map { "did you mean '\($0)'?" }
        ?? "modelconv inspect lists the layers", status: .usage)
  }

  // MARK: Renaming

  /// Renames the value of that name, and layers of that name.
  private static func rename(_ old: String, _ new: String, _ editor: inout GraphEditor) throws(Diagnostic) {
    let graph = editor.graph
    let value = graph.value(named: old)
    let layers = graph.nodes.filter { $0.name == old || $0.origin.layer == old }
    guard value != nil || !layers.isEmpty else {
      let names = graph.values.map(\.name) + graph.nodes.map(\.name)
      throw .error(
        "surgery.no-name", "there is no value or layer '\(old)'",
        help: Suggestion.closest(to: old, among: names).map { "did you mean '\($0)'?" }
          ?? "modelconv inspect lists layers, inputs and outputs", status: .usage)
    }
    if value != nil, graph.value(named: new) != nil || new.isEmpty {
      throw .error("surgery.name-taken", "there is a value '\(new)' already", status: .usage)
    }
    if !layers.isEmpty, graph.nodes.contains(where: { $0.name == new }) {
      throw .error("surgery.name-taken", "there is a layer '\(new)' already", status: .usage)
    }
    if let value { editor.rename(value.id, to: new) }
    for n in layers {
      if n.name == old { editor.renameNode(n.id, to: new) }
      guard n.origin.layer == old else { continue }
      var origin = n.origin
      origin.layer = new
      editor.setOrigin(n.id, origin)
    }
  }

  // MARK: Cutting

  /// Keeps what lies between values: `from` become inputs, `to` outputs. Without `from` the inputs stay that are needed;
  /// without `to` the outputs that can be computed.
  private static func cut(from: [String], to: [String], _ editor: inout GraphEditor) throws(Diagnostic) {
    var starts: [ValueID] = []
    for name in from {
      let v = try value(named: name, editor.graph)
      guard v.constant == nil else {
        throw .error("surgery.constant", "'\(name)' is a constant of the model, not a computed value", status: .usage)
      }
      guard v.type != .unknown else {
        throw .error("surgery.type", "the type of '\(name)' is not known, so it cannot become an input", status: .usage)
      }
      guard v.producer != nil else {
        starts.append(v.id)
        continue
      }
      // The value that was computed gives its name to the input.
      editor.rename(v.id, to: "\(name)_cut")
      let input = editor.addInput(name, v.type)
      editor.replaceUses(of: v.id, with: input)
      starts.append(input)
    }
    var ends: [ValueID] = []
    for name in to { ends.append(try value(named: name, editor.graph).id) }
    let reach = Reach(editor.graph, known: Set(starts))
    if from.isEmpty {
      editor.setOutputs(ends)
      editor.eraseUnused(inputs: true)
      return
    }
    if to.isEmpty {
      ends = editor.graph.outputs.filter { reach.known.contains($0) }
      guard !ends.isEmpty else {
        throw .error(
          "surgery.incomplete", "no output can be computed from \(from.joined(separator: ", ")) alone",
          help: "name more values with --from-blob, or an earlier end with --to-blob", status: .usage)
      }
    } else {
      for (name, end) in zip(to, ends) where !reach.known.contains(end) {
        let missing = reach.missingInputs(of: end)
        throw .error(
          "surgery.incomplete", "'\(name)' needs \(missing.joined(separator: ", ")) too",
          help: "add --from-blob for it, or for a value behind it", status: .usage)
      }
    }
    editor.setOutputs(ends)
    editor.setInputs(starts)
    editor.eraseUnused()
    for (name, id) in zip(from, starts) where editor.graph[id]?.consumers.isEmpty == true && !ends.contains(id) {
      throw .error(
        "surgery.no-path", "'\(name)' does not lead to \(to.isEmpty ? "an output" : to.joined(separator: ", "))",
        status: .usage)
    }
  }

  private static func value(named name: String, _ graph: Graph) throws(Diagnostic) -> Value {
    if let v = graph.value(named: name) { return v }
    throw .error(
      "surgery.no-value", "there is no value '\(name)'",
      help: Suggestion.closest(to: name, among: graph.values.map(\.name)).map { "did you mean '\($0)'?" }
        ?? "modelconv inspect --blobs lists them", status: .usage)
  }
}

/// What can be computed from some values and constants.
private struct Reach {
  private let graph: Graph
  private(set) var known: Set<ValueID>

  init(_ graph: Graph, known: Set<ValueID>) {
    self.graph = graph
    self.known = known
    for v in graph.values where v.constant != nil { self.known.insert(v.id) }
    for n in graph.nodes where n.inputs.allSatisfy({ $0.map(self.known.contains) ?? true }) {
      for case let v? in n.outputs { self.known.insert(v) }
    }
  }

  /// Inputs of the graph that a value depends on and that are not known.
  func missingInputs(of v: ValueID) -> [String] {
    var todo = [v]
    var seen: Set<ValueID> = []
    var out: Set<String> = []
    while let next = todo.popLast() {
      guard !known.contains(next), seen.insert(next).inserted, let value = graph[next] else { continue }
      guard let n = graph.producer(of: next) else {
        out.insert("input '\(value.name)'")
        continue
      }
      todo += n.inputs.compactMap { $0 }
    }
    return out.sorted()
  }
}
