import ArgumentParser
import ModelConv

/// `modelconv time MODEL [-n N]`
struct Time: Verb {
  static let configuration = CommandConfiguration(
    commandName: "time", abstract: "How long a forward pass takes, in total and layer by layer.",
    discussion: """
      The standard rewrites are applied first, as conversion does. Times are medians after a warm-up; GFLOP/s count two \
      FLOP a multiply-add of convolutions and matrix products.

      Example:

        modelconv time deploy.prototxt net.caffemodel -n 20 --threads 1
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var options: ModelOptions

  @Argument(help: "The files of one model.")
  var model: [String]

  @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Forward passes to measure.", valueName: "n"))
  var iterations = 10

  @Option(help: ArgumentHelp("Passes before measuring.", valueName: "n"))
  var warmUp = 2

  @Option(help: ArgumentHelp("Threads; 0 for one a processor.", valueName: "n"))
  var threads = 0

  @Flag(help: "Run the model as it is read.")
  var noRewrite = false

  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    guard iterations >= 1, iterations <= 1_000_000 else { throw ValidationError("-n is at least 1") }
    guard warmUp >= 0, warmUp <= 1_000_000 else { throw ValidationError("--warm-up is not negative") }
    guard threads >= 0, threads <= 1024 else {
      throw ValidationError("--threads \(threads) is not a number of threads")
    }
  }

  func perform(_ console: Console) throws -> Int32 {
    let loaded = try Model.load(model, options: try options.load())
    console.report(loaded.findings)
    let report = try loaded.time(
      iterations: iterations, warmUp: warmUp, threads: threads, rewrites: !noRewrite, clock: Console.seconds
    ) { console.progress("timing", $0) }
    console.endProgress()
    if json {
      try console.json(report)
      return ExitCodes.success
    }
    var table = Table([
      ("layer", .left), ("type", .left), ("ms", .right), ("share", .right), ("multiply-adds", .right),
      ("GFLOP/s", .right),
    ])
    for l in report.layers {
      table.add([
        l.name, l.type, Format.fixed(l.median_ms, 3), Format.fixed(l.share * 100, 1) + " %",
        l.multiplyAdds.map { $0 == 0 ? "" : Format.short($0) } ?? "?", l.gflops.map { Format.fixed($0, 1) } ?? "",
      ])
    }
    for l in table.lines { try console.line(l) }
    try console.line()
    let f = report.forward
    let rate = report.gflops.map { ", \(Format.fixed($0, 1)) GFLOP/s" } ?? ""
    let threadText =
      report.threads == 0 ? "one thread a processor" : "\(report.threads) thread\(report.threads == 1 ? "" : "s")"
    try console.line(
      "forward: median \(Format.fixed(f.median_ms, 3)) ms, best \(Format.fixed(f.best_ms, 3)) ms, mean "
        + "\(Format.fixed(f.mean_ms, 3)) ms over \(report.iterations) passes, \(threadText)\(rate)")
    return ExitCodes.success
  }
}
