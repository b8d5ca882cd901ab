import ArgumentParser

@main
struct ModelConvCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "modelconv", abstract: "Convert, inspect and verify trained neural networks.")
}
