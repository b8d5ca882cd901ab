import ArgumentParser
import ModelConv

/// `modelconv classify MODEL IMAGE...`
struct Classify: Verb {
  static let configuration = CommandConfiguration(
    commandName: "classify", abstract: "The classes of pictures, prepared as Caffe's classify.py prepares them.",
    discussion: """
      Each picture (JPEG, PNG, BMP, PNM, TIFF, WebP, JPEG 2000) is loaded as red, green, blue in 0 ... 1, resized, cropped to the net's input, its \
      channels swapped, multiplied by --raw-scale, the mean subtracted, and multiplied by --input-scale. What is not \
      given follows from a sidecar (--preprocessing), from the model's own data layers or those of the net that its \
      caffemodel was saved from, and else from classify.py: 256x256 pixels where the net's input is a usual part of \
      them, channels 2,1,0, a raw scale of 255. A training net is used as its deploy form. Orientation tags are not \
      applied.

      Example:

        modelconv classify deploy.prototxt,net.caffemodel cat.jpg --mean 104,117,123 --labels synset_words.txt

      Example, the average of ten crops with a mean file:

        modelconv classify net.onnx cat.jpg dog.png --mean imagenet_mean.binaryproto --oversample --json
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The model; several files are joined by commas.")
  var model: String

  @Argument(help: "Pictures.")
  var images: [String]

  @Option(
    help: ArgumentHelp(
      "Subtracted: a file, numbers for the net's channels, or none. A file of another size is resized as Caffe's "
        + "set_mean does.", valueName: "file|v,v,v|none"))
  var mean: String?

  @Option(help: ArgumentHelp("A file with a class on each line.", valueName: "file"))
  var labels: String?

  @Option(help: ArgumentHelp("How many classes to show.", valueName: "n"))
  var top = 5

  @Option(help: ArgumentHelp("The size that pictures are resized to.", valueName: "h,w"))
  var imagesDim: String?

  @Flag(help: "Average ten crops: corners, centre, and their mirror images.")
  var oversample = false

  @Flag(help: "The centre crop alone, which is the default.")
  var centerOnly = false

  @Option(help: ArgumentHelp("The picture's channel for each of the net's.", valueName: "2,1,0"))
  var channelSwap: String?

  @Option(help: ArgumentHelp("Multiplied before the mean is subtracted.", valueName: "x"))
  var rawScale: Double?

  @Option(help: ArgumentHelp("Multiplied after the mean is subtracted.", valueName: "x"))
  var inputScale: Double?

  @Flag(name: [.customLong("grey"), .customLong("gray")], help: "Load the pictures' luminance.")
  var grey = false

  @Option(
    help: ArgumentHelp(
      "A sidecar, or a training net whose data layers say how pictures are prepared.", valueName: "file"))
  var preprocessing: String?

  @Option(help: ArgumentHelp("The output with the scores, where there are several.", valueName: "name"))
  var scores: String?

  @Option(help: ArgumentHelp("Threads; 0 for one a processor.", valueName: "n"))
  var threads = 0

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    guard top >= 1 else { throw ValidationError("--top is at least 1") }
    guard !(oversample && centerOnly) else {
      throw ValidationError("--oversample and --center-only exclude each other")
    }
    for (name, x) in [("--raw-scale", rawScale), ("--input-scale", inputScale)] {
      if let x, !x.isFinite { throw ValidationError("\(name) \(x) is not a number") }
    }
    guard threads >= 0, threads <= 1024 else {
      throw ValidationError("--threads \(threads) is not a number of threads")
    }
  }

  func perform(_ console: Console) throws -> Int32 {
    var o = ClassificationOptions()
    o.mean = mean
    o.labels = labels
    o.top = top
    o.imageSize = try imagesDim.map { try Numbers.size($0, "--images-dim") }
    o.oversamples = oversample
    o.channelSwap = try channelSwap.map { try Numbers.integers($0, "--channel-swap") }
    o.rawScale = rawScale
    o.inputScale = inputScale
    o.isGrey = grey
    o.preprocessing = preprocessing
    o.output = scores
    o.threads = threads
    let report = try Model.classify(
      [model], options: try options.load(), pictures: images, o, report: { console.report(computing: $0) },
      progress: { console.progress("classifying", $0) })
    console.endProgress()
    if json { try console.json(report) } else { try print(report, console) }
    return ExitCodes.success
  }

  private func print(_ r: ClassificationReport, _ console: Console) throws {
    if !console.isQuiet { try console.line(Self.steps(r.preprocessing)) }
    for p in r.pictures {
      try console.line("\(p.file) (\(p.width)x\(p.height))")
      let width = p.top.map { String($0.index).count }.max() ?? 1
      for c in p.top {
        let index = String(repeating: " ", count: width - String(c.index).count) + String(c.index)
        try console.line("  \(Format.fixed(c.score, 4))  \(index)\(c.label.map { "  \($0)" } ?? "")")
      }
    }
  }

  /// `resized to 256x256, centre crop 224x224, channels 2,1,0, x 255, mean 104 117 123`.
  private static func steps(_ a: ClassificationReport.Applied) -> String {
    func size(_ s: [Int]) -> String { s.map(String.init).joined(separator: "x") }
    var parts = ["resized to \(size(a.imageSize))"]
    if a.crops > 1 {
      parts.append("ten crops of \(size(a.cropSize))")
    } else if a.cropSize != a.imageSize {
      parts.append("centre crop \(size(a.cropSize))")
    }
    if a.isGrey { parts.append("grey") }
    if let swap = a.channelSwap { parts.append("channels \(swap.map(String.init).joined(separator: ","))") }
    if let x = a.rawScale { parts.append("times \(Format.number(x))") }
    if let m = a.mean {
      let values = m.map { Format.number($0) }.joined(separator: " ")
      parts.append(a.meanFile.map { "mean of '\($0)' (\(values))" } ?? "mean \(values)")
    }
    if let x = a.inputScale { parts.append("times \(Format.number(x))") }
    return parts.joined(separator: ", ") + (a.declaredBy.map { "; as \($0) says" } ?? "")
  }
}
