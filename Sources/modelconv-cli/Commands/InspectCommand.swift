import ArgumentParser
import ModelConv

/// `modelconv inspect MODEL`
struct Inspect: Verb {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "What is inside a model or a weights file.",
    discussion: """
      Prints format, producer, inputs, outputs and the layer table, or one of the views below. Multiply-adds are the \
      products of convolutions and matrix products; one is two FLOP.

      Example, the layers as Caffe's Net builds them, automatic splits included:

        modelconv inspect --layers deploy.prototxt net.caffemodel
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The files of one model.")
  var model: [String]

  @Flag(help: "The layers alone, one a line: index, name, type, output shapes; Caffe: automatic splits included.")
  var layers = false

  @Flag(help: "The blobs alone, one a line: index, name.")
  var blobs = false

  @Flag(help: "Every tensor of the weights: type, shape, minimum, maximum, mean, deviation, zeros, NaN, infinities.")
  var weights = false

  @Option(help: ArgumentHelp("Everything about one layer.", valueName: "name"))
  var layer: String?

  @Flag(help: "How often each layer type occurs.")
  var ops = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    let views = [layers, blobs, weights, ops, layer != nil].filter { $0 }.count
    if views > 1 { throw ValidationError("--layers, --blobs, --weights, --layer and --ops are one at a time") }
  }

  func perform(_ console: Console) throws -> Int32 {
    let loaded = try Model.load(model, options: try options.load())
    console.report(loaded.findings)
    if layers {
      try printLayers(loaded, console)
    } else if blobs {
      try printBlobs(loaded, console)
    } else if weights {
      try WeightTable.print(loaded, json: json, console)
    } else if let layer {
      try LayerView.print(try loaded.layer(named: layer), json: json, console)
    } else if ops {
      try printCounts(loaded, console)
    } else {
      try printOverview(loaded, console)
    }
    return ExitCodes.success
  }

  private func printLayers(_ loaded: Model, _ console: Console) throws {
    let all = loaded.layers(automaticSplits: true)
    if json { return try console.json(all) }
    for l in all {
      let shapes = l.outputs.map(\.shapeText).joined(separator: " ")
      try console.line("\(Format.index(l.index)) \(l.name) \(l.type) \(shapes)".trimmingEnd())
    }
  }

  private func printBlobs(_ loaded: Model, _ console: Console) throws {
    let all = loaded.blobs()
    if json { return try console.json(all) }
    for (i, b) in all.enumerated() { try console.line("\(Format.index(i)) \(b.name)") }
  }

  private func printCounts(_ loaded: Model, _ console: Console) throws {
    let counts = loaded.operatorCounts()
    if json { return try console.json(counts) }
    var table = Table([("count", .right), ("type", .left)])
    for c in counts { table.add([String(c.count), c.type]) }
    for l in table.lines { try console.line(l) }
  }

  private func printOverview(_ loaded: Model, _ console: Console) throws {
    let found = loaded.inspect()
    if json { return try console.json(found) }
    try console.line(
      "\(found.files.joined(separator: ", ")): \(FormatRegistry.named(found.format)?.title ?? found.format)")
    if !found.name.isEmpty { try console.line("name: \(found.name)") }
    for f in found.facts { try console.line("\(f.name): \(f.value)") }
    for v in found.inputs { try console.line("input: \(v.name) \(v.elementType) \(v.shapeText)") }
    for v in found.outputs { try console.line("output: \(v.name) \(v.elementType) \(v.shapeText)") }
    if let p = found.preprocessing {
      try console.line("preprocessing: \(p.summary)\(p.source.map { " (\($0))" } ?? "")")
    }
    guard loaded.isNetwork else {
      if !loaded.blobs().isEmpty {
        try console.line()
        try WeightTable.print(loaded, json: false, console)
      }
      return
    }
    try console.line()
    var table = Table([
      ("index", .right), ("layer", .left), ("type", .left), ("output", .left), ("parameters", .right),
      ("multiply-adds", .right),
    ])
    for l in found.layers {
      table.add([
        String(l.index), l.name, l.type, l.outputs.map(\.shapeText).joined(separator: " "),
        l.parameters == 0 ? "" : Format.grouped(l.parameters),
        l.multiplyAdds.map { $0 == 0 ? "" : Format.grouped($0) } ?? "?",
      ])
    }
    for l in table.lines { try console.line(l) }
    let adds = found.totals.multiplyAdds.map { "\(Format.short($0)) multiply-adds" } ?? "multiply-adds unknown"
    try console.line()
    try console.line(
      "\(found.totals.layers) layers, \(Format.grouped(found.totals.parameters)) parameters "
        + "(\(Format.bytes(found.totals.weightBytes)) of weights), \(adds)")
  }
}

/// The table of weight statistics.
enum WeightTable {
  static func print(_ model: Model, json: Bool, _ console: Console) throws {
    let all = model.weightStatistics { console.progress("reading weights", $0) }
    console.endProgress()
    if json { return try console.json(all) }
    var table = Table([
      ("tensor", .left), ("type", .left), ("shape", .left), ("min", .right), ("max", .right), ("mean", .right),
      ("std", .right), ("zeros", .right), ("nan", .right), ("inf", .right),
    ])
    func text(_ x: Double?) -> String { x.map(Format.number) ?? "" }
    for s in all {
      if let problem = s.problem {
        table.add([s.name, "damaged", problem, "", "", "", "", "", "", ""])
        continue
      }
      table.add([
        s.name, s.elementType, s.shape.isEmpty ? "scalar" : s.shape.map(String.init).joined(separator: "x"),
        text(s.min), text(s.max), text(s.mean), text(s.standardDeviation), String(s.zeros), String(s.nans),
        String(s.infinities),
      ])
    }
    if all.isEmpty { return try console.line("no weights") }
    for l in table.lines { try console.line(l) }
    try console.line()
    try console.line(
      "\(all.count) tensors, \(Format.grouped(all.reduce(0) { $0 + $1.elements })) values, "
        + Format.bytes(all.reduce(0) { $0 + $1.bytes }))
  }
}

/// Everything about one layer.
enum LayerView {
  static func print(_ d: LayerDetail, json: Bool, _ console: Console) throws {
    if json { return try console.json(d) }
    let s = d.summary
    try console.line("layer: \(s.name)")
    try console.line("type: \(s.type)\(s.isAutomatic ? " (inserted by Caffe's Net)" : "")")
    try console.line("index: \(s.index)")
    if !d.location.isEmpty { try console.line("place: \(d.location)") }
    if !s.inputs.isEmpty { try console.line("reads: \(s.inputs.joined(separator: ", "))") }
    for o in s.outputs { try console.line("makes: \(o.name) \(o.elementType) \(o.shapeText)") }
    try console.line("parameters: \(Format.grouped(s.parameters))")
    try console.line("multiply-adds: \(s.multiplyAdds.map(Format.grouped) ?? "unknown")")
    for a in d.attributes { try console.line("\(a.name): \(a.value)") }
    if !d.operators.isEmpty {
      try console.line("computed as:")
      for o in d.operators { try console.line("  \(o)") }
    }
    for w in d.weights {
      let shape = w.shape.isEmpty ? "scalar" : w.shape.map(String.init).joined(separator: "x")
      func text(_ x: Double?) -> String { x.map(Format.number) ?? "?" }
      try console.line(
        w.problem.map { "weights: \(w.name) damaged: \($0)" }
          ?? "weights: \(w.name) \(w.elementType) \(shape), min \(text(w.min)), max \(text(w.max)), mean \(text(w.mean)), "
          + "std \(text(w.standardDeviation)), \(w.zeros) zeros")
    }
  }
}

extension String {
  func trimmingEnd() -> String {
    var s = Substring(self)
    while s.last == " " { s.removeLast() }
    return String(s)
  }
}

extension Format {
  /// `%04d`.
  static func index(_ i: Int) -> String {
    let s = String(i)
    return String(repeating: "0", count: max(0, 4 - s.count)) + s
  }
}
