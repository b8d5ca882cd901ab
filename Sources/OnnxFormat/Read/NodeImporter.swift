import Containers
import Diagnostics
import ModelGraph
import TensorCore

/// Reads one node: a call of a local function, a known operator, or a foreign one.
enum NodeImporter {
  static func read(_ n: NodeMessage, into scope: OnnxScope) throws(Diagnostic) {
    let model = scope.model
    model.nodeCount += 1
    guard model.nodeCount <= model.limits.nodes else {
      throw .error(
        "onnx.too-many-nodes", "the model has more than \(model.limits.nodes) nodes, calls of functions included",
        at: SourceLocation(file: model.file))
    }
    var inputs: [ValueID?] = []
    for name in n.inputs {
      guard !name.isEmpty, !scope.isAbsent(name) else {
        inputs.append(nil)
        continue
      }
      guard let v = scope.lookup(name) else {
        throw .error(
          "onnx.value-missing", "node '\(n.name)' (\(n.type)) uses '\(name)', which nothing makes",
          at: GraphImporter.place(model, n.name))
      }
      inputs.append(v)
    }
    while inputs.count > 0, case .some(.none) = inputs.last { inputs.removeLast() }
    let displayName = n.name.isEmpty ? n.outputs.first { !$0.isEmpty } ?? n.type : n.name
    let origin = Origin(file: model.file, layer: displayName, layerType: n.type)
    if let f = model.functions[OnnxModelContext.key(n.domain, n.type, n.overload)] {
      try FunctionInliner.inline(f, call: n, inputs: inputs, into: scope)
      note(n, scope, isForeign: false)
      return
    }
    let opset = model.opset(n.domain)
    guard let schema = OnnxCatalogue.schema(domain: n.domain, name: n.type, opset: opset),
      let importer = OnnxOperators.importers["\(schema.domain)|\(schema.name)"]
    else {
      note(try ForeignImporter.read(n, inputs, origin, opset: opset, into: scope), scope, isForeign: true)
      return
    }
    let call = OnnxCall(node: n, schema: schema, inputs: inputs, origin: origin)
    do throws(Diagnostic) {
      try check(call)
      try importer(scope, call)
      note(n, scope, isForeign: false)
    } catch {
      // The rest of the graph is still read, so that every problem is reported in one run.
      scope.model.sink.report(error)
      poison(call, in: scope)
    }
  }

  /// Keeps what the node says beyond its meaning.
  private static func note(_ n: NodeMessage, _ scope: OnnxScope, isForeign: Bool) {
    guard let name = n.outputs.first(where: { !$0.isEmpty }), let v = scope.lookup(name).flatMap({ scope.graph[$0] })
    else { return }
    scope.model.notes.take(n, graph: scope.graph.name, value: v.name, isForeign: isForeign)
  }

  private static func check(_ call: OnnxCall) throws(Diagnostic) {
    let (least, most) = call.schema.inputCount
    guard call.inputs.count >= least else {
      throw call.error("onnx.input-count", "it has \(call.inputs.count) inputs and needs \(least)")
    }
    if let most, call.inputs.count > most {
      throw call.error("onnx.input-count", "it has \(call.inputs.count) inputs and takes at most \(most)")
    }
    if let most = call.schema.outputCount.most, call.node.outputs.count > most {
      throw call.error("onnx.output-count", "it has \(call.node.outputs.count) outputs and makes at most \(most)")
    }
    for (i, p) in call.schema.inputs.enumerated() where p.arity == .single && !call.has(i) {
      throw call.error("onnx.input-missing", "input \(i) ('\(p.name)') is missing")
    }
    for a in call.schema.attributes where a.isRequired && !call.has(a.name) {
      throw call.error("onnx.attribute-missing", "attribute '\(a.name)' is missing")
    }
    // `consumed_inputs` told the first runtimes where memory may be shared.
    for a in call.node.attributes where a.name != "consumed_inputs" && call.schema.attribute(a.name) == nil {
      throw unknownAttribute(a.name, call)
    }
  }

  /// What an operator set does not know must not vanish: exporters leave attributes behind that became inputs.
  private static func unknownAttribute(_ name: String, _ call: OnnxCall) -> Diagnostic {
    let schema = call.schema
    let others = OnnxCatalogue.versions(domain: schema.domain, name: schema.name).filter { v in
      OnnxCatalogue.schema(domain: schema.domain, name: schema.name, opset: v)?.attribute(name) != nil
    }
    let help: String
    if let last = others.last {
      let isInput = schema.inputs.contains { $0.name == name }
      help =
        last < schema.since
        ? "operator sets below \(schema.since) have it" + (isInput ? "; here it is an input" : "")
        : "it came with operator set \(others.first { $0 > schema.since } ?? last)"
    } else {
      help =
        closestName(to: name, among: schema.attributes.map(\.name)).map { "did you mean '\($0)'?" }
        ?? "no operator set has it"
    }
    return call.error(
      "onnx.attribute-unknown", "\(schema.name) of operator set \(schema.since) has no attribute '\(name)'", help: help)
  }

  /// Results of a node that could not be read: values of unknown type.
  private static func poison(_ call: OnnxCall, in scope: OnnxScope) {
    let op = ForeignOperator(
      domain: call.node.domain, type: call.node.type, version: call.version, outputCount: call.node.outputs.count)
    let made = scope.editor.insertUnchecked(
      op, call.inputs, types: call.node.outputs.map { _ in .unknown }, name: call.name, outputNames: call.node.outputs,
      origin: call.origin)
    for (name, v) in zip(call.node.outputs, made) {
      if let v { scope.bind(name, v) }
    }
  }
}
