import Diagnostics
import ModelGraph
import TensorCore

/// Writes a lowered graph through an emitter.
enum GraphWriter {
  /// - Throws: every node that cannot be written, at once.
  static func write(
    _ graph: Graph, opset: Int, irVersion: Int, reserved: Set<String> = []
  ) throws(Diagnostics) -> OnnxEmitter {
    let e: OnnxEmitter
    do throws(Diagnostic) {
      e = try OnnxEmitter(graph, opset: opset, irVersion: irVersion, reserved: reserved)
    } catch { throw Diagnostics([error]) }
    var failures: [Diagnostic] = []
    for node in graph.nodes {
      e.begin(node)
      do throws(Diagnostic) {
        if let foreign = node.op as? ForeignOperator {
          try ForeignWriter.write(foreign, to: e)
        } else if let op = node.op as? any OnnxExportable {
          try op.export(to: e)
        } else {
          throw e.refuse(
            "onnx.no-operator", "ONNX has no operator for \(node.op.operatorName)",
            help: "cut the model before this layer with --to-blob, or ask for another target format")
        }
      } catch { failures.append(error) }
    }
    if !failures.isEmpty { throw Diagnostics(failures) }
    do throws(Diagnostic) { try e.finishOutputs() } catch { throw Diagnostics([error]) }
    return e
  }
}

extension OnnxEmitter {
  /// Makes every graph output the result of a node, under its own name and once.
  func finishOutputs() throws(Diagnostic) {
    var seen: Set<String> = []
    for id in graph.outputs {
      guard let v = graph[id] else { continue }
      if v.producer == nil, v.constant == nil || graph.isInput(id) || seen.contains(v.name) {
        // An input or a repeated output is named as it is.
        if seen.insert(v.name).inserted { outputNames.append(v.name) } else { outputNames.append(try alias(v)) }
      } else if v.constant != nil {
        outputNames.append(try constantOutput(v))
        seen.insert(v.name)
      } else if seen.insert(v.name).inserted {
        outputNames.append(v.name)
      } else {
        outputNames.append(try alias(v))
      }
    }
  }

  private func alias(_ v: Value) throws(Diagnostic) -> String {
    let name = unusedName(v.name + "/again")
    append(identity(v.name, name), domainVersion: nil)
    return name
  }

  /// A constant output keeps its name on an Identity of the initialiser.
  private func constantOutput(_ v: Value) throws(Diagnostic) -> String {
    guard let t = v.constant else { return v.name }
    if isPlaced(v.name) {
      // Nodes use the initialiser by this name already: it must stay.
      return v.name
    }
    let inner = unusedName(v.name + "/value")
    placeConstant(inner, t)
    append(identity(inner, v.name), domainVersion: nil)
    return v.name
  }

  private func identity(_ from: String, _ to: String) -> NodeMessage {
    var m = NodeMessage()
    m.type = "Identity"
    m.name = to
    m.inputs = [from]
    m.outputs = [to]
    return m
  }

  /// The graph as a message.
  var message: GraphMessage {
    var g = GraphMessage()
    g.name = graph.name.isEmpty ? "model" : graph.name
    g.nodes = nodes
    g.initializers = initializers.map { TensorMessage(tensor: $0.tensor, name: $0.name) }
    g.inputs = graph.inputs.compactMap { graph[$0] }.map {
      ValueInfoMessage(name: $0.name, type: OnnxTypes.message($0.type))
    }
    g.outputs = zip(graph.outputs, outputNames).map { id, name in
      ValueInfoMessage(name: name, type: graph[id].map { OnnxTypes.message($0.type) })
    }
    return g
  }

  var constantBytes: Int { initializers.reduce(0) { $0 &+ $1.tensor.byteCount } }
}
