import Diagnostics
import ModelGraph
import TensorCore

/// Reads a graph message into a scope: constants, inputs, nodes in a valid order, outputs.
enum GraphImporter {
  /// Fills `scope` from the message of the model's own graph or of a body.
  ///
  /// - Parameter inputTypes: for a body, what its node knows of the inputs; used where the file declares less.
  /// - Returns: the values of the graph's outputs.
  static func read(
    _ m: GraphMessage, into scope: OnnxScope, inputTypes: [ValueType] = []
  ) throws(Diagnostic) -> [ValueID] {
    let model = scope.model
    guard scope.depth <= model.limits.depth else {
      throw .error("onnx.too-deep", "graphs are nested more than \(model.limits.depth) deep", at: place(model, m.name))
    }
    var defined: Set<String> = []
    for n in m.nodes {
      for o in n.outputs where !o.isEmpty {
        guard defined.insert(o).inserted else {
          throw .error(
            "onnx.duplicate-name", "value '\(o)' is made by two nodes", at: place(model, n.name),
            help: "names of values must be unique; export the model again")
        }
      }
    }
    model.notes.take(m, graph: scope.graph.name)
    scope.reserve(defined)
    scope.reserve(m.inputs.map(\.name))
    scope.reserve(m.initializers.map(\.name))
    for v in m.valueInfo + m.outputs { scope.declare(v.name, model.declared(v.type, name: v.name)) }

    var constants: [String: Tensor] = [:]
    for t in m.initializers {
      guard !t.name.isEmpty else {
        throw .error("onnx.tensor-name", "an initializer has no name", at: place(model, m.name))
      }
      if defined.contains(t.name) || constants[t.name] != nil {
        throw .error("onnx.duplicate-name", "value '\(t.name)' is defined twice", at: place(model, t.name))
      }
      constants[t.name] = try model.tensors.decode(t)
    }
    for s in m.sparseInitializers {
      constants[s.values.name] = try model.tensors.decode(s, name: s.values.name)
    }
    for a in m.quantizationAnnotations {
      for e in try a.messages("quant_parameter_tensor_names") {
        let name = try e.string("value")
        model.notes.annotationTensors[OnnxNotes.Key(graph: scope.graph.name, value: name)] = constants[name]
      }
    }
    var k = 0
    for v in m.inputs {
      defer { k += 1 }
      if constants[v.name] != nil { continue }
      if defined.contains(v.name) || scope.isBound(v.name) {
        throw .error("onnx.duplicate-name", "input '\(v.name)' is defined twice", at: place(model, v.name))
      }
      var type = scope.depth > 1 ? model.declared(v.type, name: v.name) : model.type(v.type, name: v.name)
      if k < inputTypes.count { type = narrower(type, inputTypes[k]) }
      scope.bind(v.name, scope.editor.addInput(v.name, type))
    }
    // In the order of the file, so that equal files give equal graphs.
    for name in m.initializers.map(\.name) + m.sparseInitializers.map(\.values.name) {
      if let t = constants[name] { scope.bind(name, scope.editor.addConstant(name, t)) }
    }
    for n in try NodeOrder.sorted(m.nodes, isKnown: { scope.lookup($0) != nil }, file: model.file) {
      try NodeImporter.read(n, into: scope)
    }
    var outputs: [ValueID] = []
    for o in m.outputs {
      guard let v = scope.lookup(o.name) else {
        throw .error("onnx.output-missing", "output '\(o.name)' is not made by any node", at: place(model, o.name))
      }
      if let d = scope.declaredType(o.name) {
        warn(o.name, of: d, made: scope.type(v), model)
        scope.refine(v, with: d)
      }
      outputs.append(v)
    }
    scope.editor.setOutputs(outputs)
    for name in constants.keys {
      guard let v = scope.lookup(name).flatMap({ scope.graph[$0] }), v.consumers.isEmpty else { continue }
      if !scope.graph.isOutput(v.id) {
        model.notes.unused.insert(OnnxNotes.Key(graph: scope.graph.name, value: v.name))
      }
    }
    return outputs
  }

  static func place(_ model: OnnxModelContext, _ name: String) -> SourceLocation {
    SourceLocation(file: model.file, path: name.isEmpty ? [] : [name])
  }

  /// A declared output that the graph contradicts: what it makes counts.
  private static func warn(_ name: String, of declared: ValueType, made: ValueType, _ model: OnnxModelContext) {
    guard case .tensor(let said, let saidShape) = declared, case .tensor(let is_, let shape) = made else { return }
    var differs = said != is_
    if let a = saidShape, let b = shape, !model.notes.isReshaped {
      differs =
        differs || a.count != b.count
        || zip(a, b).contains { x, y in x.value != nil && y.value != nil && x.value != y.value }
    }
    guard differs else { return }
    model.sink.warning(
      "onnx.declared-type", "output '\(name)' is declared as \(declared), and the graph makes \(made)",
      at: place(model, name))
  }

  /// The better known of two types.
  private static func narrower(_ said: ValueType, _ known: ValueType) -> ValueType {
    switch (said, known) {
    case (.unknown, _): return known
    case (.tensor(let t, .none), .tensor(let u, .some)) where t == u: return known
    case (.tensor(let t, .some(let a)), .tensor(let u, .some(let b))) where t == u && a.count == b.count:
      return .tensor(t, zip(a, b).map { $0.isAnonymous ? $1 : $0 })
    default: return said
    }
  }
}
