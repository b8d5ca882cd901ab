import ByteSource
import Diagnostics
import ModelGraph
import OnnxFormat
import Rewrites
import TensorCore

/// What a conversion did, and the proof that the result computes the same.
public struct ConversionReport: Sendable, Codable {
  /// Files of the source, as the user named them.
  public var source: [String]
  /// The written file.
  public var output: String
  /// The data file beside it, where weights are external.
  public var externalData: String?
  /// Its ONNX operator set.
  public var opset: Int
  /// Its IR version.
  public var irVersion: Int
  /// Number of its nodes.
  public var nodes: Int
  /// Its size.
  public var bytes: Int
  /// What rewrites changed, in order.
  public var rewrites: [RewriteStep]
  /// How often each operator occurred before and occurs after all rewrites, by name; bodies of control flow count too.
  public var operators: [OperatorChange]
  /// The comparison of the written file, opened again, with the source; nil where it was not asked for.
  public var verification: ParityReport?
  /// Why the result could not be run for a comparison.
  public var verificationProblem: String?
  /// Why no comparison was made: the source runs on no inputs that can be made up.
  public var notVerified: String?

  /// How often one operator occurs.
  public struct OperatorChange: Sendable, Codable {
    /// Its name.
    public var name: String
    /// How often before the rewrites.
    public var before: Int
    /// How often after them.
    public var after: Int
  }

  /// What one rewrite did.
  public struct RewriteStep: Sendable, Codable {
    /// The rewrite's name.
    public var name: String
    /// How many places changed.
    public var changes: Int
    /// How often each operator occurred before.
    public var before: [String: Int]
    /// How often each operator occurs afterwards.
    public var after: [String: Int]
  }

  /// False where a comparison was made and failed.
  public var passes: Bool { (verification?.passes ?? true) && verificationProblem == nil }
}

/// Converts models.
public struct Converter: Sendable {
  /// How to convert.
  public var options: ConversionOptions

  /// A converter with these options.
  public init(options: ConversionOptions = ConversionOptions()) { self.options = options }

  /// Writes `model` as ONNX to `path`, opens the file again and compares it with the source on seeded inputs.
  ///
  /// - Parameters:
  ///   - observe: called with the dump of the graph after each rewrite.
  ///   - progress: what is being done, and the share that is done.
  /// - Throws: every layer that ONNX cannot say; errors of writing. Nothing is left behind then.
  public func writeONNX(
    _ model: Model, to path: String, observe: (String, String) -> Void = { _, _ in },
    report: ([Finding]) -> Void = { _ in }, progress: (String, Double) -> Void = { _, _ in }
  ) throws(ModelConvError) -> ConversionReport {
    try rethrowing {
      var source = try model.requireKnownGraph("convert it")
      if options.preprocessing.isNeeded { source = try options.preprocessing.completed(by: model).bake(into: source) }
      let writing = try writeOptions(model)
      let (graph, steps) = try rewritten(source, operatorSet: writing.opset, observe)
      let sink = DiagnosticSink()
      defer { report(sink.items.map { Finding($0) }) }
      let written = try OnnxWriter.write(graph, to: path, options: writing, sink: sink)
      var out = ConversionReport(
        source: model.files, output: path, externalData: written.externalDataPath, opset: written.opset,
        irVersion: written.irVersion, nodes: written.nodeCount, bytes: written.byteCount,
        rewrites: steps.map {
          .init(name: $0.pass, changes: $0.changes, before: $0.before, after: $0.after)
        }, operators: ConversionReport.changes(from: source.operatorCounts, to: graph.operatorCounts),
        verification: nil, verificationProblem: nil)
      if options.verifies, path != "-" {
        do {
          try withoutActuallyEscaping(progress) { progress in
            out.verification = try verify(path, model, source) { progress("verifying", $0) }
          }
          if out.verification?.passes == false, source.drawsRandomNumbers {
            out.verification = nil
            out.notVerified = "the source draws random numbers"
          }
        } catch let error as Parity.SourceDoesNotRun { out.notVerified = error.text }
      }
      return out
    }
  }

  private func writeOptions(_ model: Model) throws(Diagnostic) -> OnnxWriteOptions {
    var opset = 17
    var notes: OnnxNotes?
    if case .onnx(let m) = model.content {
      opset = max(m.opsets["ai.onnx"] ?? 1, OnnxWriter.opsets.lowerBound)
      notes = m.notes
    }
    var half: OnnxWriteOptions.HalfPrecision?
    switch options.dtype {
    case nil, "float32": break
    case "float16": half = OnnxWriteOptions.HalfPrecision()
    case "bfloat16": half = OnnxWriteOptions.HalfPrecision(type: .bfloat16)
    case .some(let other):
      throw .error("usage.dtype", "--dtype \(other): only float16, bfloat16 and float32 can be written", status: .usage)
    }
    return OnnxWriteOptions(
      opset: options.opset ?? opset, externalData: options.externalData, producerName: "modelconv",
      producerVersion: ModelConvVersion.current, halfPrecision: half, notes: notes)
  }

  /// The graph after the rewrites that are asked for.
  ///
  /// - Parameter operatorSet: the ONNX operator set that it is for; nil for another target.
  func rewritten(
    _ graph: Graph, operatorSet: Int?, _ observe: (String, String) -> Void = { _, _ in }
  ) throws -> (graph: Graph, steps: [PassManager.Step]) {
    if options.skipsRewrites { return (graph, []) }
    var passes = Pipelines.standard
    if let names = options.rewrites {
      passes = try names.map { name in
        guard let pass = Pipelines.named(name) else {
          throw Diagnostic.error(
            "usage.rewrite", "there is no rewrite '\(name)'",
            help: Suggestion.closest(to: name, among: Pipelines.all.map(\.name)).map { "did you mean '\($0)'?" }
              ?? "modelconv list rewrites names them", status: .usage)
        }
        return pass
      }
    }
    var context = RewriteContext.withRuntime()
    context.operatorSet = operatorSet
    var stages: [(rewrite: String, graph: Graph)] = []
    let result = try PassManager(passes, context: context).run(graph, rounds: Pipelines.rounds) { name, g in
      observe(name, g.dump(origins: true))
      if options.verifiesRewrites { stages.append((name, g)) }
    }
    try verify(stages, from: graph)
    return result
  }

  /// Runs the graph before and after each rewrite on the same inputs.
  ///
  /// - Throws: `rewrite.differs` naming the first rewrite that changes an output.
  private func verify(_ stages: [(rewrite: String, graph: Graph)], from source: Graph) throws {
    guard !stages.isEmpty else { return }
    let samples = try Parity.samples(source, count: options.samples, seed: options.seed, threads: options.threads)
    var parity = Parity(tolerance: tolerance)
    parity.scalesWithMagnitude = true
    parity.threads = options.threads
    parity.comparesLayers = false
    var before = source
    for (rewrite, after) in stages {
      let report = try parity.run(
        Parity.Side(after, names: []), Parity.Side(before, names: []), samples: samples, seed: options.seed)
      if let worst = report.outputs.first(where: { !$0.passes }) {
        throw Diagnostic.error(
          "rewrite.differs",
          "rewrite \(rewrite) changes output '\(worst.name)': "
            + (worst.problem ?? "\(worst.failing) of \(worst.elements) values differ, at most by \(worst.maxAbsolute)"),
          help: "this is a bug in modelconv; name the other rewrites with --rewrite, or convert with --no-rewrite",
          status: .software)
      }
      before = after
    }
  }

  /// Opens what was written and compares it with the source, both on the CPU runtime.
  private func verify(
    _ path: String, _ model: Model, _ source: Graph, _ progress: @escaping (Double) -> Void
  ) throws -> ParityReport {
    let sink = DiagnosticSink()
    let written = try OnnxReader.read(try ByteStorage.open(path), path: path, sink: sink)
    try sink.throwIfErrors()
    var parity = Parity(tolerance: tolerance)
    parity.scalesWithMagnitude = true
    parity.comparesType = options.dtype == nil || options.dtype == "float32"
    parity.threads = options.threads
    parity.comparesLayers = false
    parity.progress = progress
    let names = model.allBlobs.map { (compared: $0.blob, own: $0.value) }
    let a = Parity.Side(written.graph, names: [])
    let b = Parity.Side(source, names: names.filter { n in source.value(named: n.own) != nil })
    var report = try parity.run(a, reference: b, count: options.samples, seed: options.seed).report
    guard !report.passes else { return report }
    // Where it went wrong: the layers that both still have by name.
    parity.comparesLayers = true
    let all = written.graph.nodes.flatMap { $0.outputs.compactMap { $0 } }.compactMap { written.graph[$0]?.name }
    report = try parity.run(
      Parity.Side(written.graph, names: all.map { ($0, $0) }), reference: b, count: options.samples, seed: options.seed
    ).report
    return report
  }

  /// Rewriting changes the order of sums; float16 has 11 bits, bfloat16 8.
  private var tolerance: Tolerance {
    switch options.dtype {
    case "float16": Tolerance(relative: 2e-2, absolute: 1e-2)
    case "bfloat16": Tolerance(relative: 1e-1, absolute: 5e-2)
    default: Tolerance(relative: 1e-3, absolute: 1e-5)
    }
  }
}

extension Graph {
  /// Whether two runs may differ.
  fileprivate var drawsRandomNumbers: Bool {
    nodes.contains { n in n.op.isNondeterministic || n.op.bodies.contains { $0.drawsRandomNumbers } }
  }
}

extension ConversionReport {
  /// Every operator that occurs before or after, by name.
  static func changes(from before: [String: Int], to after: [String: Int]) -> [OperatorChange] {
    Set(before.keys).union(after.keys).sorted().map {
      OperatorChange(name: $0, before: before[$0] ?? 0, after: after[$0] ?? 0)
    }
  }
}
