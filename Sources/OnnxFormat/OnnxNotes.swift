import Containers
import Diagnostics
import ModelGraph
import TensorCore

/// What an ONNX file says beyond what its network computes: documentation, metadata, denotations, annotations, device
/// configurations, fields that the schema does not know. The reader collects it by name, the writer puts it where the
/// named thing still is.
///
/// Names are those of the neutral graph; values of bodies are told apart by the body's name.
package struct OnnxNotes: Sendable {
  /// A value of one graph.
  struct Key: Hashable, Sendable {
    var graph: String
    var value: String
  }

  /// Of a node, which is named by its first result.
  struct NodeNote: Sendable {
    var type: String
    var documentation: String
    var metadata: [EntryMessage]
    /// `doc_string` of attributes by name.
    var attributeDocumentation: [String: String]
    var rest: ProtoMessage?
    /// The message, where the node is foreign: its attributes are written as they were.
    var foreign: NodeMessage?

    var isEmpty: Bool {
      documentation.isEmpty && metadata.isEmpty && attributeDocumentation.isEmpty && rest == nil && foreign == nil
    }
  }

  struct GraphNote: Sendable {
    var documentation: String
    var metadata: [EntryMessage]
    var annotations: [ProtoMessage]
    var rest: ProtoMessage?
  }

  var nodes: [Key: NodeNote] = [:]
  /// What the file declares of values.
  var values: [Key: ValueInfoMessage] = [:]
  /// Of initialisers.
  var tensors: [Key: ProtoMessage] = [:]
  /// Initialisers that nothing uses.
  var unused: Set<Key> = []
  /// Inputs with a default, which is an initialiser of their name (from IR version 4 on).
  var defaults: Set<Key> = []
  /// Initialisers that only annotations name.
  var annotationTensors: [Key: Tensor] = [:]
  var graphs: [String: GraphNote] = [:]
  /// Inputs have other shapes than the file says: what it declares of other values may not hold.
  var isReshaped = false

  var irVersion = 0
  var opsets: [OpsetMessage] = []
  var producer = ""
  var domain = ""
  var modelVersion = 0
  var documentation = ""
  var metadata: [EntryMessage] = []
  /// Training information, device configurations, unknown fields.
  var rest: ProtoMessage?
  /// Local functions that bodies of foreign nodes call; other calls are inlined.
  var functions: [FunctionMessage] = []

  init() {}

  /// The operator set that the file wants of a domain.
  func opset(_ domain: String) -> Int? { opsets.filter { $0.domain == domain }.map(\.version).max() }
}

extension OnnxNotes {
  /// Takes over what the file says of itself.
  mutating func take(_ m: ModelMessage) {
    irVersion = m.irVersion
    opsets = m.opsets
    producer = [m.producerName, m.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
    domain = m.domain
    modelVersion = m.modelVersion
    documentation = m.documentation
    metadata = m.metadata
    rest = m.rest
  }

  /// Takes over what a graph says of itself and of its values.
  mutating func take(_ m: GraphMessage, graph: String) {
    if !m.documentation.isEmpty || !m.metadata.isEmpty || !m.quantizationAnnotations.isEmpty || m.rest != nil {
      graphs[graph] = GraphNote(
        documentation: m.documentation, metadata: m.metadata, annotations: m.quantizationAnnotations, rest: m.rest)
    }
    for v in m.valueInfo + m.inputs + m.outputs { values[Key(graph: graph, value: v.name)] = v }
    let inputs = Set(m.inputs.map(\.name))
    for t in m.initializers {
      if irVersion >= 4, inputs.contains(t.name) { defaults.insert(Key(graph: graph, value: t.name)) }
      if let rest = t.rest { tensors[Key(graph: graph, value: t.name)] = rest }
    }
  }

  /// Takes over what a node says of itself.
  ///
  /// - Parameter value: the node's first result.
  mutating func take(_ n: NodeMessage, graph: String, value: String, isForeign: Bool) {
    var docs: [String: String] = [:]
    for a in n.attributes {
      if let s = a.source, let text = try? s.string("doc_string"), !text.isEmpty { docs[a.name] = text }
    }
    let note = NodeNote(
      type: n.type, documentation: n.documentation, metadata: n.metadata, attributeDocumentation: docs, rest: n.rest,
      foreign: isForeign ? n : nil)
    if !note.isEmpty { nodes[Key(graph: graph, value: value)] = note }
  }
}
