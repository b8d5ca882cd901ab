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

  func missing(_ type: String, _ domain: String) -> Diagnostic {
    let versions = OnnxCatalogue.versions(domain: domain, name: type)
    if let first = versions.first, first > opset {
      return refuse(
        "onnx.opset-too-low", "\(type) came with operator set \(first), and \(opset) is asked for",
        help: "use --opset \(first) or higher")
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

  func checkTypes(_ schema: OnnxOperatorSchema, _ inputs: [String], _ domain: String) throws(Diagnostic) {
    for (i, name) in inputs.enumerated() where !name.isEmpty {
      guard let t = types[name], let text = OnnxTypes.text(t), !schema.accepts(text, input: i) else { continue }
      let since = OnnxCatalogue.versions(domain: domain, name: schema.name).first { v in
        v > schema.since
          && OnnxCatalogue.schema(domain: domain, name: schema.name, opset: v)?.accepts(text, input: i) == true
      }
      throw refuse(
        "onnx.type-unsupported", "\(schema.name) of operator set \(opset) does not take \(text)",
        help: since.map { "use --opset \($0) or higher" } ?? "convert with --dtype float32")
    }
  }
}
