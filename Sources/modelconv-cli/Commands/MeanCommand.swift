import ArgumentParser
import ModelConv

/// `modelconv mean IMAGES... -o OUT`
struct MeanCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "mean", abstract: "The mean of pictures, as Caffe's compute_image_mean makes it.",
    discussion: """
      Pictures (JPEG, PNG, BMP, PNM, TIFF, WebP, JPEG 2000) are given as files, folders, or lists with a name (and perhaps a label) on each line. Channels \
      are blue, green, red, as Caffe's readers give them; all pictures have one size unless --resize brings them to it, \
      as OpenCV resizes. The mean over each channel is printed.

      Example:

        modelconv mean train/ --resize 256,256 -o mean.binaryproto
      """)

  @OptionGroup var global: GlobalOptions

  @Argument(help: "Pictures, folders or lists.")
  var images: [String]

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The file to write: .binaryproto, .npy or another tensor format.", valueName: "out"))
  var output: String

  @Option(help: ArgumentHelp("Resize every picture to this size.", valueName: "h,w"))
  var resize: String?

  @Flag(name: [.customLong("grey"), .customLong("gray")], help: "One channel: luminance.")
  var grey = false

  @Option(help: ArgumentHelp("The folder that names in lists start from.", valueName: "folder"))
  var root: String?

  @Flag(help: "Print one JSON document.")
  var json = false

  func perform(_ console: Console) throws -> Int32 {
    guard let target = TensorConversion.Target(fileName: output) else {
      throw ModelConvError.usage(
        "usage.format", "the name '\(output)' does not tell a tensor format",
        help: "use an ending of \(TensorCommand.endings)")
    }
    var mean = ImageMean()
    mean.size = try resize.map { try Numbers.size($0, "--resize") }
    mean.isGrey = grey
    mean.root = root
    let s = try mean.compute(images, to: output, as: target) { console.progress("reading pictures", $0) }
    console.endProgress()
    if output == "-" { return ExitCodes.success }
    if json {
      try console.json(s)
    } else if !console.isQuiet {
      let shape = s.shape.map(String.init).joined(separator: "x")
      try console.line("\(output): mean of \(s.pictures) picture\(s.pictures == 1 ? "" : "s"), \(shape)")
      for (i, m) in s.channelMeans.enumerated() { try console.line("mean_value channel [\(i)]: \(Format.fixed(m, 4))") }
    }
    return ExitCodes.success
  }
}
