import ArgumentParser
import ModelConv

/// `modelconv convert MODEL... -o OUT`
struct Convert: Verb {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Convert a model, or its weights, to another format.",
    discussion: """
      Networks are written as ONNX or Caffe, opened again and compared with their source; weights are written as npz, \
      safetensors or HDF5. The output's format follows its ending or --to; Caffe's is named by its prototxt, the \
      caffemodel stands beside it.

      Example:

        modelconv convert deploy.prototxt net.caffemodel -o net.onnx --opset 13

      Example, an old net without its last layer, in Caffe's current form:

        modelconv convert old.prototxt old.caffemodel -o new.prototxt --to-blob fc7

      Example, the part of an ONNX model between two values, for batches of any size:

        modelconv convert net.onnx -o part.onnx --from-blob conv3 --to-blob pool5 --batch dynamic
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions
  @OptionGroup var edits: EditOptions
  @OptionGroup var conversion: ConversionArguments

  @Argument(help: "The files of one model.")
  var model: [String]

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "out"))
  var output: String

  @Option(help: ArgumentHelp("The output's format, as list formats names it.", valueName: "format"))
  var to: String?

  @Flag(help: "Caffe: layers without weights in the file keep their fillers' values.")
  var allowMissing = false

  @Option(
    help: ArgumentHelp(
      "Write what pictures go through before the written model sees them: channel order, range, mean, scale, sizes.",
      valueName: "file.json"))
  var preprocessing: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  func perform(_ console: Console) throws -> Int32 {
    let target = try FormatRegistry.target(to, fileName: output)
    let unfit = target.name == "onnx" ? [] : conversion.forOnnxAlone
    guard unfit.isEmpty else {
      throw ModelConvError.usage(
        "usage.onnx-only",
        "\(unfit.joined(separator: ", ")): for ONNX models alone; \(output) is another format (\(target.title))",
        help: "convert to ONNX, or leave it out: weights are written as they are, Caffe's as float32")
    }
    var load = try options.load()
    load.edits = try edits.library()
    load.allowsMissingWeights = allowMissing || target.holds == "weights"
    let source = try Model.load(model, options: load)
    console.report(source.findings)
    // A prototxt alone can become another prototxt; anything else would hold what fillers give.
    if !allowMissing, target.name != "caffe", target.holds != "weights" { try source.requireWeights() }
    guard load.edits.isEmpty || source.isNetwork else {
      throw ModelConvError.usage(
        "usage.edits",
        "only a network has layers that can be changed; \(source.files.joined(separator: ", ")) is \(source.format)")
    }
    guard target.name == "onnx" || !conversion.library.preprocessing.isNeeded else {
      throw ModelConvError.usage(
        "usage.bake", "--mean, --scale, --bgr and --bake are baked into ONNX models only",
        help: "convert to ONNX, or leave them out and use --preprocessing")
    }
    let status = try write(source, target, console)
    if let preprocessing {
      let sidecar = try source.preprocessing(after: conversion.library.preprocessing)
      try sidecar.write(preprocessing)
      if !console.isQuiet, !json, output != "-", preprocessing != "-" {
        let origin = sidecar.source == nil ? " (the model declares none: Caffe's defaults)" : ""
        try console.line("\(preprocessing): \(sidecar.summary)\(origin)")
      }
    }
    return status
  }

  private func write(_ source: Model, _ target: ModelFormat, _ console: Console) throws -> Int32 {
    switch target.name {
    case "onnx": return try conversion.run(source, to: output, json: json, console)
    case "caffe": return try writeCaffe(source, console)
    case "caffe-hdf5":
      let report = try Converter.writeCaffeWeights(source, to: output, hdf5: true)
      if json { try console.json(report) } else if !console.isQuiet { try print(report, console) }
      return ExitCodes.success
    default: return try writeWeights(source, target, console)
    }
  }

  private func writeCaffe(_ source: Model, _ console: Console) throws -> Int32 {
    guard output.hasSuffix(".prototxt") || to != nil, !output.hasSuffix(".caffemodel") else {
      throw ModelConvError.usage(
        "usage.output", "a Caffe model is named by its net",
        help: "write -o \(Self.graphName(output)): the caffemodel stands beside it")
    }
    let report = try Converter(options: conversion.library).writeCaffe(source, to: output) { console.progress($0, $1) }
    console.endProgress()
    if json { try console.json(report) } else if !console.isQuiet { try print(report, console) }
    return report.verification?.passes ?? true ? ExitCodes.success : ExitCodes.negative
  }

  private static func graphName(_ name: String) -> String {
    name.hasSuffix(".caffemodel") ? String(name.dropLast(11)) + ".prototxt" : name + ".prototxt"
  }

  private func print(_ r: CaffeWriteReport, _ console: Console) throws {
    let files = [r.prototxt, r.weights].compactMap { $0 }.joined(separator: ", ")
    try console.line("\(files): \(r.layers) layers, \(Format.grouped(r.parameters)) parameters")
    if let v = r.verification {
      try console.line("re-opened and run against the source: \(ParityView.verdict(v))")
    }
  }

  private func writeWeights(_ source: Model, _ target: ModelFormat, _ console: Console) throws -> Int32 {
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

/// Changes to a net before it is written.
struct EditOptions: ParsableArguments {
  @Flag(help: "Caffe: make a deploy net of a training net.")
  var deploy = false

  @Option(help: ArgumentHelp("Remove a layer; its readers read what it read. Repeatable.", valueName: "layer"))
  var drop: [String] = []

  @Option(help: ArgumentHelp("Rename a layer and the value or blob of that name. Repeatable.", valueName: "old=new"))
  var rename: [String] = []

  @Option(
    help: ArgumentHelp(
      "Keep what follows this value, which becomes an input. Repeatable, but for Caffe.", valueName: "blob"))
  var fromBlob: [String] = []

  @Option(
    help: ArgumentHelp(
      "Keep what this value, which becomes an output, is computed from. Repeatable, but for Caffe.", valueName: "blob"))
  var toBlob: [String] = []

  func library() throws -> NetEdits {
    var e = NetEdits()
    e.isDeployed = deploy
    e.drops = drop
    e.fromBlobs = fromBlob
    e.toBlobs = toBlob
    for r in rename {
      guard let at = r.firstIndex(of: "="), at > r.startIndex, r.index(after: at) < r.endIndex else {
        throw ValidationError("--rename \(r): write OLD=NEW")
      }
      e.renames.append((String(r[..<at]), String(r[r.index(after: at)...])))
    }
    return e
  }
}
