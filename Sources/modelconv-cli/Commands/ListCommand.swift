import ArgumentParser
import ModelConv

/// `modelconv list formats|rewrites|operators|layers`
struct List: Verb {
  enum Subject: String, ExpressibleByArgument, CaseIterable { case formats, rewrites, operators, layers }

  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "What this build can read, write, do and run.",
    discussion: """
      Example, the formats and the names that --from and --to take:

        modelconv list formats
      """)

  @OptionGroup var global: GlobalOptions

  @Argument(help: "What to list.")
  var subject: Subject

  @Flag(help: "Print one JSON document.")
  var json = false

  @Flag(help: "Layers: print the page of the documentation.")
  var page = false

  func perform(_ console: Console) throws -> Int32 {
    if page {
      guard subject == .layers else {
        throw ModelConvError.usage("usage.page", "--page is for layers", help: "modelconv list layers --page")
      }
      try console.line(Capabilities.layersPage)
      return ExitCodes.success
    }
    switch subject {
    case .formats: try formats(console)
    case .rewrites: try rewrites(console)
    case .operators: try operators(console)
    case .layers: try layers(console)
    }
    return ExitCodes.success
  }

  private func formats(_ console: Console) throws {
    if json { return try console.json(FormatRegistry.formats) }
    var table = Table([("name", .left), ("reads", .left), ("writes", .left), ("holds", .left), ("what", .left)])
    for f in FormatRegistry.formats {
      table.add([f.name, f.reads ? "yes" : "no", f.writes ? "yes" : "no", f.holds, f.title])
    }
    for l in table.lines { try console.line(l) }
  }

  private func rewrites(_ console: Console) throws {
    let all = Capabilities.rewrites
    if json { return try console.json(all) }
    var table = Table([("name", .left), ("by default", .left), ("what", .left)])
    for r in all { table.add([r.name, r.isDefault ? "yes" : "no", r.summary]) }
    for l in table.lines { try console.line(l) }
  }

  private func operators(_ console: Console) throws {
    let (neutral, onnx) = (Capabilities.operators, Capabilities.onnxOperators)
    if json { return try console.json(neutral + onnx) }
    var table = Table([("operator", .left), ("runs", .left)])
    for o in neutral { table.add([o.name, o.runs ? "yes" : "no"]) }
    for l in table.lines { try console.line(l) }
    try console.line("")
    var versions = Table([
      ("ONNX operator", .left), ("versions read", .left), ("runs", .left), ("written from", .left),
    ])
    for o in onnx {
      let domain = o.domain ?? ""
      versions.add([
        domain == "ai.onnx" ? o.name : "\(domain).\(o.name)",
        (o.versionsRead ?? []).isEmpty
          ? "kept as it is" : (o.versionsRead ?? []).map(String.init).joined(separator: " "),
        o.runs ? "yes" : "no", o.writtenFrom.map(String.init) ?? "-",
      ])
    }
    for l in versions.lines { try console.line(l) }
  }

  private func layers(_ console: Console) throws {
    let all = Capabilities.layers
    if json { return try console.json(all) }
    var table = Table([
      ("layer", .left), ("of", .left), ("runs", .left), ("ONNX", .left), ("from others", .left), ("limits", .left),
    ])
    for l in all {
      table.add([
        l.type, l.isCore ? "BVLC" : "fork", l.runs ? "yes" : "no", l.exports ? "yes" : "no",
        l.isWrittenFromOtherFormats ? "yes" : "no", l.limits.joined(separator: "; "),
      ])
    }
    for l in table.lines { try console.line(l) }
  }
}
