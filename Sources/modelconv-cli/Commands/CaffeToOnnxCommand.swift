import ArgumentParser
import ModelConv

/// `modelconv caffe2onnx PROTOTXT CAFFEMODEL [-o OUT.onnx]`
struct CaffeToOnnx: Verb {
  static let configuration = CommandConfiguration(
    commandName: "caffe2onnx", abstract: "Convert a Caffe model to ONNX and prove that it computes the same.",
    discussion: """
      The written file is opened again and compared with the source on seeded inputs. Exit status 1 says that the \
      comparison failed; the file is there then, for a look with `modelconv verify --against`.

      Example:

        modelconv caffe2onnx deploy.prototxt net.caffemodel -o net.onnx
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions
  @OptionGroup var conversion: ConversionArguments

  @Argument(help: "The net as text, then its weights. A caffemodel alone is a model as well.")
  var model: [String]

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The ONNX file; by default the weights' name with .onnx.", valueName: "out.onnx"))
  var output: String?

  @Flag(help: "Layers without weights in the file keep their fillers' values.")
  var allowMissing = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func perform(_ console: Console) throws -> Int32 {
    var load = try options.load()
    load.allowsMissingWeights = allowMissing
    let files = model.flatMap { $0.split(separator: ",").map(String.init) }
    guard files.count <= 2 else {
      throw ValidationError("a prototxt and a caffemodel are wanted, \(files.count) files are given")
    }
    let source = try Model.load(model, options: load)
    console.report(source.findings)
    guard source.format == "caffe" else {
      throw ModelConvError.usage(
        "usage.format", "\(files.joined(separator: ", ")) is no Caffe model", help: "modelconv convert takes any format"
      )
    }
    if !allowMissing { try source.requireWeights() }
    let path = output ?? Self.defaultOutput(files)
    return try conversion.run(source, to: path, json: json, console)
  }

  /// The weights' name (the last file) with `.onnx`.
  static func defaultOutput(_ files: [String]) -> String {
    let name = files.last ?? "model"
    for ending in [".caffemodel.h5", ".caffemodel", ".prototxt", ".h5"] where name.hasSuffix(ending) {
      return String(name.dropLast(ending.count)) + ".onnx"
    }
    return name + ".onnx"
  }
}

/// Options of the verbs that write ONNX.
struct ConversionArguments: ParsableArguments {
  enum ElementType: String, ExpressibleByArgument, CaseIterable { case float32, float16, bfloat16 }

  @Option(
    help: ArgumentHelp(
      "ONNX operator set, 9 to the newest; by default that of an ONNX source, otherwise 17.", valueName: "n"))
  var opset: Int?

  @Flag(help: "Weights in a file of their own beside the model.")
  var externalData = false

  @Option(help: "Element type of weights and computation.")
  var dtype: ElementType?

  @Option(
    help: ArgumentHelp(
      "Baked in: a mean file, or numbers for the channels, subtracted from the input.", valueName: "file|v,v,v"))
  var mean: String?

  @Option(help: ArgumentHelp("Baked in: multiplied after the mean is subtracted.", valueName: "x"))
  var scale: Double?

  @Flag(help: "Baked in: the input's channels are reversed (RGB pictures for a BGR net).")
  var bgr = false

  @Option(
    help: ArgumentHelp(
      "Baked in: mean and scale as the net's own data layers (net), a sidecar or a training net declare them.",
      valueName: "net|file"))
  var bake: String?

  @Flag(help: "Don't compare the written file with the source.")
  var noVerify = false

  @Option(help: ArgumentHelp("A rewrite by name, in place of the standard ones. Repeatable.", valueName: "pass"))
  var rewrite: [String] = []

  @Flag(help: "No rewrites.")
  var noRewrite = false

  @Flag(help: "Run the network before and after each rewrite and name the first one that changes an output.")
  var verifyPasses = false

  @Flag(help: "Print the graph after each rewrite to standard error.")
  var dumpAfter = false

  @Option(help: ArgumentHelp("Random inputs of the comparison.", valueName: "n"))
  var samples = 1

  @Option(help: ArgumentHelp("Seed of the random inputs.", valueName: "s"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("Threads of the comparison; 0 for one a processor.", valueName: "n"))
  var threads = 0

  func validate() throws {
    if noRewrite, !rewrite.isEmpty { throw ValidationError("--rewrite and --no-rewrite exclude each other") }
    guard samples >= 1, samples <= 100_000 else { throw ValidationError("--samples is at least 1") }
    guard threads >= 0, threads <= 1024 else {
      throw ValidationError("--threads \(threads) is not a number of threads")
    }
    if let scale, !scale.isFinite { throw ValidationError("--scale \(scale) is not a number") }
  }

  /// The options that were given and mean something for ONNX alone.
  var forOnnxAlone: [String] {
    var out: [String] = []
    if opset != nil { out.append("--opset") }
    if externalData { out.append("--external-data") }
    if let dtype, dtype != .float32 { out.append("--dtype \(dtype.rawValue)") }
    return out
  }

  var library: ConversionOptions {
    var o = ConversionOptions()
    o.opset = opset
    o.externalData = externalData ? true : nil
    o.dtype = dtype?.rawValue
    o.rewrites = rewrite.isEmpty ? nil : rewrite
    o.skipsRewrites = noRewrite
    o.verifiesRewrites = verifyPasses
    o.preprocessing.declared = bake
    o.preprocessing.mean = mean
    o.preprocessing.scale = scale
    o.preprocessing.reversesChannels = bgr
    o.verifies = !noVerify
    o.samples = samples
    o.seed = seed
    o.threads = threads
    return o
  }

  /// Converts, reports, and gives the exit status.
  func run(_ source: Model, to path: String, json: Bool, _ console: Console) throws -> Int32 {
    let report = try Converter(options: library).writeONNX(
      source, to: path,
      observe: { name, dump in if dumpAfter { Console.write("after \(name):\n\(dump)\n", to: 2) } },
      report: { console.report($0) }, progress: { console.progress($0, $1) })
    console.endProgress()
    // Where the model itself goes to standard output, nothing else may.
    guard path != "-" else { return ExitCodes.success }
    if json {
      try console.json(report)
    } else if !console.isQuiet || !report.passes {
      try print(report, console)
    }
    return report.passes ? ExitCodes.success : ExitCodes.negative
  }

  /// Operator counts before and after, those that changed first to be seen.
  private static func operators(_ all: [ConversionReport.OperatorChange]) -> [String] {
    var table = Table([("operator", .left), ("before", .right), ("after", .right), ("", .left)])
    for o in all {
      let sign = o.after < o.before ? "-" : "+"
      let change = o.after == o.before ? "" : "\(sign)\(abs(o.after - o.before))"
      table.add([o.name, String(o.before), String(o.after), change])
    }
    table.add(["total", String(all.reduce(0) { $0 + $1.before }), String(all.reduce(0) { $0 + $1.after }), ""])
    return table.lines
  }

  private func print(_ r: ConversionReport, _ console: Console) throws {
    try console.line(
      "\(r.output): ONNX opset \(r.opset) (IR \(r.irVersion)), \(r.nodes) nodes, \(Format.bytes(r.bytes))"
        + (r.externalData.map { ", weights in \($0)" } ?? ""))
    for s in r.rewrites {
      let (before, after) = (s.before.values.reduce(0, +), s.after.values.reduce(0, +))
      try console.line("  \(s.name): \(s.changes) changes, \(before) to \(after) operators")
    }
    if !r.rewrites.isEmpty { for l in Self.operators(r.operators) { try console.line("  " + l) } }
    guard let v = r.verification else {
      return try console.line(r.notVerified.map { "not verified: \($0)" } ?? "not verified")
    }
    try console.line("re-opened and run against the source: \(ParityView.verdict(v))")
    guard !v.passes else { return }
    for l in ComparisonTable.lines((v.layers + v.outputs).filter { !$0.passes }) { try console.line(l) }
    if let first = v.firstDivergence { try console.line("first divergence: \(first)") }
  }
}
