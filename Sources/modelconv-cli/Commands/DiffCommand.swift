import ArgumentParser
import ModelConv

/// `modelconv diff A B`
struct Diff: Verb {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Structure, parameters and weights of two models compared.",
    discussion: """
      Layers and tensors are matched by name; models of two formats by the names that conversion keeps, and with \
      archives of weights the tensors alone are compared. Parameters count as what layers compute: a default that is \
      written out is no difference, and neither are rules, learning rates or (where weights are given) fillers. \
      Solvers are compared setting by setting. Exit status 1 says that something differs.

      Example, what fine-tuning changed:

        modelconv diff deploy.prototxt,before.caffemodel deploy.prototxt,after.caffemodel
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The first model; several files are joined by commas.")
  var a: String

  @Argument(help: "The second model.")
  var b: String

  @Flag(help: "Print one JSON document.")
  var json = false

  func perform(_ console: Console) throws -> Int32 {
    let first = try Model.load([a], options: try options.load())
    console.report(first.findings)
    let second = try Model.load([b], options: try options.load())
    console.report(second.findings)
    let d = try first.difference(to: second)
    if json { try console.json(d) } else { try print(d, console) }
    return d.isEmpty ? ExitCodes.success : ExitCodes.negative
  }

  private func print(_ d: ModelDifference, _ console: Console) throws {
    for n in d.removedLayers { try console.line("- layer \(n)") }
    for n in d.addedLayers { try console.line("+ layer \(n)") }
    for c in d.changedLayers { try console.line("~ layer \(c.name): \(c.field) \(c.before) -> \(c.after)") }
    for c in d.changedFacts { try console.line("~ \(c.name): \(c.before) -> \(c.after)") }
    for n in d.removedTensors { try console.line("- tensor \(n)") }
    for n in d.addedTensors { try console.line("+ tensor \(n)") }
    for c in d.changedTensors {
      let what =
        c.problem
        ?? "\(Format.grouped(c.failing)) of \(Format.grouped(c.elements)) values, max abs \(Format.number(c.maxAbsolute)), "
        + "cosine \(Format.fixed(c.cosine, 6))"
      try console.line("~ tensor \(c.name): \(what)")
    }
    if !d.unjudgedLayers.isEmpty {
      try console.line(
        "? parameters not compared, several operators in one of the formats (verify --against runs both): "
          + d.unjudgedLayers.joined(separator: ", "))
    }
    let differing =
      d.removedLayers.count + d.addedLayers.count + Set(d.changedLayers.map(\.name)).count + d.removedTensors.count
      + d.addedTensors.count + d.changedTensors.count + d.changedFacts.count
    let isSettings = d.equalLayers + d.equalTensors == 0 && d.equalFacts + d.changedFacts.count > 0
    let alike =
      isSettings
      ? "\(d.equalFacts) settings" : "\(d.equalLayers) layers\(d.isEmpty ? "," : " and") \(d.equalTensors) tensors"
    try console.line(
      d.isEmpty
        ? "equal: \(alike)" : "\(differing) differences; \(alike) are equal")
  }
}
