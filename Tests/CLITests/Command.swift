import Foundation
import TestSupport
import Testing

/// Runs the built program.
struct Command {
  var status: Int32
  var stdout: String
  var stderr: String

  /// The program beside the test bundle.
  static let binary: URL? = {
    let bundles = CommandLine.arguments + ProcessInfo.processInfo.environment.values
    let places = bundles.compactMap { text -> URL? in
      guard let end = text.range(of: ".xctest") else { return nil }
      return URL(filePath: String(text[..<end.upperBound])).deletingLastPathComponent()
    }
    let fallback = ["debug", "release"].map { SharedData.root.appending(path: ".build/\($0)") }
    return (places + fallback).map { $0.appending(path: "modelconv") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }()

  /// - Parameter input: bytes for standard input; none closes it.
  static func run(_ arguments: [String], input: Data = Data(), in folder: URL? = nil) throws -> Command {
    let process = Process()
    process.executableURL = try #require(binary, "the modelconv binary is not built")
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = folder }
    var environment = ProcessInfo.processInfo.environment
    environment["NO_COLOR"] = "1"
    process.environment = environment
    let scratch = try TemporaryFolder()
    let (out, err, stdin) = (scratch.path("out"), scratch.path("err"), scratch.path("in"))
    for p in [out, err] { FileManager.default.createFile(atPath: p, contents: nil) }
    try input.write(to: URL(filePath: stdin))
    process.standardOutput = try #require(FileHandle(forWritingAtPath: out))
    process.standardError = try #require(FileHandle(forWritingAtPath: err))
    process.standardInput = try #require(FileHandle(forReadingAtPath: stdin))
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit, "\(arguments) ended by signal \(process.terminationStatus)")
    return Command(
      status: process.terminationStatus, stdout: try String(contentsOfFile: out, encoding: .utf8),
      stderr: try String(contentsOfFile: err, encoding: .utf8))
  }

  static func run(_ arguments: String..., in folder: URL? = nil) throws -> Command { try run(arguments, in: folder) }

  static let prototxt = SharedData.root.appending(path: "Samples/digits/deploy.prototxt").path
  static let weights = SharedData.root.appending(path: "Samples/digits/digits.caffemodel").path
  static let fixture = SharedData.root.appending(path: "Samples/digits/io.npz").path
}
