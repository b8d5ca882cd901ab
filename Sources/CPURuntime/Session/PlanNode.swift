import ModelGraph

/// A node as the planner sees it: live, possibly several layers fused into one.
struct PlanNode {
  var op: any Operator
  var inputs: [ValueID?]
  var outputs: [ValueID?]
  /// The layer (the first of several) that messages name.
  var name: String
  /// Layers that this node computes.
  var layers: [NodeID]
  var origin: Origin
}

extension PlanNode {
  /// Nodes that outputs or kept values need, in order.
  static func live(in graph: Graph, wanted: Set<ValueID>) -> [PlanNode] {
    var needed = wanted
    var out: [PlanNode] = []
    for n in graph.nodes.reversed() {
      guard n.outputs.contains(where: { $0.map(needed.contains) ?? false }) else { continue }
      for case let v? in n.inputs { needed.insert(v) }
      out.append(
        PlanNode(
          op: n.op, inputs: n.inputs, outputs: n.outputs, name: n.origin.layer ?? n.name, layers: [n.id],
          origin: n.origin))
    }
    return out.reversed()
  }
}
