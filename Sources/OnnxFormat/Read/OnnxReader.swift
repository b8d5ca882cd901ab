import ByteSource
import Containers
import Diagnostics
import ModelGraph
import TensorCore

/// How an ONNX file is read.
package struct OnnxReadOptions: Sendable {
  /// Extents for symbols and for inputs, by input name; they are bound before inference.
  package var inputShapes: [String: [Dim]]
  /// Replaces the first extent of every input whose rank is known.
  package var batch: Dim?

  package init(inputShapes: [String: [Dim]] = [:], batch: Dim? = nil) {
    self.inputShapes = inputShapes
    self.batch = batch
  }
}

/// An ONNX model as read.
package struct OnnxModel: Sendable {
  package var graph: Graph
  package var irVersion: Int
  /// Operator set versions by domain (`ai.onnx`, …).
  package var opsets: [String: Int]
  package var producerName: String
  package var producerVersion: String
  package var domain: String
  package var modelVersion: Int
  package var documentation: String
  /// The file's own key-value pairs, in its order.
  package var metadata: [(key: String, value: String)]
  /// Model-local functions by `domain.name`, which the graph holds inlined.
  package var functions: [String]
  /// What the file says beyond what the network computes: the writer takes it.
  package var notes: OnnxNotes
}

/// Reads .onnx files: every IR version, every operator set, raised to one internal meaning.
package enum OnnxReader {
  /// Whether the bytes look like a ModelProto: field 1 (ir_version) with a small number, and a graph.
  package static func recognises(_ bytes: ByteSlice) -> Bool {
    var reader = WireReader(bytes)
    var hasGraph = false
    var fields = 0
    do throws(Diagnostic) {
      while let f = try reader.next() {
        fields += 1
        switch (f.number, f.type) {
        case (1, .varint): if f.value > 1000 { return false }
        case (7, .lengthDelimited): hasGraph = true
        case (2, .lengthDelimited), (3, .lengthDelimited), (4, .lengthDelimited), (5, .varint), (6, .lengthDelimited),
          (8, .lengthDelimited), (14, .lengthDelimited), (20, .lengthDelimited), (25, .lengthDelimited),
          (26, .lengthDelimited):
          continue
        default: return false
        }
      }
    } catch {
      // A damaged or cut-off file is still ONNX when it starts like one.
      return fields >= 2 && bytes[0] == 0x08 && (bytes[1] ?? 0xff) < 0x20
    }
    return hasGraph
  }

  /// The model in `bytes`.
  ///
  /// - Parameters:
  ///   - path: the file, whose folder may hold external data; nil where there is none.
  ///   - sink: warnings (unknown operators), and errors of single nodes, which do not stop the reading.
  /// - Throws: `onnx.*`, `protobuf.*` or `bytes.*` when the file as a whole cannot be read.
  package static func read(
    _ bytes: ByteStorage, path: String?, options: OnnxReadOptions = OnnxReadOptions(), sink: DiagnosticSink
  ) throws(Diagnostic) -> OnnxModel {
    let place = SourceLocation(file: path)
    guard bytes.count > 0 else {
      throw .error("onnx.empty-file", "the file is empty", at: place)
    }
    var limits = ProtobufLimits()
    limits.values = 16_000_000
    limits.messages = 8_000_000
    limits.structBytes = 2 << 30
    limits.skeletonBytes = 1 << 30
    let m = try ModelMessage(ProtobufReader(limits: limits).read(bytes.all, as: OnnxSchema.model))
    try check(m, place, sink)
    var opsets: [String: Int] = [:]
    for o in m.opsets { opsets[o.domain] = max(opsets[o.domain] ?? 0, o.version) }
    if opsets["ai.onnx"] == nil { opsets["ai.onnx"] = 1 }
    var functions: [String: FunctionMessage] = [:]
    for f in m.functions { functions[OnnxModelContext.key(f.domain, f.name, f.overload)] = f }
    let context = OnnxModelContext(
      file: path, opsets: opsets, functions: functions, sink: sink, tensors: TensorDecoder(file: path),
      limits: OnnxLimits())
    context.notes.take(m)
    context.notes.isReshaped = options.batch != nil || !options.inputShapes.isEmpty
    let scope = OnnxScope(context, name: m.graph.name)
    let graph = try bind(m.graph, options, place)
    _ = try GraphImporter.read(graph, into: scope)
    for e in m.graph.metadata { scope.editor.setMetadata("onnx.graph.\(e.key)", e.value) }
    for e in m.metadata { scope.editor.setMetadata(e.key, e.value) }
    if !m.producerName.isEmpty { scope.editor.setMetadata("onnx.producer", m.producerName) }
    return OnnxModel(
      graph: scope.graph, irVersion: m.irVersion, opsets: opsets, producerName: m.producerName,
      producerVersion: m.producerVersion, domain: m.domain, modelVersion: m.modelVersion,
      documentation: m.documentation, metadata: m.metadata.map { ($0.key, $0.value) },
      functions: m.functions.map { "\($0.domain).\($0.name)" }, notes: context.notes)
  }

  private static func check(_ m: ModelMessage, _ place: SourceLocation, _ sink: DiagnosticSink) throws(Diagnostic) {
    let newest = OnnxCatalogue.newestIR
    guard m.irVersion >= 1 else {
      throw .error("onnx.ir-version", "the file does not say its IR version", at: place)
    }
    if m.irVersion > newest {
      sink.warning(
        "onnx.ir-version", "IR version \(m.irVersion) is newer than \(newest), the newest that modelconv knows",
        at: place)
    }
    for o in m.opsets where o.domain == "ai.onnx" {
      guard o.version >= 1, o.version <= OnnxCatalogue.newestOpset else {
        throw .error(
          "onnx.opset", "operator set \(o.version) of ai.onnx is not known; the newest is \(OnnxCatalogue.newestOpset)",
          at: place, help: "export the model at operator set \(OnnxCatalogue.newestOpset) or lower")
      }
    }
  }

  /// The graph with the shapes that the caller gives its inputs.
  private static func bind(
    _ g: GraphMessage, _ options: OnnxReadOptions, _ place: SourceLocation
  ) throws(Diagnostic) -> GraphMessage {
    var out = g
    if let batch = options.batch {
      let constants = Set(g.initializers.map(\.name))
      for i in g.inputs.indices where !constants.contains(g.inputs[i].name) {
        guard case .tensor(let t, .some(var dims)) = g.inputs[i].type, !dims.isEmpty else { continue }
        dims[0] = dimension(batch)
        out.inputs[i].type = .tensor(t, dims)
      }
    }
    for (name, dims) in options.inputShapes.sorted(by: { $0.key < $1.key }) {
      guard let i = g.inputs.firstIndex(where: { $0.name == name }) else {
        throw .error(
          "onnx.no-input", "there is no input '\(name)'", at: place,
          help: "the inputs are \(g.inputs.map(\.name).joined(separator: ", "))", status: .usage)
      }
      guard case .tensor(let t, let old) = g.inputs[i].type else { continue }
      if let old, old.count != dims.count {
        throw .error(
          "onnx.input-rank", "input '\(name)' has \(old.count) axes, \(dims.count) are given", at: place, status: .usage
        )
      }
      out.inputs[i].type = .tensor(t, dims.map(dimension))
    }
    return out
  }

  private static func dimension(_ d: Dim) -> DimensionMessage {
    if let v = d.value { return .value(Int64(v)) }
    return d.symbolName.map { .symbol($0) } ?? .unknown
  }
}
