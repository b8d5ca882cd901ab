import Diagnostics

/// Checks that a graph is what the design says: every link has two ends, order is topological, types are as inferred.
package enum GraphVerifier {
  /// Throws all violations; each is a bug of the code that built the graph.
  package static func verify(_ graph: Graph) throws(Diagnostics) {
    var found: [Diagnostic] = []
    func bug(_ text: String) {
      if found.count < 100 { found.append(.error("graph.invalid", text, status: .software)) }
    }
    var defined = Set(graph.inputs)
    var names: Set<String> = []
    var uses: [ValueID: [NodeID]] = [:]
    for v in graph.values {
      if !names.insert(v.name).inserted { bug("two values are named '\(v.name)'") }
      if v.constant != nil { defined.insert(v.id) }
    }
    for i in graph.inputs where graph[i] == nil { bug("a graph input is gone") }
    for n in graph.nodes {
      for case let v? in n.inputs {
        uses[v, default: []].append(n.id)
        if graph[v] == nil {
          bug("node '\(n.name)' uses a value that is gone")
        } else if !defined.contains(v) {
          bug("node '\(n.name)' uses '\(graph[v]?.name ?? "")' before it is made")
        }
      }
      for case let v? in n.outputs {
        if graph[v]?.producer != n.id { bug("result '\(graph[v]?.name ?? "")' of '\(n.name)' names another producer") }
        if !defined.insert(v).inserted { bug("'\(graph[v]?.name ?? "")' is made twice") }
      }
    }
    for v in graph.values {
      if v.consumers.sorted() != uses[v.id, default: []].sorted() { bug("the users of '\(v.name)' are out of step") }
      if v.producer == nil, v.constant == nil, !graph.inputs.contains(v.id) { bug("'\(v.name)' comes from nowhere") }
    }
    for o in graph.outputs where !defined.contains(o) { bug("a graph output is not made by anything") }
    for n in graph.nodes {
      do throws(InferenceError) {
        let types = try n.op.inferTypes(graph.typeInputs(of: n))
        if types.count < n.outputs.count { bug("node '\(n.name)' has more results than its operator") }
        for (v, t) in zip(n.outputs, types) {
          guard let v, let have = graph[v]?.type else { continue }
          if !compatible(have, t) { bug("'\(graph[v]?.name ?? "")' is \(have), inference says \(t)") }
        }
      } catch { bug("node '\(n.name)': \(error.message)") }
      for body in n.op.bodies {
        do throws(Diagnostics) { try verify(body) } catch { found.append(contentsOf: error.items) }
      }
    }
    if !found.isEmpty { throw Diagnostics(found) }
  }

  /// True where the two can describe one value.
  package static func compatible(_ a: ValueType, _ b: ValueType) -> Bool {
    switch (a, b) {
    case (.unknown, _), (_, .unknown): return true
    case (.tensor(let t, let s), .tensor(let u, let r)):
      guard t == u else { return false }
      guard let s, let r else { return true }
      return s.count == r.count
        && zip(s, r).allSatisfy { x, y in x.value == nil || y.value == nil || x == y }
    case (.sequence(let x), .sequence(let y)), (.optional(let x), .optional(let y)): return compatible(x, y)
    case (.map(let k, let x), .map(let l, let y)): return k == l && compatible(x, y)
    default: return false
    }
  }
}
