import Diagnostics
import TensorCore

/// The only way to change a graph: keeps consumers, producers and order right, and infers types of what it inserts.
package struct GraphEditor: ~Copyable {
  package private(set) var graph: Graph
  private var names: Set<String>

  package init(_ graph: Graph) {
    self.graph = graph
    names = Set(graph.valueSlots.compactMap { $0?.name })
  }

  package init(name: String) { self.init(Graph(name: name)) }

  /// The graph as edited so far.
  package consuming func finish() -> Graph { graph }

  // MARK: Values

  /// A value name not used yet: `wanted`, or `wanted_1`, `wanted_2`, …
  package func freeName(_ wanted: String) -> String {
    if !wanted.isEmpty, !names.contains(wanted) { return wanted }
    var k = 1
    let base = wanted.isEmpty ? "value" : wanted
    while names.contains("\(base)_\(k)") { k += 1 }
    return "\(base)_\(k)"
  }

  private mutating func newValue(_ name: String, _ type: ValueType) -> ValueID {
    let id = ValueID(index: graph.valueSlots.count)
    let free = freeName(name)
    names.insert(free)
    graph.valueSlots.append(
      Value(id: id, name: free, type: type, constant: nil, contents: nil, producer: nil, consumers: []))
    return id
  }

  @discardableResult
  package mutating func addInput(_ name: String, _ type: ValueType) -> ValueID {
    let id = newValue(name, type)
    graph.inputs.append(id)
    return id
  }

  @discardableResult
  package mutating func addConstant(_ name: String, _ tensor: Tensor) -> ValueID {
    let id = newValue(name, .tensor(tensor.dtype, sizes: tensor.shape))
    graph.valueSlots[id.index]?.constant = tensor
    return id
  }

  /// Replaces a constant's payload; shape and type may change, and users are not re-inferred (call `inferTypes`).
  package mutating func setConstant(_ id: ValueID, _ tensor: Tensor) {
    graph.valueSlots[id.index]?.constant = tensor
    graph.valueSlots[id.index]?.type = .tensor(tensor.dtype, sizes: tensor.shape)
    graph.valueSlots[id.index]?.contents = nil
  }

  /// Makes an input or a result a constant; its producer stays until it is erased.
  package mutating func makeConstant(_ id: ValueID, _ tensor: Tensor) {
    setConstant(id, tensor)
    graph.inputs.removeAll { $0 == id }
    if let p = graph[id]?.producer, let i = graph[p]?.outputs.firstIndex(of: id) {
      graph.nodeSlots[p.index]?.outputs[i] = nil
      graph.valueSlots[id.index]?.producer = nil
    }
  }

  /// Sets what is known of a value (declared types, shapes bound by `--shape`).
  package mutating func setType(_ id: ValueID, _ type: ValueType) { graph.valueSlots[id.index]?.type = type }

  /// Renames a value; gives the name it got (made unique where taken).
  @discardableResult
  package mutating func rename(_ id: ValueID, to wanted: String) -> String {
    guard let old = graph[id]?.name, old != wanted else { return wanted }
    names.remove(old)
    let free = freeName(wanted)
    names.insert(free)
    graph.valueSlots[id.index]?.name = free
    return free
  }

  package mutating func setOutputs(_ ids: [ValueID]) { graph.outputs = ids }

  package mutating func setInputs(_ ids: [ValueID]) { graph.inputs = ids }

  package mutating func setMetadata(_ key: String, _ value: String?) { graph.metadata[key] = value }

  package mutating func setName(_ name: String) { graph.name = name }

  // MARK: Nodes

  /// Inserts a node and infers its results' types.
  ///
  /// - Parameters:
  ///   - outputNames: wanted names of the results; made unique. "" leaves a result out (trailing results only need
  ///     not be named); where the list is shorter than the operator's results, names derive from `name`.
  ///   - before: the node to insert before; nil appends.
  /// - Returns: the results, nil where one was left out.
  /// - Throws: `graph.inference` with the operator's reason when the operands do not fit.
  @discardableResult
  package mutating func insert(
    _ op: any Operator, _ inputs: [ValueID?], name: String, outputNames: [String] = [], origin: Origin = Origin(),
    before: NodeID? = nil
  ) throws(Diagnostic) -> [ValueID?] {
    let index = graph.nodeSlots.count
    let known = graph.typeInputs(inputs, prefix: "\(index)")
    let types: [ValueType]
    do throws(InferenceError) { types = try op.inferTypes(known) } catch {
      throw .error(
        "graph.inference", "layer '\(name)' (\(origin.layerType ?? op.operatorName)): \(error.message)",
        at: origin.location)
    }
    return link(op, inputs, types, op.inferContents(known), name, outputNames, origin, before)
  }

  /// Inserts a node whose result types are given: foreign operators, and readers that keep a broken layer.
  @discardableResult
  package mutating func insertUnchecked(
    _ op: any Operator, _ inputs: [ValueID?], types: [ValueType], name: String, outputNames: [String] = [],
    origin: Origin = Origin(), before: NodeID? = nil
  ) -> [ValueID?] {
    link(op, inputs, types, [], name, outputNames, origin, before)
  }

  private mutating func link(
    _ op: any Operator, _ inputs: [ValueID?], _ types: [ValueType], _ contents: [[Dim]?], _ name: String,
    _ outputNames: [String], _ origin: Origin, _ before: NodeID?
  ) -> [ValueID?] {
    let id = NodeID(index: graph.nodeSlots.count)
    graph.nodeSlots.append(nil)
    var outputs: [ValueID?] = []
    for (i, t) in types.enumerated() {
      let wanted = i < outputNames.count ? outputNames[i] : i == 0 ? name : "\(name)_\(i)"
      if i < outputNames.count, wanted.isEmpty {
        outputs.append(nil)
        continue
      }
      let v = newValue(wanted, t)
      graph.valueSlots[v.index]?.producer = id
      graph.valueSlots[v.index]?.contents = i < contents.count ? contents[i] : nil
      outputs.append(v)
    }
    graph.nodeSlots[id.index] = Node(id: id, name: name, op: op, inputs: inputs, outputs: outputs, origin: origin)
    for v in inputs.compactMap({ $0 }) { graph.valueSlots[v.index]?.consumers.append(id) }
    if let before, let at = graph.order.firstIndex(of: before) {
      graph.order.insert(id, at: at)
    } else {
      graph.order.append(id)
    }
    return outputs
  }

  /// Replaces a node's operator and operands in place, keeping its results, and re-infers their types.
  package mutating func update(
    _ id: NodeID, op: any Operator, inputs: [ValueID?], pass: String? = nil
  ) throws(Diagnostic) {
    guard var node = graph[id] else { return }
    for v in node.inputs.compactMap({ $0 }) { dropUse(v, id) }
    node.op = op
    node.inputs = inputs
    if let pass { node.origin.passes.append(pass) }
    graph.nodeSlots[id.index] = node
    for v in inputs.compactMap({ $0 }) { graph.valueSlots[v.index]?.consumers.append(id) }
    try inferTypes(of: id)
  }

  /// Re-infers one node's results.
  package mutating func inferTypes(of id: NodeID) throws(Diagnostic) {
    guard let node = graph[id] else { return }
    let known = graph.typeInputs(of: node)
    let types: [ValueType]
    do throws(InferenceError) { types = try node.op.inferTypes(known) } catch {
      throw .error(
        "graph.inference", "layer '\(node.name)' (\(node.origin.layerType ?? node.op.operatorName)): \(error.message)",
        at: node.origin.location)
    }
    let contents = node.op.inferContents(known)
    for (i, v) in node.outputs.enumerated() where i < types.count {
      guard let v else { continue }
      graph.valueSlots[v.index]?.type = types[i]
      graph.valueSlots[v.index]?.contents = i < contents.count ? contents[i] : nil
    }
  }

  /// Re-infers every node in order (after input shapes changed).
  package mutating func inferTypes() throws(Diagnostic) {
    for id in graph.order where !(graph[id]?.op is ForeignOperator) { try inferTypes(of: id) }
  }

  /// Puts an operator with the same results in the place of a node's own; types stay.
  package mutating func setOperator(_ id: NodeID, _ op: any Operator) { graph.nodeSlots[id.index]?.op = op }

  /// Takes over what is known of a value's elements.
  package mutating func setContents(_ id: ValueID, _ contents: [Dim]?) {
    graph.valueSlots[id.index]?.contents = contents
  }

  package mutating func renameNode(_ id: NodeID, to name: String) { graph.nodeSlots[id.index]?.name = name }

  package mutating func setOrigin(_ id: NodeID, _ origin: Origin) { graph.nodeSlots[id.index]?.origin = origin }

  /// Makes every user of `old` (nodes and graph outputs) use `new`.
  package mutating func replaceUses(of old: ValueID, with new: ValueID) {
    guard old != new, let users = graph[old]?.consumers else { return }
    for user in Set(users) {
      guard let node = graph[user] else { continue }
      graph.nodeSlots[user.index]?.inputs = node.inputs.map { $0 == old ? new : $0 }
    }
    graph.valueSlots[new.index]?.consumers.append(contentsOf: users)
    graph.valueSlots[old.index]?.consumers = []
    graph.outputs = graph.outputs.map { $0 == old ? new : $0 }
  }

  /// Replaces one operand.
  package mutating func setInput(_ id: NodeID, _ index: Int, _ value: ValueID?) {
    guard let node = graph[id], index < node.inputs.count else { return }
    if let old = node.inputs[index] { dropUse(old, id) }
    graph.nodeSlots[id.index]?.inputs[index] = value
    if let value { graph.valueSlots[value.index]?.consumers.append(id) }
  }

  /// Removes a node and its results. The results must have no users left.
  ///
  /// - Throws: `graph.in-use` when a result is still used.
  package mutating func erase(_ id: NodeID) throws(Diagnostic) {
    guard let node = graph[id] else { return }
    for v in node.outputs.compactMap({ $0 }) {
      if let value = graph[v], !value.consumers.isEmpty || graph.outputs.contains(v) {
        throw .error("graph.in-use", "value '\(value.name)' is still used", status: .software)
      }
    }
    for v in node.inputs.compactMap({ $0 }) { dropUse(v, id) }
    for v in node.outputs.compactMap({ $0 }) { removeValue(v) }
    graph.nodeSlots[id.index] = nil
    graph.order.removeAll { $0 == id }
  }

  /// Removes nodes whose results nobody uses, and constants and (with `inputs`) inputs without users.
  ///
  /// - Returns: how many nodes went.
  @discardableResult
  package mutating func eraseUnused(inputs: Bool = false) -> Int {
    var gone: Set<NodeID> = []
    for id in graph.order.reversed() {
      guard let node = graph[id] else { continue }
      let used = node.outputs.contains { v in
        guard let v, let value = graph[v] else { return false }
        return !value.consumers.isEmpty || graph.outputs.contains(v)
      }
      if used { continue }
      for v in node.inputs.compactMap({ $0 }) { dropUse(v, id) }
      for v in node.outputs.compactMap({ $0 }) { removeValue(v) }
      graph.nodeSlots[id.index] = nil
      gone.insert(id)
    }
    if !gone.isEmpty { graph.order.removeAll { gone.contains($0) } }
    for v in graph.values where v.consumers.isEmpty && v.producer == nil && !graph.outputs.contains(v.id) {
      if graph.inputs.contains(v.id) {
        guard inputs else { continue }
        graph.inputs.removeAll { $0 == v.id }
      }
      removeValue(v.id)
    }
    return gone.count
  }

  /// Removes a value that has no producer and no users.
  package mutating func eraseValue(_ id: ValueID) throws(Diagnostic) {
    guard let v = graph[id] else { return }
    guard v.producer == nil, v.consumers.isEmpty, !graph.outputs.contains(id) else {
      throw .error("graph.in-use", "value '\(v.name)' is still used", status: .software)
    }
    graph.inputs.removeAll { $0 == id }
    removeValue(id)
  }

  /// Puts the nodes into a topological order that is stable in their present order.
  ///
  /// - Throws: `graph.cycle` naming a node on the cycle.
  package mutating func sortTopologically() throws(Diagnostic) {
    var waiting: [NodeID: Int] = [:]
    for n in graph.nodes {
      waiting[n.id] = n.inputs.compactMap { $0 }.count { graph[$0]?.producer != nil }
    }
    var done: [NodeID] = []
    var ready = graph.order.filter { waiting[$0] == 0 }
    var rank: [NodeID: Int] = [:]
    for (i, id) in graph.order.enumerated() { rank[id] = i }
    while !ready.isEmpty {
      var next: [NodeID] = []
      for id in ready {
        done.append(id)
        for v in graph[id]?.outputs.compactMap({ $0 }) ?? [] {
          for c in graph[v]?.consumers ?? [] {
            let left = (waiting[c] ?? 0) - 1
            waiting[c] = left
            if left == 0 { next.append(c) }
          }
        }
      }
      ready = next.sorted { rank[$0, default: 0] < rank[$1, default: 0] }
    }
    guard done.count == graph.order.count else {
      let stuck = graph.nodes.first { (waiting[$0.id] ?? 0) > 0 }
      throw .error(
        "graph.cycle", "the graph has a cycle through '\(stuck?.name ?? "")'",
        at: stuck?.origin.location ?? SourceLocation())
    }
    graph.order = done
  }

  private mutating func dropUse(_ v: ValueID, _ user: NodeID) {
    guard let i = graph[v]?.consumers.firstIndex(of: user) else { return }
    graph.valueSlots[v.index]?.consumers.remove(at: i)
  }

  private mutating func removeValue(_ v: ValueID) {
    if let name = graph[v]?.name { names.remove(name) }
    graph.valueSlots[v.index] = nil
  }
}

extension Graph {
  /// Edits a copy and gives it back.
  package func edited(
    _ body: (inout GraphEditor) throws(Diagnostic) -> Void
  ) throws(Diagnostic) -> Graph {
    var editor = GraphEditor(self)
    try body(&editor)
    return editor.finish()
  }
}
