import ArgumentParser
import ModelConv

/// `modelconv tensor FILE[:KEY] -o OUT`
struct TensorCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "tensor", abstract: "One tensor between binaryproto, npy, npz, pb and the archives of weights.",
    discussion: """
      The source is recognised by content; KEY names a tensor of an archive or model. The output's format follows its \
      ending (.npy, .npz, .pb, .binaryproto, .h5, .safetensors) or --to; elements keep their type and bits, but a Caffe blob \
      (binaryproto) holds float or double on four axes. Pickles and \
      checkpoints are read. On the way from binaryproto to NumPy a leading 1 is dropped, so \
      that Caffe's set_mean takes the array; --keep-dims keeps it.

      Example:

        modelconv tensor mean.binaryproto -o mean.npy
      """)

  enum Target: String, ExpressibleByArgument, CaseIterable {
    case npy, npz, binaryproto, hdf5, safetensors
    case onnxTensor = "onnx-tensor"
  }

  /// `.npy, .npz, … or .pb`.
  static var endings: String {
    let all = TensorConversion.Target.allCases.flatMap(\.endings).map { "." + $0 }
    return all.dropLast().joined(separator: ", ") + " or " + (all.last ?? "")
  }

  @OptionGroup var global: GlobalOptions

  @Argument(help: ArgumentHelp("The tensor's file, and its key where the file holds several.", valueName: "file[:key]"))
  var source: String

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The file to write.", valueName: "out"))
  var output: String

  @Option(help: "The output's format, where its name does not tell it.")
  var to: Target?

  @Flag(help: "Keep a leading 1.")
  var keepDims = false

  func perform(_ console: Console) throws -> Int32 {
    let named =
      to.flatMap { TensorConversion.Target(rawValue: $0.rawValue) } ?? TensorConversion.Target(fileName: output)
    guard let target = named else {
      throw ModelConvError.usage(
        "usage.format", "the name '\(output)' does not tell a tensor format",
        help: "use an ending of \(Self.endings), or --to")
    }
    let s = try TensorConversion.convert(source, to: output, as: target, keepsDimensions: keepDims)
    if output != "-", !console.isQuiet { try console.line("\(output): \(s.name) \(s.elementType) \(s.shapeText)") }
    return ExitCodes.success
  }
}
