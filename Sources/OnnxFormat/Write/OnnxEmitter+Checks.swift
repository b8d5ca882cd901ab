import Diagnostics
import ModelGraph

extension OnnxEmitter {
  // MARK: Refusals

  /// The error of a node that cannot be written.
  package func refuse(_ code: String, _ message: String, help: String? = nil) -> Diagnostic {
    .error(
      code, "layer '\(node.name)' (\(node.origin.layerType ?? node.op.operatorName)): \(message)",
      at: node.origin.location, help: help)
  }

  /// A way out of a refusal: the lowest operator set from `since` on in which the source's operator takes its operands'
  /// types.
  func useOpset(_ since: Int) -> String {
    var wanted = since
    if let type = node.origin.layerType, OnnxCatalogue.knows(domain: "ai.onnx", name: type) {
      let texts = node.inputs.map { $0.flatMap { graph[$0]?.type }.flatMap { OnnxTypes.text($0) } }
      wanted = max(since, lowestOpset(type, texts, atLeast: since) ?? since)
    }
    return "use --opset \(wanted) or higher"
  }

  /// The lowest operator set from `least` on in which `type` takes operands of these types; nil where none does.
  func lowestOpset(
    _ type: String, _ operands: [String?], domain: String = "ai.onnx", attributes: [AttributeMessage] = [],
    atLeast least: Int
  ) -> Int? {
    for v in [least] + OnnxCatalogue.versions(domain: domain, name: type).filter({ $0 > least }) {
      guard let s = OnnxCatalogue.schema(domain: domain, name: type, opset: v), !s.isDeprecated else { continue }
      let fits = operands.enumerated().allSatisfy { i, t in t.map { s.accepts($0, input: i) } ?? true }
      let says = attributes.allSatisfy { a in
        s.attribute(a.name) != nil || laterFact(type, domain, a.name).map { a.value.isDefault($0) } ?? false
      }
      if fits, says { return v }
    }
    return nil
  }

  func missing(
    _ type: String, _ domain: String, _ inputs: [String], _ attributes: [AttributeMessage]
  ) -> Diagnostic {
    let versions = OnnxCatalogue.versions(domain: domain, name: type)
    if let first = versions.first, first > opset {
      let texts = inputs.map { types[$0].flatMap { OnnxTypes.text($0) } }
      let wanted = lowestOpset(type, texts, domain: domain, attributes: attributes, atLeast: first) ?? first
      return refuse(
        "onnx.opset-too-low", "\(type) came with operator set \(first), and \(opset) is asked for",
        help: "use --opset \(wanted) or higher")
    }
    return refuse("onnx.no-operator", "operator set \(opset) has no \(type)", help: "use another --opset")
  }

  func laterFact(_ type: String, _ domain: String, _ attribute: String) -> OnnxAttributeFact? {
    for v in OnnxCatalogue.versions(domain: domain, name: type) where v > opset {
      if let f = OnnxCatalogue.schema(domain: domain, name: type, opset: v)?.attribute(attribute) { return f }
    }
    return nil
  }

  func attributeHelp(_ type: String, _ domain: String, _ attribute: String) -> String? {
    let since = OnnxCatalogue.versions(domain: domain, name: type).first {
      $0 > opset && OnnxCatalogue.schema(domain: domain, name: type, opset: $0)?.attribute(attribute) != nil
    }
    return since.map { "use --opset \($0) or higher" }
  }

  /// The first operand whose type this version of an operator does not take.
  func misfit(_ schema: OnnxOperatorSchema, _ inputs: [String]) -> (index: Int, type: String)? {
    for (i, name) in inputs.enumerated() where !name.isEmpty {
      if let t = types[name], let text = OnnxTypes.text(t), !schema.accepts(text, input: i) { return (i, text) }
    }
    return nil
  }

  /// Throws where this version of an operator does not give the type that a value of the graph has.
  func checkResults(_ schema: OnnxOperatorSchema, _ results: [String], _ domain: String) throws(Diagnostic) {
    for (i, name) in results.enumerated() where !name.isEmpty && outputs.contains(name) {
      guard let t = types[name], let text = OnnxTypes.text(t), !schema.gives(text, output: i) else { continue }
      let since = OnnxCatalogue.versions(domain: domain, name: schema.name).first { v in
        v > opset && OnnxCatalogue.schema(domain: domain, name: schema.name, opset: v)?.gives(text, output: i) ?? false
      }
      throw refuse(
        "onnx.type-unsupported", "\(schema.name) of operator set \(opset) does not give \(text)",
        help: since.map { useOpset($0) } ?? "convert with --dtype float32")
    }
  }

  func checkTypes(_ schema: OnnxOperatorSchema, _ inputs: [String], _ domain: String) throws(Diagnostic) {
    guard let (_, text) = misfit(schema, inputs) else { return }
    let texts = inputs.map { types[$0].flatMap { OnnxTypes.text($0) } }
    let since = lowestOpset(schema.name, texts, domain: domain, atLeast: opset)
    throw refuse(
      "onnx.type-unsupported", "\(schema.name) of operator set \(opset) does not take \(text)",
      help: since.map { "use --opset \($0) or higher" } ?? "convert with --dtype float32")
  }
}
