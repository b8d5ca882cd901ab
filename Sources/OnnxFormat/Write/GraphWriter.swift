import Diagnostics
import ModelGraph
import TensorCore

/// Writes a lowered graph through an emitter.
enum GraphWriter {
  /// - Throws: every node that cannot be written, at once.
  static func write(
    _ graph: Graph, opset: Int, irVersion: Int, notes: OnnxNotes? = nil, narrowed: DType? = nil
  ) throws(Diagnostics) -> OnnxEmitter {
    let e: OnnxEmitter
    do throws(Diagnostic) {
      e = try OnnxEmitter(graph, opset: opset, irVersion: irVersion, notes: notes)
    } catch { throw Diagnostics([error]) }
    e.narrowed = narrowed
    try fill(e)
    return e
  }

  /// A body as a message.
  ///
  /// - Parameters:
  ///   - outer: names in the outer graph of the inputs that stand for captured values.
  ///   - formal: number of inputs that are the body's own.
  static func body(
    _ graph: Graph, in e: OnnxEmitter, outer: [ValueID: String], formal: Int
  ) throws(Diagnostics) -> GraphMessage {
    let lowered = try OnnxLowering.run(graph, opset: e.opset, sink: DiagnosticSink())
    let inner: OnnxEmitter
    do throws(Diagnostic) {
      inner = try OnnxEmitter(lowered, opset: e.opset, irVersion: e.irVersion, outer: e, captured: outer)
    } catch { throw Diagnostics([error]) }
    inner.narrowed = e.narrowed
    try fill(inner)
    e.absorb(inner)
    var m: GraphMessage
    do throws(Diagnostic) { m = try inner.message() } catch { throw Diagnostics([error]) }
    m.inputs = Array(m.inputs.prefix(formal))
    if m.name.isEmpty || m.name == "model" { m.name = "body" }
    return m
  }

  private static func fill(_ e: OnnxEmitter) throws(Diagnostics) {
    let graph = e.graph
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
  }
}

extension OnnxEmitter {
  /// Makes every graph output the result of a node, under its own name and once. In a body inputs and captures need a
  /// node as well: runtimes refuse a body that passes them on.
  func finishOutputs() throws(Diagnostic) {
    var seen: Set<String> = []
    for id in graph.outputs {
      guard let v = graph[id] else { continue }
      let own = name(of: v)
      if v.constant != nil, !graph.isInput(id), !seen.contains(own) {
        outputNames.append(try constantOutput(v))
      } else if seen.contains(own) || (isBody && v.producer == nil) {
        outputNames.append(alias(own))
      } else {
        outputNames.append(own)
      }
      seen.insert(own)
    }
  }

  private func alias(_ own: String) -> String {
    let name = unusedName(own + "/again")
    append(identity(own, name), domainVersion: nil)
    return name
  }

  /// A constant output keeps its name on an Identity of the initialiser.
  private func constantOutput(_ v: Value) throws(Diagnostic) -> String {
    let own = name(of: v)
    guard let t = v.constant else { return own }
    // Where nodes use the initialiser by this name it must stay.
    if isPlaced(own) { return isBody ? alias(own) : own }
    let inner = unusedName(own + "/value")
    placeConstant(inner, t)
    append(identity(inner, own), domainVersion: nil)
    return own
  }

  private func identity(_ from: String, _ to: String) -> NodeMessage {
    var m = NodeMessage()
    m.type = "Identity"
    m.name = uniqueNodeName(to)
    m.inputs = [from]
    m.outputs = [to]
    return m
  }

  var constantBytes: Int { initializers.reduce(0) { $0 &+ $1.tensor.byteCount } }
}
