import ModelGraph

/// Joins chains of nodes into one where a single kernel computes them without touching memory in between.
enum Fusion {
  static func fuse(_ nodes: [PlanNode], graph: Graph, wanted: Set<ValueID>) -> [PlanNode] { nodes }
}
