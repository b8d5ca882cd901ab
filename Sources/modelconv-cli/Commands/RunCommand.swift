import ArgumentParser
import ModelConv

/// `modelconv run MODEL --input NAME=FILE.npy -o OUT.npz`
struct Run: Verb {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a model on the CPU.",
    discussion: """
      Inputs are arrays of their own (npy, pb, binaryproto, or FILE:KEY of an archive) or one archive with keys in:NAME \
      or NAME. Without --output the results are summed up on standard output.

      Example:

        modelconv run deploy.prototxt net.caffemodel --input data=batch.npy -o out.npz --blobs conv1,pool1
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The files of one model.")
  var model: [String]

  @Option(help: ArgumentHelp("An input's values, or an archive with several. Repeatable.", valueName: "name=file"))
  var input: [String] = []

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Archive for one array an output and kept blob.", valueName: "out.npz"))
  var output: String?

  @Option(help: ArgumentHelp("Intermediate blobs to keep: all, or names with commas.", valueName: "all|name,…"))
  var blobs: String?

  @Option(help: ArgumentHelp("Archive for inputs and outputs, as verify takes it.", valueName: "x.npz"))
  var saveFixtures: String?

  @Option(help: ArgumentHelp("Threads; 0 for one a processor.", valueName: "n"))
  var threads = 0

  @Flag(help: "Print one JSON document: name, type and shape of what was made.")
  var json = false

  func validate() throws {
    guard threads >= 0, threads <= 1024 else {
      throw ValidationError("--threads \(threads) is not a number of threads")
    }
  }

  func perform(_ console: Console) throws -> Int32 {
    let selection: BlobSelection =
      switch blobs {
      case nil: .none
      case "all": .all
      case .some(let names): .names(names.split(separator: ",").map(String.init))
      }
    let outputs = try Model.run(
      model, options: try options.load(), inputs: input, blobs: selection, threads: threads
    ) { console.report(computing: $0) }
    if let output { try outputs.write(output) }
    if let saveFixtures { try outputs.writeFixtures(saveFixtures) }
    if output == "-" || saveFixtures == "-" { return ExitCodes.success }
    if json {
      try console.json(outputs.summaries)
    } else if !console.isQuiet {
      for s in outputs.summaries { try console.line("\(s.name) \(s.elementType) \(s.shapeText)") }
    }
    return ExitCodes.success
  }
}
