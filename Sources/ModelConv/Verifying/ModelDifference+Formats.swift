import ModelGraph
import TensorCore

/// Models of two formats seen alike: neutral operators under the names that conversion keeps.
struct NeutralLayers {
  private let graph: Graph
  /// Values that the other graph computes.
  private let made: Set<String>
  /// Its constants.
  private let known: Set<String>
  /// The nodes without those that only help to say one of the other graph's operators: `fc@fc/matrix` for `fc`.
  private(set) var layers: [LayerSummary] = []
  /// Layers that became several operators; the last one, which has the layer's name, has another type than the whole.
  private(set) var decomposed: Set<String> = []

  init(_ graph: Graph, besides other: Graph) {
    self.graph = graph
    let names = Set(other.nodes.map(\.name))
    made = Set(other.values.compactMap { $0.producer == nil ? nil : $0.name })
    known = Set(other.values.compactMap { $0.constant == nil ? nil : $0.name })
    var helped: [String: [String]] = [:]
    for (summary, node) in zip(GraphInspection.layers(graph), graph.nodes) {
      var s = summary
      // What a helper reads is what its user reads.
      if s.inputs.contains(where: { helped[$0] != nil }) { decomposed.insert(node.name) }
      var seen: Set<String> = []
      s.inputs = s.inputs.flatMap { helped[$0] ?? [$0] }.filter { seen.insert($0).inserted }
      if !names.contains(node.name), isHelper(node.name) {
        for o in s.outputs { helped[o.name] = s.inputs }
        continue
      }
      s.type = Self.meaning(node.op)
      layers.append(s)
    }
  }

  /// `VALUE/role` for a value of the other graph.
  private func isHelper(_ name: String) -> Bool {
    name.lastIndex(of: "/").map { made.contains(String(name[..<$0])) } ?? false
  }

  /// Operators that say the same in two formats have one name.
  private static func meaning(_ op: any Operator) -> String {
    switch op {
    case is Gemm, is MatMul: InnerProduct.operatorName
    default: op.operatorName
    }
  }

  /// Constants that were learnt: shapes and axes differ with the way a format says the same.
  var tensors: [NamedTensor] {
    graph.values.compactMap { v in
      guard let t = v.constant, t.dtype.isFloat, known.contains(v.name) || !isHelper(v.name) else { return nil }
      // [C] and [C, 1, 1] are the same numbers for the same channels.
      let flat = try? t.reshaped(t.shape.filter { $0 != 1 })
      return NamedTensor(name: v.name, layer: nil, tensor: flat ?? t, problem: nil)
    }
  }
}
