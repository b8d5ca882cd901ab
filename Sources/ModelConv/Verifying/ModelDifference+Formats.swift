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
  /// Their operators.
  private var operators: [any Operator] = []
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
      operators.append(node.op)
    }
  }

  /// Attributes that formats put in different words: how pooling rounds and pads is said by other attributes, or by
  /// operators beside it.
  private static let wordings: Set<String> = [
    "geometry.rounding", "geometry.lastWindow", "geometry.isGlobal", "divisor", "emptyValue", "nanRule", "indices",
    "allowsZero",
  ]

  private static func isWording(_ c: ParameterChange, of op: any Operator) -> Bool {
    if wordings.contains(c.name) { return true }
    let isPool = op is MaxPool || op is AveragePool
    // Rounding up is said by pads at the end.
    return (c.name == "geometry.end" && isPool) || c.before.hasPrefix("same-") || c.after.hasPrefix("same-")
  }

  /// False where a layer is several operators in one of the graphs, or another kind in each: its parameters are in the
  /// other operators.
  func isJudged(_ i: Int, _ other: NeutralLayers, _ j: Int) -> Bool {
    let (a, b) = (operators[i], other.operators[j])
    if decomposed.union(other.decomposed).contains(layers[i].name) { return false }
    let meaning = Self.meaning(a)
    return type(of: a) == type(of: b) || meaning != Self.meaning(b) || meaning == InnerProduct.operatorName
  }

  /// The attributes of an operator that differ from those of another graph's.
  func changes(_ i: Int, _ other: NeutralLayers, _ j: Int) -> [ParameterChange] {
    let (a, b) = (operators[i], other.operators[j])
    guard type(of: a) == type(of: b), isJudged(i, other, j) else { return [] }
    return OperatorDifference.attributes(a, b).filter { !Self.isWording($0, of: a) }
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

extension Graph {
  /// The layers with all operands by name, constants included.
  var layersWithOperands: [LayerSummary] {
    zip(GraphInspection.layers(self), nodes).map { layer, node in
      var layer = layer
      layer.inputs = node.inputs.map { $0.flatMap { self[$0]?.name } ?? "_" }
      return layer
    }
  }

  /// Inputs and outputs with their types.
  var interface: [(name: String, value: String)] {
    func text(_ ids: [ValueID]) -> String {
      ids.compactMap { self[$0] }.map { "\($0.name): \($0.type)" }.joined(separator: ", ")
    }
    return [("inputs", text(inputs)), ("outputs", text(outputs))]
  }
}
