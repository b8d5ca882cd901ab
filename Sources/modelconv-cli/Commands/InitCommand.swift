import ArgumentParser
import ModelConv

/// `modelconv init PROTOTXT -o OUT.caffemodel`
struct Initialise: Verb {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a Caffe net's weights from its own fillers.",
    discussion: """
      Blobs are filled as the prototxt's fillers say, seeded; with --weights, layers of the same name are copied first, \
      as Caffe's fine-tuning does. A layer of that name with blobs of another shape is an error: rename it in the \
      prototxt to have it filled.

      Weights for which the net names no filler are 0, and so are the statistics of BatchNorm, as in a fresh Caffe net. \
      --filler msra (or any other of Caffe's: \(Capabilities.fillers.joined(separator: ", "))) fills such weights and \
      gives statistics of unit variance, so that a deploy net can be run before it is trained.

      Several weights files are copied one after the other: where a layer is in more than one, the last one counts.

      Example:

        modelconv init train_val.prototxt -o start.caffemodel --seed 1 --weights trained.caffemodel

      Example, two networks' weights for one:

        modelconv init both.prototxt -o start.caffemodel --weights colour.caffemodel,flow.caffemodel
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The net as text.")
  var prototxt: String

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The weights to write.", valueName: "out.caffemodel"))
  var output: String

  @Option(help: ArgumentHelp("Seed of the fillers.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Filler of weights for which the net names none.", valueName: "name"))
  var filler: String?

  @Option(help: ArgumentHelp("Weights that are copied by layer name; several with commas.", valueName: "file,…"))
  var weights: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  func perform(_ console: Console) throws -> Int32 {
    try checkOutput()
    var load = try options.load()
    load.overlaysWeights = true
    load.seed = seed
    load.impliedFiller = filler
    load.allowsMissingWeights = true
    let model = try Model.load([prototxt] + (weights.map { [$0] } ?? []), options: load)
    try model.requireNetText()
    // Filled layers are what this verb is for, not a warning.
    console.report(model.findings.filter { $0.code != "caffe.weights.layer-missing" })
    try model.requireKnownBlobs()
    _ = try Converter.writeCaffeWeights(model, to: output, hdf5: output.hasSuffix(".h5"))
    if output == "-" { return ExitCodes.success }
    let report = try model.initReport(output: output, seed: seed)
    if json {
      try console.json(report)
    } else if !console.isQuiet {
      try console.line("\(output): \(Format.grouped(report.parameters)) parameters, seed \(report.seed)")
      if report.sources.count > 1 {
        for s in report.sources {
          try console.line(
            "copied from \(s.file): \(s.copied.isEmpty ? "nothing" : s.copied.joined(separator: ", "))")
        }
      } else if !report.copied.isEmpty {
        try console.line("copied: \(report.copied.joined(separator: ", "))")
      }
      if !report.filled.isEmpty { try console.line("filled: \(report.filled.joined(separator: ", "))") }
      if !report.ignored.isEmpty { try console.line("not in the net: \(report.ignored.joined(separator: ", "))") }
    }
    return ExitCodes.success
  }

  /// Weights are written as Caffe's own: a caffemodel, or HDF5 where the name ends with .h5.
  private func checkOutput() throws {
    let name = output.lowercased()
    let own: Set<String> = ["caffe", "caffe-hdf5", "hdf5"]
    let others =
      [(ending: ".prototxt", title: "Caffe net as text")]
      + FormatRegistry.formats.filter { !own.contains($0.name) }
      .flatMap { f in f.extensions.map { (ending: "." + $0, title: f.title) } }
    guard let other = others.first(where: { name.hasSuffix($0.ending) }) else { return }
    let base = output.dropLast(other.ending.count)
    throw ModelConvError.usage(
      "usage.output", "init writes Caffe's weights; the name '\(output)' is that of another format (\(other.title))",
      help: "write -o \(base).caffemodel, and convert that")
  }
}
