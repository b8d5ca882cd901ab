import ArgumentParser
import ModelConv

/// `modelconv check MODEL`
struct Check: Verb {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Every problem of a model at once, before it is converted.",
    discussion: """
      Unsupported layers, missing, misshapen or damaged weights, unknown fields, rounding hazards. Findings are printed \
      to standard output; exit status 1 says that some are errors.

      Example:

        modelconv check deploy.prototxt net.caffemodel --to onnx
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The files of one model.")
  var model: [String]

  @Option(help: ArgumentHelp("The format that the model shall be converted to.", valueName: "format"))
  var to = "onnx"

  @Option(help: ArgumentHelp("ONNX operator set.", valueName: "n"))
  var opset = 17

  @Flag(help: "Print one JSON document.")
  var json = false

  func perform(_ console: Console) throws -> Int32 {
    var load = try options.load()
    load.allowsMissingWeights = false
    let report = try Model.check(model, options: load, target: to, opset: opset)
    let fails = !report.passes || (global.strict && report.warnings > 0)
    if json {
      try console.json(report)
    } else {
      for f in report.findings { try console.line(f.rendered) }
      try console.line(
        report.findings.isEmpty
          ? "no problems: \(report.files.joined(separator: ", ")) can be run and written as \(report.target)"
          : "\(report.errors) errors, \(report.warnings) warnings, "
            + "\(report.findings.count - report.errors - report.warnings) notes")
    }
    return fails ? ExitCodes.negative : ExitCodes.success
  }
}
