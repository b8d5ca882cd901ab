import ArgumentParser
import ModelConv

/// `modelconv filters MODEL [LAYER] -o OUT.png`
struct Filters: Verb {
  static let configuration = CommandConfiguration(
    commandName: "filters", abstract: "Draw a layer's weights as a grid of tiles.",
    discussion: """
      A tile is a filter in colour where it has three input channels; otherwise each row is a filter and each tile one \
      of its channels, in grey. Each filter has its own range from black to white unless --global is given. Without \
      LAYER the first layer with kernels is drawn.

      Example, Caffe's channels (blue, green, red) in their right colours:

        modelconv filters deploy.prototxt,net.caffemodel conv1 --bgr -o conv1.png
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The model; several files are joined by commas.")
  var model: String

  @Argument(help: "The layer, or a tensor's path.")
  var layer: String?

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The picture.", valueName: "out.png"))
  var output: String

  @Flag(name: .customLong("global"), help: "One range for all filters.")
  var isGlobal = false

  @Flag(help: "The weights' channels are blue, green, red.")
  var bgr = false

  @Option(help: ArgumentHelp("Pixels a weight.", valueName: "n"))
  var scale: Int?

  @Flag(help: "Print one JSON document about the picture.")
  var json = false

  func validate() throws {
    if let scale, scale < 1 || scale > 64 { throw ValidationError("--scale is 1 to 64") }
  }

  func perform(_ console: Console) throws -> Int32 {
    let loaded = try Model.load([model], options: try options.load())
    console.report(loaded.findings)
    var grid = FilterGrid()
    grid.isGlobal = isGlobal
    grid.reversesChannels = bgr
    grid.scale = scale
    let s = try grid.draw(loaded, layer: layer, to: output)
    if output == "-" { return ExitCodes.success }
    if json {
      try console.json(s)
    } else if !console.isQuiet {
      let shape = s.shape.map(String.init).joined(separator: "x")
      try console.line(
        "\(output): \(s.layer) \(shape), \(s.tiles) \(s.isColour ? "colour" : "grey") tiles in \(s.columns) columns, "
          + "\(s.width)x\(s.height) pixels" + (s.omitted > 0 ? ", \(s.omitted) tiles left out" : ""))
    }
    return ExitCodes.success
  }
}
