import Diagnostics
import ModelGraph
import TensorCore

/// Keeps operators that have no neutral meaning: attributes exactly as the file has them.
enum ForeignImporter {
  /// - Returns: the node with data of other files taken in.
  static func read(
    _ node: NodeMessage, _ inputs: [ValueID?], _ origin: Origin, opset: Int, into scope: OnnxScope
  ) throws(Diagnostic) -> NodeMessage {
    let model = scope.model
    let n = try ForeignData.embedded(node, model.tensors)
    let isStandard = OnnxCatalogue.knows(domain: n.domain, name: n.type)
    let versions = OnnxCatalogue.versions(domain: n.domain, name: n.type)
    if isStandard, let first = versions.first, first > opset {
      model.sink.warning(
        "onnx.opset-mismatch",
        "node '\(origin.layer ?? "")': \(n.type) came with operator set \(first) of \(n.domain), "
          + "the model says \(opset)",
        at: origin.location)
    } else {
      model.sink.warning(
        "onnx.unknown-operator", "node '\(origin.layer ?? "")': operator \(n.domain).\(n.type) is not known",
        at: origin.location,
        notes: isStandardDomain(n.domain) && !isStandard
          ? ["\(n.domain) has no operator of that name: the exporter wrote an invalid node"] : [],
        help: "it is kept for inspection and for writing ONNX again; it cannot be run")
    }
    var fields: [ForeignField] = []
    var captured: [(name: String, value: ValueID)] = []
    for a in n.attributes {
      fields.append(ForeignField(a.name, try attribute(a, scope)))
      for name in NodeOrder.captures(a.value) {
        if let v = scope.lookup(name), !captured.contains(where: { $0.name == name }) { captured.append((name, v)) }
      }
      keepFunctions(calledIn: a.value, model)
    }
    if !captured.isEmpty {
      // Values that encoded bodies use by name: kept as operands past the file's own, so that they stay alive.
      fields.append(ForeignField(capturesField, .strings(captured.map { ByteString($0.name) })))
    }
    let op = ForeignOperator(
      domain: n.domain, type: n.type, version: opset, attributes: fields, outputCount: n.outputs.count)
    let call = OnnxCall(
      node: n, schema: OnnxOperatorSchema(domain: n.domain, name: n.type), inputs: inputs, origin: origin)
    try scope.apply(op, inputs + captured.map(\.value), call)
    return n
  }

  /// Bodies of foreign nodes stay as they are, so the functions that they call must stay too.
  private static func keepFunctions(calledIn value: AttributeValue, _ model: OnnxModelContext) {
    let graphs: [GraphMessage] =
      switch value {
      case .graph(let g): [g]
      case .graphs(let l): l
      default: []
      }
    for n in graphs.flatMap(\.nodes) { keepFunctions(of: n, model) }
  }

  private static func keepFunctions(of n: NodeMessage, _ model: OnnxModelContext) {
    if let f = model.functions[OnnxModelContext.key(n.domain, n.type, n.overload)],
      !model.notes.functions.contains(where: {
        $0.domain == f.domain && $0.name == f.name && $0.overload == f.overload
      })
    {
      model.notes.functions.append(f)
      for inner in f.nodes { keepFunctions(of: inner, model) }
    }
    for a in n.attributes { keepFunctions(calledIn: a.value, model) }
  }

  /// The field that names the values which operands past the file's own stand for.
  static let capturesField = "modelconv.captures"

  private static func isStandardDomain(_ d: String) -> Bool { d == "ai.onnx" || d == "ai.onnx.ml" }

  private static func attribute(_ a: AttributeMessage, _ scope: OnnxScope) throws(Diagnostic) -> ForeignAttribute {
    switch a.value {
    case .float(let v): return .float(FloatBits(v))
    case .int(let v): return .int(v)
    case .string(let v): return .string(ByteString(v))
    case .tensor(let t): return .tensor(ForeignTensor(try scope.model.tensors.decode(t)))
    case .floats(let v): return .floats(v.map { FloatBits($0) })
    case .ints(let v): return .ints(v)
    case .strings(let v): return .strings(v.map { ByteString($0) })
    default: return .encoded(try a.encoded().bytes())
    }
  }
}

extension OnnxOperatorSchema {
  /// Facts of an operator of which nothing is known but its name.
  init(domain: String, name: String) {
    self.init(
      domain: domain, name: name, since: 1, inputs: [], outputs: [], attributes: [], constraints: [:],
      isDeprecated: false, hasFunctionBody: false)
  }
}
