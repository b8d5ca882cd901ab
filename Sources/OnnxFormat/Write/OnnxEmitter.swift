import Diagnostics
import ModelGraph
import TensorCore

/// A neutral operator that ONNX can say, by one node or a few.
package protocol OnnxExportable: Operator {
  /// Emits the nodes of `e.node` in the forms of operator set `e.opset`.
  func export(to e: OnnxEmitter) throws(Diagnostic)
}

/// Collects the ONNX nodes and initialisers of one graph; exporters see the node that is being written.
package final class OnnxEmitter {
  package let graph: Graph
  package let opset: Int
  private(set) var nodes: [NodeMessage] = []
  /// Constants by name in order of first use.
  private(set) var initializers: [(name: String, tensor: Tensor)] = []
  /// Names that bodies of foreign nodes use for values that have another name now.
  var keptNames: Set<String> = []
  /// Names of the graph's outputs, in their order.
  var outputNames: [String] = []
  /// Operator sets of other domains that the nodes use.
  private(set) var domains: [String: Int] = [:]
  /// The node that is being written.
  package private(set) var node: Node
  private var placed: Set<String> = []
  private var names: Set<String>
  private var nodeNames: Set<String> = []
  var types: [String: ValueType] = [:]
  let irVersion: Int
  /// What the source file says beyond the graph; nil where the source was of another format.
  let notes: OnnxNotes?
  /// The half precision that the graph was brought to: operators that lack it compute in single precision.
  var narrowed: DType?
  /// Names in the file where they differ from the graph's: captures of a body, and what would hide an outer name.
  private var fileNames: [ValueID: String] = [:]
  /// The emitter of the graph around a body.
  private let outer: OnnxEmitter?
  /// Names of this graph's constants by their bytes, so that bodies share them.
  private var sharedConstants: [ObjectIdentifier: [(name: String, tensor: Tensor)]] = [:]

  /// - Parameters:
  ///   - outer: for a body, the emitter of the graph around it: its names must not be hidden.
  ///   - captured: names in the outer graph of the body's inputs that stand for its values.
  init(
    _ graph: Graph, opset: Int, irVersion: Int, notes: OnnxNotes? = nil, outer: OnnxEmitter? = nil,
    captured: [ValueID: String] = [:]
  ) throws(Diagnostic) {
    guard let first = graph.nodes.first ?? OnnxEmitter.placeholder else {
      throw .error("onnx.empty", "the graph has no nodes", status: .software)
    }
    self.graph = graph
    self.opset = opset
    self.irVersion = irVersion
    self.notes = notes ?? outer?.notes
    node = first
    self.outer = outer
    names = outer?.allNames ?? []
    nodeNames = outer?.nodeNames ?? []
    fileNames = captured
    if let outer {
      domains = outer.domains
      for v in graph.values where captured[v.id] == nil {
        fileNames[v.id] = names.contains(v.name) ? unusedName(v.name) : v.name
        names.insert(v.name)
      }
    } else {
      names = Set(graph.values.map(\.name))
    }
    for v in graph.values {
      if let t = v.constant { sharedConstants[ObjectIdentifier(t.storage), default: []].append((name(of: v), t)) }
    }
  }

  var isBody: Bool { outer != nil }

  /// Every name that a body inside this graph must not use again.
  private var allNames: Set<String> { names }

  /// Takes over the names that a body has used, so that the next body does not use them again.
  func absorb(_ body: OnnxEmitter) {
    names.formUnion(body.names)
    nodeNames.formUnion(body.nodeNames)
    for (d, v) in body.domains { domains[d] = max(domains[d] ?? 0, v) }
  }

  /// The name of a value in the file.
  func name(of v: Value) -> String { fileNames[v.id] ?? v.name }

  /// The outer graph's name of a constant that a body also holds; it is placed there.
  private func outerName(of t: Tensor) -> String? {
    guard let outer else { return nil }
    let same = outer.sharedConstants[ObjectIdentifier(t.storage)]?.first {
      $0.tensor.byteOffset == t.byteOffset && $0.tensor.shape == t.shape && $0.tensor.dtype == t.dtype
        && $0.tensor.strides == t.strides
    }
    if let same {
      if outer.outer != nil, let further = outer.outerName(of: t) { return further }
      outer.place(same.name, same.tensor)
      return same.name
    }
    return outer.outerName(of: t)
  }

  /// Stands for "no node yet" in a graph without nodes.
  private static let placeholder: Node? = {
    var editor = GraphEditor(name: "")
    _ = editor.insertUnchecked(Identity(), [], types: [], name: "")
    return editor.finish().nodes.first
  }()

  // MARK: What exporters ask

  package var inputCount: Int { node.inputs.count }

  package func has(_ i: Int) -> Bool { i < node.inputs.count && node.inputs[i] != nil }

  /// The name of operand `i`, whose constant is placed where it is one; "" for an omitted one.
  package func input(_ i: Int) -> String {
    guard i < node.inputs.count, let id = node.inputs[i], let v = graph[id] else { return "" }
    return reference(v)
  }

  /// The names of all operands, omitted trailing ones left out.
  package var inputs: [String] {
    var out = node.inputs.indices.map { input($0) }
    while out.last == "" { out.removeLast() }
    return out
  }

  func reference(_ v: Value) -> String {
    if let t = v.constant {
      if let shared = outerName(of: t) {
        types[shared] = v.type
        return shared
      }
      place(name(of: v), t)
    }
    types[name(of: v)] = v.type
    return name(of: v)
  }

  /// The name of result `i`; "" where nobody asked for it.
  package func output(_ i: Int) -> String {
    guard i < node.outputs.count, let id = node.outputs[i], let v = graph[id] else { return "" }
    if i > 0, v.consumers.isEmpty, !graph.isOutput(id), !(node.op is ForeignOperator) { return "" }
    types[name(of: v)] = v.type
    return name(of: v)
  }

  /// The names of all results, those that nobody asked for included.
  func outputs(all: Bool) -> [String] {
    node.outputs.indices.map { i in
      let name = output(i)
      return name.isEmpty ? temporary("unused\(i)") : name
    }
  }

  /// The names of all results, omitted trailing ones left out.
  package var outputs: [String] {
    var out = node.outputs.indices.map { output($0) }
    while out.count > 1, out.last == "" { out.removeLast() }
    return out
  }

  package func type(_ i: Int) -> ValueType {
    i < node.inputs.count ? node.inputs[i].flatMap { graph[$0]?.type } ?? .unknown : .unknown
  }

  package func outputType(_ i: Int) -> ValueType {
    i < node.outputs.count ? node.outputs[i].flatMap { graph[$0]?.type } ?? .unknown : .unknown
  }

  /// The element type of operand `i`; float32 where it is unknown.
  package func dtype(_ i: Int) -> DType { type(i).dtype ?? .float32 }

  package func constant(_ i: Int) -> Tensor? {
    i < node.inputs.count ? node.inputs[i].flatMap { graph[$0]?.constant } : nil
  }

  /// The integers of constant operand `i`.
  package func ints(_ i: Int) -> [Int]? { graph.typeInputs(of: node).ints(i) }

  /// The integers of operand `i`, which an attribute of this operator set must hold.
  package func requireInts(_ i: Int, _ what: String, since: Int) throws(Diagnostic) -> [Int] {
    if let v = ints(i) { return v }
    throw refuse(
      "onnx.needs-constant", "the \(what) are computed while the model runs, which needs operator set \(since)",
      help: useOpset(since))
  }

  // MARK: What exporters emit

  /// A value name of this node's own that nothing else has.
  package func temporary(_ suffix: String) -> String {
    unusedName("\(outputs.first.flatMap { $0.isEmpty ? nil : $0 } ?? node.name)/\(suffix)")
  }

  func unusedName(_ base: String) -> String {
    var name = base
    var k = 1
    while !names.insert(name).inserted {
      k += 1
      name = "\(base)_\(k)"
    }
    return name
  }

  /// Emits a node. Attributes at their default are left out.
  func put(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [(String, OnnxAttribute)] = [],
    domain: String = "ai.onnx", domainVersion: Int? = nil
  ) throws(Diagnostic) {
    if let domainVersion { domains[domain] = max(domains[domain] ?? 0, domainVersion) }
    var messages: [AttributeMessage] = []
    for (name, attribute) in attributes {
      if let value = attribute.value { messages.append(AttributeMessage(name: name, value: value)) }
    }
    try put(type, inputs, outputs, messages: messages, domain: domain)
  }

  func append(_ message: NodeMessage, domainVersion: Int?) {
    if let domainVersion { domains[message.domain] = max(domains[message.domain] ?? 0, domainVersion) }
    nodes.append(message)
  }

  func put(
    _ type: String, _ inputs: [String], _ outputs: [String], messages: [AttributeMessage], domain: String
  ) throws(Diagnostic) {
    let version = domain == "ai.onnx" ? opset : domains[domain] ?? version(of: domain)
    guard let schema = OnnxCatalogue.schema(domain: domain, name: type, opset: version), !schema.isDeprecated else {
      throw missing(type, domain, inputs, messages)
    }
    if domain != "ai.onnx" { domains[domain] = version }
    var inputs = inputs
    while inputs.last == "" { inputs.removeLast() }
    var outputs = outputs
    while outputs.count > 1, outputs.last == "" { outputs.removeLast() }
    for (i, p) in schema.outputs.enumerated() where p.arity == .single {
      if i == outputs.count { outputs.append("") }
      if i < outputs.count, outputs[i].isEmpty { outputs[i] = temporary("unused\(i)") }
    }
    if domain == "ai.onnx", try putWidened(schema, inputs, outputs, messages) { return }
    try checkTypes(schema, inputs, domain)
    try checkResults(schema, outputs, domain)
    var m = NodeMessage()
    m.type = type
    m.domain = domain
    m.inputs = inputs
    m.outputs = outputs
    let isLast = outputs.contains { !$0.isEmpty && self.outputs.contains($0) }
    m.name = uniqueNodeName(isLast ? node.name : outputs.first ?? node.name)
    for a in messages {
      guard let fact = schema.attribute(a.name) else {
        // What a later version made adjustable is fixed here at that version's default.
        if let later = laterFact(type, domain, a.name), a.value.isDefault(later) { continue }
        throw refuse(
          "onnx.attribute-unknown", "\(type) of operator set \(version) has no attribute '\(a.name)'",
          help: attributeHelp(type, domain, a.name))
      }
      if !fact.isRequired, a.value.isDefault(fact) { continue }
      m.attributes.append(a)
    }
    describe(&m)
    nodes.append(m)
  }

  /// The version of a standard domain other than `ai.onnx` that is written: the source's where it has one.
  private func version(of domain: String) -> Int {
    if let version = notes?.opset(domain) { return version }
    return switch domain {
    case "ai.onnx.ml": 3
    default: 1
    }
  }

  /// The type of a value made by an emitted node, so that later nodes' operands are checked too.
  package func note(_ name: String, _ type: ValueType) { types[name] = type }

  // MARK: Constants

  func isPlaced(_ name: String) -> Bool { placed.contains(name) }

  func placeConstant(_ name: String, _ t: Tensor) { place(name, t) }

  private func place(_ name: String, _ t: Tensor) {
    if placed.insert(name).inserted { initializers.append((name, t)) }
  }

  /// Places a constant of this node's own.
  package func constant(_ tensor: Tensor, _ suffix: String) -> String {
    let name = temporary(suffix)
    place(name, tensor)
    types[name] = .tensor(tensor.dtype, sizes: tensor.shape)
    return name
  }

  /// A 1-d int64 constant.
  package func ints(_ v: [Int], _ suffix: String) throws(Diagnostic) -> String {
    constant(try Tensor(v.map { Int64($0) }), suffix)
  }

  /// A constant of one value in the element type of operand 0 (or `type`).
  package func scalar(_ v: Double, _ suffix: String, type: DType? = nil, shape: [Int] = []) throws(Diagnostic) -> String
  {
    constant(try Tensor.splat(v, type ?? dtype(0), shape: shape), suffix)
  }

  /// Runtimes refuse two nodes of one name.
  func uniqueNodeName(_ wanted: String) -> String {
    if wanted.isEmpty || nodeNames.insert(wanted).inserted { return wanted }
    var k = 1
    while !nodeNames.insert("\(wanted)/\(k)").inserted { k += 1 }
    return "\(wanted)/\(k)"
  }

  /// Moves on to the next node.
  func begin(_ n: Node) { node = n }
}
