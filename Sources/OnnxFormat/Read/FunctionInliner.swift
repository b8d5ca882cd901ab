import Diagnostics
import ModelGraph

/// Replaces a call of a model-local function by the function's nodes.
enum FunctionInliner {
  static func inline(
    _ f: FunctionMessage, call: NodeMessage, inputs: [ValueID?], into scope: OnnxScope
  ) throws(Diagnostic) {
    let outer = scope.model
    let place = GraphImporter.place(outer, call.name)
    guard outer.callDepth < outer.limits.depth else {
      throw .error(
        "onnx.function-recursion",
        "functions call each other more than \(outer.limits.depth) deep, through '\(f.name)'",
        at: place, help: "ONNX functions must not call themselves")
    }
    outer.callDepth += 1
    defer { outer.callDepth -= 1 }
    // Operator sets of the function's own hold inside it.
    let saved = outer.opsets
    for o in f.opsets { outer.opsets[o.domain] = o.version }
    defer { outer.opsets = saved }

    // The call's result names are the names of the values, so that they survive inlining.
    var results: [String: String] = [:]
    for (i, name) in f.outputs.enumerated() where i < call.outputs.count && !call.outputs[i].isEmpty {
      results[name] = call.outputs[i]
    }
    let frame = scope.enterFunction(
      call.name.isEmpty ? call.outputs.first ?? f.name : call.name, results: results)
    var made: [(String, ValueID)] = []
    do throws(Diagnostic) {
      made = try body(f, call, inputs, scope, place)
    } catch {
      scope.leaveFunction(frame)
      throw error
    }
    scope.leaveFunction(frame)
    for (name, v) in made { scope.bind(name, v) }
  }

  private static func body(
    _ f: FunctionMessage, _ call: NodeMessage, _ inputs: [ValueID?], _ scope: OnnxScope, _ place: SourceLocation
  ) throws(Diagnostic) -> [(String, ValueID)] {
    let outer = scope.model
    var given: [String: AttributeValue] = [:]
    for d in f.defaults { given[d.name] = d.value }
    for a in call.attributes { given[a.name] = a.value }
    for (i, name) in f.inputs.enumerated() where !name.isEmpty {
      if i < inputs.count, let v = inputs[i] { scope.bind(name, v) } else { scope.bindAbsent(name) }
    }
    var defined: Set<String> = []
    for n in f.nodes {
      for o in n.outputs where !o.isEmpty {
        guard defined.insert(o).inserted else {
          throw .error("onnx.duplicate-name", "value '\(o)' is made twice in function '\(f.name)'", at: place)
        }
      }
    }
    let known = Set(f.inputs)
    for n in try NodeOrder.sorted(f.nodes, isKnown: { known.contains($0) }, file: outer.file) {
      try NodeImporter.read(try substitute(n, given, f), into: scope)
    }
    var made: [(String, ValueID)] = []
    for (i, name) in f.outputs.enumerated() where i < call.outputs.count && !call.outputs[i].isEmpty {
      guard let v = scope.lookup(name) else {
        throw .error("onnx.output-missing", "function '\(f.name)' does not make its output '\(name)'", at: place)
      }
      // A value that the function only hands on, or gives twice, gets a name of its own.
      let isOwn = !inputs.contains(v) && !made.contains { $0.1 == v } && !scope.graph.inputs.contains(v)
      guard !isOwn else {
        made.append((call.outputs[i], v))
        continue
      }
      let origin = Origin(
        file: outer.file, layer: call.name.isEmpty ? call.outputs[i] : call.name, layerType: call.type)
      let copy = try scope.editor.insert(
        Identity(), [v], name: scope.freeName("\(call.outputs[i])/handed"), outputNames: [call.outputs[i]],
        origin: origin)
      made.append((call.outputs[i], copy[0] ?? v))
    }
    return made
  }

  /// The node with references to the function's attributes replaced by what the call gives.
  private static func substitute(
    _ n: NodeMessage, _ given: [String: AttributeValue], _ f: FunctionMessage
  ) throws(Diagnostic) -> NodeMessage {
    var out = n
    out.attributes = []
    for a in n.attributes {
      switch a.value {
      case .reference(let name, _):
        // A reference to an attribute that the call leaves out stands for an absent attribute.
        if let v = given[name] { out.attributes.append(AttributeMessage(name: a.name, value: v)) }
      case .graph(let g):
        out.attributes.append(AttributeMessage(name: a.name, value: .graph(try substitute(g, given, f))))
      default: out.attributes.append(a)
      }
    }
    return out
  }

  private static func substitute(
    _ g: GraphMessage, _ given: [String: AttributeValue], _ f: FunctionMessage
  ) throws(Diagnostic) -> GraphMessage {
    var out = g
    out.nodes = []
    for n in g.nodes { out.nodes.append(try substitute(n, given, f)) }
    return out
  }
}
