import ArgumentParser
import ModelConv

/// `modelconv verify MODEL --fixtures PATH` and `modelconv verify A --against B`
struct Verify: Verb {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compare a model with recorded outputs, or with another model.",
    discussion: """
      A value passes when |a - b| <= atol + rtol * |b|, where b is the recorded or the other model's value; NaN equals \
      NaN, equal infinities pass, shapes and element types must match. Exit status 1 says that something differs.

      Example, a Caffe net on recorded inputs, intermediate blobs included:

        modelconv verify deploy.prototxt net.caffemodel --fixtures io.npz

      Example, a converted model against its source, layer by layer:

        modelconv verify net.onnx --against deploy.prototxt,net.caffemodel --samples 3
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The files of one model.")
  var model: [String]

  @Option(
    help: ArgumentHelp(
      "An .npz with keys in:NAME, out:NAME, blob:NAME, or a folder with ONNX test data.", valueName: "path"))
  var fixtures: String?

  @Option(help: ArgumentHelp("Another model, the reference; its files joined by commas.", valueName: "model"))
  var against: String?

  @Option(help: "Relative tolerance.")
  var rtol = 1e-3

  @Option(help: "Absolute tolerance.")
  var atol = 1e-5

  @Option(help: ArgumentHelp("With --against: how many random inputs.", valueName: "n"))
  var samples = 1

  @Option(help: ArgumentHelp("With --against: seed of the random inputs.", valueName: "s"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("With --against: inputs from an .npz instead of random ones.", valueName: "x.npz"))
  var inputs: String?

  @Option(help: ArgumentHelp("Threads; 0 for one a processor.", valueName: "n"))
  var threads = 0

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    guard (fixtures != nil) != (against != nil) else {
      throw ValidationError(
        fixtures == nil
          ? "one of --fixtures PATH and --against MODEL is needed" : "--fixtures and --against exclude each other")
    }
    guard rtol >= 0, atol >= 0 else { throw ValidationError("tolerances are not negative") }
    guard samples >= 1, samples <= 100_000 else { throw ValidationError("--samples is at least 1") }
    guard threads >= 0, threads <= 1024 else {
      throw ValidationError("--threads \(threads) is not a number of threads")
    }
  }

  func perform(_ console: Console) throws -> Int32 {
    let tolerance = Tolerance(relative: rtol, absolute: atol)
    if let fixtures {
      let report = try Model.verify(
        model, options: try options.load(), fixtures: fixtures, tolerance: tolerance, threads: threads
      ) { console.report(computing: $0) }
      if json { try console.json(report) } else { try print(report, console) }
      return report.passes ? ExitCodes.success : ExitCodes.negative
    }
    let a = try Model.load(model, options: try options.load())
    console.report(computing: a.findings)
    let b = try Model.load([against ?? ""], options: try otherOptions())
    console.report(computing: b.findings)
    let report = try a.compare(
      with: b, inputs: inputs.map { [$0] } ?? [], samples: samples, seed: seed, tolerance: tolerance, threads: threads
    ) { console.progress("comparing", $0) }
    console.endProgress()
    if json { try console.json(report) } else { try ParityView.print(report, console) }
    return report.passes ? ExitCodes.success : ExitCodes.negative
  }

  /// The other model's own format is recognised.
  private func otherOptions() throws -> LoadOptions {
    var other = try options.load()
    other.format = nil
    return other
  }

  private func print(_ report: FixtureReport, _ console: Console) throws {
    for c in report.cases {
      if report.cases.count > 1 { try console.line("\(c.name):") }
      for l in ComparisonTable.lines(c.comparisons) { try console.line(l) }
      for n in c.notes { try console.line("note: \(n)") }
    }
    let all = report.cases.flatMap(\.comparisons)
    let failing = all.count { !$0.passes }
    let bounds = "rtol \(Format.number(report.tolerance.relative)), atol \(Format.number(report.tolerance.absolute))"
    try console.line(
      failing == 0
        ? "passed: \(all.count) values agree (\(bounds))"
        : "FAILED: \(failing) of \(all.count) values differ (\(bounds))")
  }
}

/// Comparisons as a table, and what is wrong below it.
enum ComparisonTable {
  static func lines(_ all: [Comparison]) -> [String] {
    var table = Table([
      ("value", .left), ("shape", .left), ("max abs", .right), ("max rel", .right), ("cosine", .right), ("", .left),
    ])
    for c in all {
      let shape =
        c.shape.isEmpty ? (c.elementType.isEmpty ? "" : "scalar") : c.shape.map(String.init).joined(separator: "x")
      if let problem = c.problem {
        table.add([c.name, shape, "", "", "", "FAILED: \(problem)"])
        continue
      }
      var verdict = "ok"
      if !c.passes {
        verdict = "FAILED: \(c.failing) of \(c.elements)"
        if let w = c.worst {
          verdict += ", worst \(Format.number(w.actual)) for \(Format.number(w.expected)) at \(w.index)"
        }
      }
      table.add([
        c.name, shape, Format.number(c.maxAbsolute), Format.number(c.maxRelative), Format.fixed(c.cosine, 6), verdict,
      ])
    }
    return table.lines
  }
}

/// A parity report as text.
enum ParityView {
  static func print(_ report: ParityReport, _ console: Console) throws {
    for l in ComparisonTable.lines(report.layers + report.outputs) { try console.line(l) }
    if let first = report.firstDivergence { try console.line("first divergence: \(first)") }
    for n in report.notes { try console.line("note: \(n)") }
    try console.line(verdict(report))
  }

  static func verdict(_ report: ParityReport) -> String {
    let samples = report.samples == 1 ? "1 sample" : "\(report.samples) samples"
    let worst = report.outputs.map(\.maxAbsolute).max() ?? 0
    let cosine = report.outputs.map(\.cosine).min() ?? 1
    let facts = "\(samples), max abs \(Format.number(worst)), cosine \(Format.fixed(cosine, 6))"
    guard report.passes else { return "FAILED: the outputs differ (\(facts))" }
    let inner = report.layers.count { !$0.passes }
    let rest = inner == 0 ? "" : "; \(inner) inner values differ, but outputs decide"
    return "passed: the outputs agree (\(facts))\(rest)"
  }
}
