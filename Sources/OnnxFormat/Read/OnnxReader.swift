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
  /// A graph with everything computed that depends on constants alone; nodes keep their ids. It tells more shapes where a
  /// batch that the file fixes is opened.
  package var folded: (@Sendable (Graph) -> Graph?)?

  package init(
    inputShapes: [String: [Dim]] = [:], batch: Dim? = nil, folded: (@Sendable (Graph) -> Graph?)? = nil
  ) {
    self.inputShapes = inputShapes
    self.batch = batch
    self.folded = folded
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
    try FunctionCount.check(m.graph, functions, limit: OnnxLimits().nodes, place)
    let initializers = Set(m.graph.initializers.map(\.name))
    // Operator set files of the first years list every weight as an input; since IR 4 that gives an input a default.
    let defaults = m.irVersion < 4 ? [] : m.graph.inputs.map(\.name).filter { initializers.contains($0) }
    if !defaults.isEmpty {
      sink.note(
        "onnx.default-inputs",
        "\(defaults.count) inputs have default values (\(defaults.prefix(4).joined(separator: ", "))"
          + "\(defaults.count > 4 ? ", …" : "")): they are taken as constants, and no input of what is written",
        at: place)
    }
    let binding = try InputBinding(options, m.graph.inputs, constants: initializers, place)
    var notes: OnnxNotes?
    func read(
      _ binding: InputBinding, _ change: BatchChange?, _ sink: DiagnosticSink
    ) throws(Diagnostic) -> Graph {
      let context = OnnxModelContext(
        file: path, opsets: opsets, functions: functions, sink: sink, tensors: TensorDecoder(file: path),
        limits: OnnxLimits())
      context.notes.take(m)
      context.notes.isReshaped = options.batch != nil || !options.inputShapes.isEmpty
      context.symbols = binding.symbols
      context.distrustsShapes = binding.overrides
      context.batch = change
      let scope = OnnxScope(context, name: m.graph.name)
      _ = try GraphImporter.read(binding.applied(to: m.graph), into: scope)
      for e in m.graph.metadata { scope.editor.setMetadata("onnx.graph.\(e.key)", e.value) }
      for e in m.metadata { scope.editor.setMetadata(e.key, e.value) }
      if !m.producerName.isEmpty { scope.editor.setMetadata("onnx.producer", m.producerName) }
      notes = context.notes
      return scope.graph
    }
    let graph: Graph
    if let (open, change) = binding.openBatch(m.graph.inputs) {
      graph = try rebatched(binding, open, change, options.folded, sink, read)
    } else {
      graph = try read(binding, nil, sink)
    }
    return OnnxModel(
      graph: graph, irVersion: m.irVersion, opsets: opsets, producerName: m.producerName,
      producerVersion: m.producerVersion, domain: m.domain, modelVersion: m.modelVersion,
      documentation: m.documentation, metadata: m.metadata.map { ($0.key, $0.value) },
      functions: m.functions.map { "\($0.domain).\($0.name)" }, notes: notes ?? OnnxNotes())
  }

  /// The graph with another batch than the file's: read with a symbol in its place, which is then bound.
  private static func rebatched(
    _ binding: InputBinding, _ open: InputBinding, _ change: BatchChange, _ folded: (@Sendable (Graph) -> Graph?)?,
    _ sink: DiagnosticSink, _ read: (InputBinding, BatchChange?, DiagnosticSink) throws(Diagnostic) -> Graph
  ) throws(Diagnostic) -> Graph {
    let own = DiagnosticSink()
    var graph = try read(open, change, own)
    if let folded, !own.hasErrors { graph = try change.opening(graph, folded) }
    let isNumber = binding.batch?.value != nil
    // With the number itself an operator may be told more than with a symbol.
    if own.hasErrors, isNumber { return try read(binding, nil, sink) }
    for d in own.items + change.pins(in: folded?(graph) ?? graph) { sink.report(d) }
    guard isNumber, let name = change.symbol.symbolName, let batch = binding.batch else { return graph }
    do throws(InferenceError) {
      return try graph.binding([name: batch])
    } catch {
      throw .error("onnx.batch", "a batch of \(batch): \(error.message)", status: .usage)
    }
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
}
