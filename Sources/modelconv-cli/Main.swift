import ArgumentParser
import CSupport
import ModelConv

/// The program: parses, performs one verb, and gives every outcome the exit status that the contract names.
@main
enum Program {
  static func main() {
    mc_install_sigbus_handler(ExitCodes.ioError)
    mc_install_cleanup_handlers()
    let arguments = Array(CommandLine.arguments.dropFirst())
    Console.exit(status(arguments))
  }

  private static func status(_ arguments: [String]) -> Int32 {
    if let unknown = unknownVerb(arguments) { return unknown }
    let command: any ParsableCommand
    do { command = try ModelConvCommand.parseAsRoot(arguments) } catch { return usage(error, arguments) }
    guard let verb = command as? any Verb else {
      // Help, version and completion scripts are commands of the parser itself.
      var own = command
      do { try own.run() } catch { return usage(error, arguments) }
      return ExitCodes.success
    }
    let console = Console(verb.global.settings)
    do {
      let status = try verb.perform(console)
      return try console.finish() ?? status
    } catch let error as ModelConvError {
      console.report(error.findings)
      return error.exitStatus
    } catch let error as OutputClosed {
      return error.status
    } catch let error as ValidationError {
      console.report(usageError(error.message))
      return ExitCodes.usage
    } catch {
      console.report(ModelConvError.unexpected(error).findings)
      return ExitCodes.software
    }
  }

  /// A verb that does not exist gets a suggestion instead of the parser's general answer.
  private static func unknownVerb(_ arguments: [String]) -> Int32? {
    guard let first = arguments.first, !first.hasPrefix("-") else { return nil }
    let verbs = ModelConvCommand.verbs.map { $0.configuration.commandName ?? "" }
    guard !verbs.contains(first), first != "help" else { return nil }
    let near = Suggestion.closest(to: first, among: verbs)
    Console(ConsoleSettings()).report(
      usageError(
        "there is no verb '\(first)'",
        help: near.map { "did you mean 'modelconv \($0)'?" } ?? "modelconv --help lists the verbs"))
    return ExitCodes.usage
  }

  private static func usage(_ error: any Error, _ arguments: [String]) -> Int32 {
    let code = ModelConvCommand.exitCode(for: error)
    let text = ModelConvCommand.fullMessage(for: error)
    guard code != .success else {
      Console.write(text + "\n", to: 1)
      return ExitCodes.success
    }
    // The parser says "Error: TEXT", then usage lines.
    let message = ModelConvCommand.message(for: error)
    let verb = arguments.first.flatMap { a in
      ModelConvCommand.verbs.contains { $0.configuration.commandName == a } ? a : nil
    }
    Console(ConsoleSettings.scanned(arguments)).report(
      usageError(
        message.isEmpty ? text : message,
        help: "modelconv \(verb.map { $0 + " " } ?? "")--help shows the arguments and an example"))
    return ExitCodes.usage
  }

  private static func usageError(_ message: String, help: String? = nil) -> [Finding] {
    ModelConvError.usage("usage", message, help: help).findings
  }
}

/// The root command.
struct ModelConvCommand: ParsableCommand {
  static let verbs: [any Verb.Type] = [
    Inspect.self, CaffeToOnnx.self, Convert.self, Verify.self, Run.self, Filters.self, Rounding.self, Check.self,
    Diff.self, TensorCommand.self, Initialise.self, Time.self, Classify.self, MeanCommand.self, List.self,
  ]
  static let configuration = CommandConfiguration(
    commandName: "modelconv", abstract: "Convert, inspect and verify trained neural networks.",
    discussion: """
      A MODEL is one or more files that together are one network: net.onnx, deploy.prototxt net.caffemodel, or joined \
      by a comma: deploy.prototxt,net.caffemodel. Formats are recognised by content; - is standard input or output.

      Exit status: 0 done, and the answer is yes; 1 done, and the answer is no; 64 usage; 65 input malformed or \
      unsupported; 66 input missing or unreadable; 70 a bug in modelconv; 73 output can't be created; 74 read or write \
      failed.
      """,
    version: "modelconv \(ModelConvVersion.current)",
    subcommands: verbs)
}
