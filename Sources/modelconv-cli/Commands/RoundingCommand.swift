import ArgumentParser
import ModelConv

/// `modelconv rounding MODEL`
struct Rounding: Verb {
  static let configuration = CommandConfiguration(
    commandName: "rounding", abstract: "What ceil and floor rounding make of each pooling layer.",
    discussion: """
      For each pooling layer: the sizes with floor and ceil rounding, whether they differ on this input, whether a last \
      window in the padding was dropped (clip), the end pads with which floor rounding gives the layer's size, and \
      whether explicit zeros would be safe (a maximum over values that are never negative).

      Example, a net on larger pictures:

        modelconv rounding deploy.prototxt --shape data=1,3,299,299
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The files of one model.")
  var model: [String]

  @Flag(help: "Print one JSON document.")
  var json = false

  func perform(_ console: Console) throws -> Int32 {
    let loaded = try Model.load(model, options: try options.load())
    console.report(loaded.findings)
    let report = try loaded.poolingReport()
    if json {
      try console.json(report)
      return ExitCodes.success
    }
    guard !report.layers.isEmpty else {
      try console.line("no pooling layers")
      return ExitCodes.success
    }
    var table = Table([
      ("layer", .left), ("kind", .left), ("input", .left), ("kernel", .left), ("stride", .left), ("pads", .left),
      ("floor", .left), ("ceil", .left), ("size", .left), ("differ", .left), ("clip", .left), ("end pads", .left),
      ("zeros safe", .left), ("", .left),
    ])
    for l in report.layers {
      table.add([
        l.name, l.kind, text(l.input), text(l.kernel), text(l.stride), pads(l), text(l.floorSize), text(l.ceilSize),
        text(l.size), l.size == nil ? "?" : l.differs ? "yes" : "no", l.isClipped ? "yes" : "no",
        l.endPadsForFloor.map { text($0) } ?? (l.size == nil ? "?" : l.kernel.isEmpty ? "" : "-"),
        l.size == nil ? "?" : l.isZeroPaddingSafe ? "yes" : "no", l.remark,
      ])
    }
    for line in table.lines { try console.line(line) }
    try console.line()
    let names = report.differing
    try console.line(
      names.isEmpty
        ? "floor and ceil rounding agree on every layer"
        : "floor and ceil rounding differ on \(names.count) of \(report.layers.count) layers: \(names.joined(separator: ", "))"
    )
    return ExitCodes.success
  }

  private func text(_ v: [Int]?) -> String { v.map { $0.map(String.init).joined(separator: "x") } ?? "?" }

  private func pads(_ l: PoolingReport.Layer) -> String {
    l.beginPads == l.endPads ? text(l.beginPads) : "\(text(l.beginPads)):\(text(l.endPads))"
  }
}
