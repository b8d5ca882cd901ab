import ByteSource
import Containers
import Diagnostics
import ModelGraph
import TensorCore

/// How an ONNX file is written.
package struct OnnxWriteOptions: Sendable {
  /// Operator set of `ai.onnx`, 9 to `OnnxCatalogue.newestOpset`.
  package var opset: Int
  /// Weights in a file beside the model; nil: only where the model would exceed protobuf's 2 GB.
  package var externalData: Bool?
  package var producerName: String
  package var producerVersion: String
  /// Half-precision weights and computation.
  package var halfPrecision: HalfPrecision?
  /// What the source says beyond the graph, where it was an ONNX file.
  package var notes: OnnxNotes?

  package struct HalfPrecision: Sendable, Hashable {
    /// Inputs and outputs keep single precision, with a Cast at each.
    package var keepsInterface: Bool
    /// float16 or bfloat16.
    package var type: DType
    package init(keepsInterface: Bool = true, type: DType = .float16) {
      self.keepsInterface = keepsInterface
      self.type = type
    }
  }

  package init(
    opset: Int = 17, externalData: Bool? = nil, producerName: String = "modelconv", producerVersion: String = "",
    halfPrecision: HalfPrecision? = nil, notes: OnnxNotes? = nil
  ) {
    self.opset = opset
    self.externalData = externalData
    self.producerName = producerName
    self.producerVersion = producerVersion
    self.halfPrecision = halfPrecision
    self.notes = notes
  }
}

/// What was written.
package struct OnnxWriteReport: Sendable {
  package var opset: Int
  package var irVersion: Int
  /// Nodes of the written graph, by operator.
  package var operatorCounts: [String: Int]
  package var nodeCount: Int
  package var constantBytes: Int
  /// Size of the model file.
  package var byteCount: Int
  /// The data file's path; nil where the weights are in the model.
  package var externalDataPath: String?
  /// Half precision: constants whose values do not fit, with the largest magnitude.
  package var overflows: [(constant: String, magnitude: Float)]
}

/// Writes graphs as .onnx files: lowered for the operator set, weights streamed.
package enum OnnxWriter {
  /// Operator sets that can be written.
  package static var opsets: ClosedRange<Int> { 9...max(9, OnnxCatalogue.newestOpset) }

  /// protobuf's limit, with room for what stands around the payloads.
  private static let messageLimit = Int(Int32.max) - (1 << 20)

  /// Writes `graph` to `path` (`-`: standard output), whole or not at all.
  ///
  /// - Parameter sink: warnings about lost information.
  /// - Throws: all layers that ONNX cannot say at this operator set; errors of writing.
  package static func write(
    _ graph: Graph, to path: String, options: OnnxWriteOptions = OnnxWriteOptions(), sink: DiagnosticSink
  ) throws(Diagnostics) -> OnnxWriteReport {
    let built = try model(graph, options: options, sink: sink)
    do throws(Diagnostic) {
      return try store(built, path, options)
    } catch { throw Diagnostics([error]) }
  }

  /// The model message of a graph, and what there is to report.
  static func model(
    _ graph: Graph, options: OnnxWriteOptions, sink: DiagnosticSink
  ) throws(Diagnostics) -> (message: ModelMessage, report: OnnxWriteReport) {
    guard opsets.contains(options.opset) else {
      throw Diagnostics([
        .error(
          "onnx.opset", "operator set \(options.opset) cannot be written",
          help: "choose --opset from \(opsets.lowerBound) to \(opsets.upperBound)", status: .usage)
      ])
    }
    let ir = irVersion(options)
    var lowered = try OnnxLowering.run(graph, opset: options.opset, sink: sink)
    var overflows: [(constant: String, magnitude: Float)] = []
    var sources: [ObjectIdentifier: Tensor] = [:]
    if let half = options.halfPrecision {
      do throws(Diagnostic) {
        let result = try HalfPrecisionPass.run(lowered, half)
        lowered = result.graph
        overflows = result.overflows
        sources = result.sources
      } catch { throw Diagnostics([error]) }
      for o in overflows {
        sink.warning(
          "onnx.float16-overflow",
          "constant '\(o.constant)' holds values up to \(o.magnitude), beyond the 65504 of float16: "
            + "they become infinite",
          help: "convert with --dtype float32")
      }
    }
    let emitter = try GraphWriter.write(
      lowered, opset: options.opset, irVersion: ir, notes: options.notes, narrowed: options.halfPrecision?.type)
    var m = ModelMessage()
    m.irVersion = ir
    m.producerName = options.producerName
    m.producerVersion = options.producerVersion
    m.opsets = [OpsetMessage(domain: "ai.onnx", version: options.opset)]
    var domains = emitter.domains
    for o in options.notes?.opsets ?? [] { domains[o.domain] = max(domains[o.domain] ?? 0, o.version) }
    for (domain, version) in domains.sorted(by: { $0.key < $1.key }) where domain != "ai.onnx" {
      m.opsets.append(OpsetMessage(domain: domain, version: version))
    }
    do throws(Diagnostic) { m.graph = try emitter.message() } catch { throw Diagnostics([error]) }
    for i in m.graph.initializers.indices {
      guard case .tensor(let t) = m.graph.initializers[i].payload, let source = sources[ObjectIdentifier(t.storage)],
        source.count == t.count
      else { continue }
      m.graph.initializers[i].payload = .halved(source, t.dtype)
    }
    if let notes = options.notes {
      do throws(Diagnostic) { try add(notes, to: &m, opset: options.opset, sink) } catch { throw Diagnostics([error]) }
    }
    for (key, value) in graph.metadata.sorted(by: { $0.key < $1.key })
    where !key.hasPrefix("onnx.") && !m.metadata.contains(where: { $0.key == key }) {
      m.metadata.append(EntryMessage(key: key, value: value))
    }
    var counts: [String: Int] = [:]
    for n in m.graph.nodes { counts[n.type, default: 0] += 1 }
    let report = OnnxWriteReport(
      opset: options.opset, irVersion: ir, operatorCounts: counts, nodeCount: m.graph.nodes.count,
      constantBytes: emitter.constantBytes, byteCount: 0, externalDataPath: nil, overflows: overflows)
    return (m, report)
  }

  /// The IR version of the operator set; a source that is not lowered keeps a newer one of its own.
  private static func irVersion(_ options: OnnxWriteOptions) -> Int {
    let ir = max(OnnxCatalogue.irVersion(opset: options.opset), 4)
    guard let notes = options.notes, options.opset >= notes.opset("ai.onnx") ?? 1 else { return ir }
    return max(ir, min(notes.irVersion, OnnxCatalogue.newestIR))
  }

  /// What the source says of itself.
  private static func add(
    _ notes: OnnxNotes, to m: inout ModelMessage, opset: Int, _ sink: DiagnosticSink
  ) throws(Diagnostic) {
    m.domain = notes.domain
    m.modelVersion = notes.modelVersion
    m.documentation = notes.documentation
    m.metadata = notes.metadata
    if !notes.producer.isEmpty, notes.producer != [m.producerName, m.producerVersion].joined(separator: " "),
      !m.metadata.contains(where: { $0.key == OnnxOrigin.producerKey })
    {
      m.metadata.append(EntryMessage(key: OnnxOrigin.producerKey, value: notes.producer))
    }
    m.functions = notes.functions
    m.rest = notes.rest
    // Training graphs name values of the network and follow its operator set.
    if var rest = notes.rest, rest.has("training_info"), opset != notes.opset("ai.onnx") {
      rest.clear("training_info")
      m.rest = rest
      sink.warning(
        "onnx.training-info", "the training information holds for the source's operator set only and is left out",
        help: "convert with --opset \(notes.opset("ai.onnx") ?? opset) to keep it")
    }
  }

  private static func store(
    _ built: (message: ModelMessage, report: OnnxWriteReport), _ path: String, _ options: OnnxWriteOptions
  ) throws(Diagnostic) -> OnnxWriteReport {
    var (message, report) = built
    let mustBeExternal = report.constantBytes > messageLimit
    if path == "-", mustBeExternal || options.externalData == true {
      throw .error(
        "onnx.external-to-pipe", "a model with a data file beside it cannot go to standard output", status: .usage)
    }
    if mustBeExternal, options.externalData == false {
      throw .error(
        "onnx.too-large", "the weights have \(report.constantBytes) bytes, an ONNX file holds at most 2 GB",
        help: "write with --external-data", status: .usage)
    }
    var data: FileWriter?
    if mustBeExternal || options.externalData == true {
      let dataPath = path + ".data"
      let writer = try FileWriter(dataPath)
      try ExternalDataWriter.move(&message, to: writer, named: String(dataPath.split(separator: "/").last ?? "data"))
      report.externalDataPath = dataPath
      data = writer
    }
    let encoded = try message.encoded()
    let writer = try FileWriter(path)
    try encoded.write(to: writer)
    // The model that names the data file comes last.
    try data?.commit()
    try writer.commit()
    report.byteCount = encoded.byteCount
    return report
  }
}

extension OnnxWriter {
  /// Does everything but writing: finds what ONNX cannot say.
  ///
  /// - Throws: all layers that cannot be written at this operator set.
  package static func check(
    _ graph: Graph, options: OnnxWriteOptions = OnnxWriteOptions(), sink: DiagnosticSink
  ) throws(Diagnostics) {
    _ = try model(graph, options: options, sink: sink)
  }
}
