import ArgumentParser
import ModelConv

/// `modelconv convert MODEL... -o OUT`
struct Convert: Verb {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Convert a model, or its weights, to another format.",
    discussion: """
      Networks are written as ONNX, opened again and compared with their source; weights alone are written as npz, \
      safetensors or HDF5. The output's format follows its ending or --to.

      Example:

        modelconv convert deploy.prototxt net.caffemodel -o net.onnx --opset 13
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions
  @OptionGroup var conversion: ConversionArguments

  @Argument(help: "The files of one model.")
  var model: [String]

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "out"))
  var output: String

  @Option(help: ArgumentHelp("The output's format, as list formats names it.", valueName: "format"))
  var to: String?

  @Flag(help: "Caffe: layers without weights in the file keep their fillers' values.")
  var allowMissing = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func perform(_ console: Console) throws -> Int32 {
    let target = try FormatRegistry.target(to, fileName: output)
    var load = try options.load()
    load.allowsMissingWeights = allowMissing || target.holds == "weights"
    let source = try Model.load(model, options: load)
    console.report(source.findings)
    if target.name == "onnx" { return try conversion.run(source, to: output, json: json, console) }
    let written = try source.writeWeights(as: target, to: output)
    if output == "-" { return ExitCodes.success }
    if json {
      try console.json(written)
    } else if !console.isQuiet {
      try console.line("\(output): \(target.title), \(written.count) tensors")
    }
    return ExitCodes.success
  }
}
