import ArgumentParser
import ModelConv

/// A command of the program.
protocol Verb: ParsableCommand {
  var global: GlobalOptions { get }

  /// Does the work and prints to the console.
  ///
  /// - Returns: 0 where the answer is yes, 1 where it is no.
  func perform(_ console: Console) throws -> Int32
}

/// sysexits, as the contract lists them.
enum ExitCodes {
  static let success: Int32 = 0
  static let negative: Int32 = 1
  static let usage: Int32 = 64
  static let software: Int32 = 70
  static let ioError: Int32 = 74
}

/// Options that every verb has.
struct GlobalOptions: ParsableArguments {
  enum DiagnosticsForm: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(help: "How findings are written to standard error.")
  var diagnostics: DiagnosticsForm = .text

  @Flag(name: .shortAndLong, help: "Print errors and the asked-for output alone: no warnings, no progress.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Print notes too.")
  var verbose = false

  @Flag(help: "Warnings are errors.")
  var strict = false

  var settings: ConsoleSettings {
    ConsoleSettings(writesJSON: diagnostics == .json, isQuiet: quiet, isVerbose: verbose, isStrict: strict)
  }
}

/// How the console behaves.
struct ConsoleSettings {
  var writesJSON = false
  var isQuiet = false
  var isVerbose = false
  var isStrict = false

  /// What can be told from arguments that do not parse.
  static func scanned(_ arguments: [String]) -> ConsoleSettings {
    let at = arguments.firstIndex(of: "--diagnostics").map { $0 + 1 }
    let isJSON = at.map { $0 < arguments.count && arguments[$0] == "json" } ?? false
    return ConsoleSettings(
      writesJSON: isJSON || arguments.contains("--diagnostics=json"),
      isQuiet: arguments.contains("--quiet") || arguments.contains("-q"))
  }
}

/// Options of every verb that reads a model.
struct ModelOptions: ParsableArguments {
  enum Phase: String, ExpressibleByArgument, CaseIterable { case test, train }

  @Option(help: ArgumentHelp("Read the files as this format instead of recognising them.", valueName: "format"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      "Shape of an input: numbers, or names of symbolic extents. Repeatable.", valueName: "name=1,3,224,224"))
  var shape: [String] = []

  @Option(help: ArgumentHelp("First extent of every input.", valueName: "n|dynamic"))
  var batch: String?

  @Option(help: "Caffe: the phase whose layers take part.")
  var phase: Phase = .test

  @Option(help: ArgumentHelp("Caffe: the level of the net state.", valueName: "n"))
  var level: Int = 0

  @Option(help: ArgumentHelp("Caffe: a stage of the net state. Repeatable.", valueName: "name"))
  var stage: [String] = []

  @Option(help: ArgumentHelp("Caffe: the fork whose schema the files follow.", valueName: "name"))
  var fork: String?

  @Flag(
    help: "The net was made with MatCaffe, whose arrays have height and width exchanged: kernels are exchanged back.")
  var matcaffe = false

  /// The options as the library wants them.
  func load() throws -> LoadOptions {
    var options = LoadOptions()
    options.format = from
    options.batch = batch
    options.isTraining = phase == .train
    options.level = level
    options.stages = stage
    options.fork = fork
    options.isMatCaffe = matcaffe
    for s in shape {
      guard let at = s.lastIndex(of: "="), at > s.startIndex else {
        throw ValidationError("--shape \(s): write NAME=1,3,224,224")
      }
      let dims = s[s.index(after: at)...].split(separator: ",", omittingEmptySubsequences: false)
      options.shapes[String(s[..<at])] = dims == [""] ? [] : dims.map { $0.trimmingWhitespace() }
    }
    return options
  }
}

extension Substring {
  func trimmingWhitespace() -> String {
    var s = self
    while s.first?.isWhitespace == true { s.removeFirst() }
    while s.last?.isWhitespace == true { s.removeLast() }
    return String(s)
  }
}
