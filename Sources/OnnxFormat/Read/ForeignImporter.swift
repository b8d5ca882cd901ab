import Diagnostics
import ModelGraph
import TensorCore

/// Keeps operators that have no neutral meaning: attributes exactly as the file has them.
enum ForeignImporter {
  static func read(
    _ n: NodeMessage, _ inputs: [ValueID?], _ origin: Origin, opset: Int, into scope: OnnxScope
  ) throws(Diagnostic) {
    let model = scope.model
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
    var captured: [ValueID] = []
    for a in n.attributes {
      fields.append(ForeignField(a.name, try attribute(a, scope)))
      for name in NodeOrder.captures(a.value) {
        if let v = scope.lookup(name) { captured.append(v) }
      }
    }
    if !captured.isEmpty {
      // Values that encoded bodies use by name: kept as operands past the file's own, so that they stay alive.
      fields.append(ForeignField(capturesField, .int(Int64(captured.count))))
    }
    let op = ForeignOperator(
      domain: n.domain, type: n.type, version: opset, attributes: fields, outputCount: n.outputs.count)
    let call = OnnxCall(
      node: n, schema: OnnxOperatorSchema(domain: n.domain, name: n.type), inputs: inputs, origin: origin)
    try scope.apply(op, inputs + captured.map { $0 }, call)
  }

  /// The field that counts operands which stand for captured values.
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
