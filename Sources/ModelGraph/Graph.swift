import Diagnostics
import TensorCore

/// A node's identity: stable, never reused within a graph.
package struct NodeID: Hashable, Sendable, Comparable, CustomStringConvertible {
  let index: Int
  package static func < (a: NodeID, b: NodeID) -> Bool { a.index < b.index }
  package var description: String { "n\(index)" }
}

/// A value's identity: stable, never reused within a graph.
package struct ValueID: Hashable, Sendable, Comparable, CustomStringConvertible {
  let index: Int
  package static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
  package var description: String { "v\(index)" }
}

/// Where a node came from: the layer of the source file, and the passes that shaped it.
package struct Origin: Hashable, Sendable {
  /// The file as the user named it.
  package var file: String?
  /// The source's layer or node name and its type there (`conv1`, `Convolution`).
  package var layer: String?
  package var layerType: String?
  /// Line and column in a text file.
  package var line: Int?
  package var column: Int?
  /// Names of the passes that made or changed the node, in order.
  package var passes: [String] = []

  package init(
    file: String? = nil, layer: String? = nil, layerType: String? = nil, line: Int? = nil, column: Int? = nil,
    passes: [String] = []
  ) {
    self.file = file
    self.layer = layer
    self.layerType = layerType
    self.line = line
    self.column = column
    self.passes = passes
  }

  /// A source location for diagnostics about the node.
  package var location: SourceLocation {
    SourceLocation(file: file, line: line, column: column, path: layer.map { [$0] } ?? [])
  }
}

/// One application of an operator.
package struct Node: Sendable {
  package let id: NodeID
  package internal(set) var name: String
  package internal(set) var op: any Operator
  /// Operands; nil stands for an omitted optional one.
  package internal(set) var inputs: [ValueID?]
  /// Results; nil stands for one that nobody asked for.
  package internal(set) var outputs: [ValueID?]
  package internal(set) var origin: Origin
}

/// A value in static single assignment form: a graph input, a constant, or one node's result.
package struct Value: Sendable {
  package let id: ValueID
  package internal(set) var name: String
  package internal(set) var type: ValueType
  /// The payload of a constant.
  package internal(set) var constant: Tensor?
  /// Elements of a small integer tensor as expressions, where inference knows them.
  package internal(set) var contents: [Dim]?
  package internal(set) var producer: NodeID?
  /// One entry per use: a node that uses the value twice stands here twice.
  package internal(set) var consumers: [NodeID]
}

/// A model in neutral form: acyclic, in static single assignment, with value semantics.
///
/// Copies share storage, so a snapshot before a pass costs nothing. All edits go through `GraphEditor`.
package struct Graph: Sendable {
  package internal(set) var name: String
  var nodeSlots: [Node?] = []
  var valueSlots: [Value?] = []
  /// Topological order of the live nodes.
  package internal(set) var order: [NodeID] = []
  package internal(set) var inputs: [ValueID] = []
  package internal(set) var outputs: [ValueID] = []
  /// Producer, preprocessing, documentation: text that travels with the model. Keys are namespaced (`caffe.name`).
  package internal(set) var metadata: [String: String] = [:]

  package init(name: String = "") { self.name = name }

  // MARK: Access

  /// The node of a live id. Ids come from this graph; a dead one gives nil.
  package subscript(_ id: NodeID) -> Node? { id.index < nodeSlots.count ? nodeSlots[id.index] : nil }

  package subscript(_ id: ValueID) -> Value? { id.index < valueSlots.count ? valueSlots[id.index] : nil }

  /// Live nodes in topological order.
  package var nodes: [Node] { order.compactMap { nodeSlots[$0.index] } }

  /// Live values, by id.
  package var values: [Value] { valueSlots.compactMap { $0 } }

  package var nodeCount: Int { order.count }

  /// The first live value of that name. Names are unique among values.
  package func value(named name: String) -> Value? { valueSlots.lazy.compactMap { $0 }.first { $0.name == name } }

  package func node(named name: String) -> Node? { nodes.first { $0.name == name } }

  package func producer(of value: ValueID) -> Node? { self[value]?.producer.flatMap { self[$0] } }

  package func consumers(of value: ValueID) -> [Node] { (self[value]?.consumers ?? []).compactMap { self[$0] } }

  package func isOutput(_ value: ValueID) -> Bool { outputs.contains(value) }

  package func isInput(_ value: ValueID) -> Bool { inputs.contains(value) }

  /// What inference knows of a node's operands.
  package func typeInputs(of node: Node) -> TypeInputs {
    typeInputs(node.inputs, prefix: "\(node.id.index)")
  }

  func typeInputs(_ inputs: [ValueID?], prefix: String) -> TypeInputs {
    TypeInputs(
      inputs.map { id in
        guard let id, let v = self[id] else { return nil }
        return TypeInputs.Operand(type: v.type, constant: v.constant, contents: v.contents)
      }, freshPrefix: prefix)
  }
}

extension Graph: Hashable {
  /// Equal dumps and the same constant payloads (by identity).
  package static func == (a: Graph, b: Graph) -> Bool {
    guard a.order.count == b.order.count, a.valueSlots.count == b.valueSlots.count, a.dump() == b.dump() else {
      return false
    }
    return zip(a.valueSlots, b.valueSlots).allSatisfy { $0?.constant?.storage === $1?.constant?.storage }
  }

  package func hash(into h: inout Hasher) {
    h.combine(order.count)
    h.combine(valueSlots.count)
  }
}
