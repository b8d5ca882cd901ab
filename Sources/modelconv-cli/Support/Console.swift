import Foundation
import ModelConv

#if canImport(Glibc)
  import Glibc
#endif

/// Standard output cannot take more: a closed pipe or a full disk.
struct OutputClosed: Error { let status: Int32 }

/// Everything that the program prints: output on standard output, findings and progress on standard error.
final class Console {
  private let options: ConsoleSettings
  private var buffer: [UInt8] = []
  private let usesColour: Bool
  private var strictErrors = false

  init(_ options: ConsoleSettings) {
    self.options = options
    usesColour =
      isatty(2) == 1 && Console.environment("NO_COLOR")?.isEmpty != false && Console.environment("TERM") != "dumb"
  }

  private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  var isQuiet: Bool { options.isQuiet }

  // MARK: Output

  /// Prints a line.
  func line(_ text: String = "") throws {
    buffer.append(contentsOf: text.utf8)
    buffer.append(0x0a)
    if buffer.count > 1 << 16 { try flush() }
  }

  /// Prints a document.
  func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    buffer.append(contentsOf: try encoder.encode(value))
    buffer.append(0x0a)
  }

  private func flush() throws {
    defer { buffer.removeAll(keepingCapacity: true) }
    let failure = Console.write(buffer, to: 1)
    guard failure != 0 else { return }
    // Whoever closed the pipe has seen enough; a full disk is worth a word.
    if failure != EPIPE {
      Console.write(
        "error: standard output: cannot write: \(String(cString: strerror(failure))) [io.write-failed]\n", to: 2)
    }
    throw OutputClosed(status: ExitCodes.ioError)
  }

  /// Writes what is left; the status where a warning counts as an error.
  func finish() throws -> Int32? {
    try flush()
    return strictErrors ? 65 : nil
  }

  /// Writes all of `bytes`; errno where that fails.
  @discardableResult
  static func write(_ bytes: [UInt8], to fd: Int32) -> Int32 {
    var done = 0
    while done < bytes.count {
      let n = bytes.withUnsafeBytes { b in Glibc.write(fd, b.baseAddress.map { $0 + done }, bytes.count - done) }
      if n < 0, errno == EINTR { continue }
      if n <= 0 { return errno }
      done += n
    }
    return 0
  }

  @discardableResult
  static func write(_ text: String, to fd: Int32) -> Int32 { write(Array(text.utf8), to: fd) }

  static func exit(_ status: Int32) -> Never { Glibc.exit(status) }

  // MARK: Findings

  /// Prints findings: errors always, warnings unless quiet, notes when asked.
  func report(_ findings: [Finding]) {
    endProgress()
    var text = ""
    for original in findings {
      var f = original
      if f.severity == .warning, options.isStrict {
        f.severity = .error
        strictErrors = true
      }
      switch f.severity {
      case .error: break
      case .warning: if options.isQuiet { continue }
      case .note: if options.isQuiet || !options.isVerbose { continue }
      }
      text += (options.writesJSON ? jsonLine(f) : coloured(f, was: original.severity)) + "\n"
    }
    Console.write(text, to: 2)
  }

  /// The same where a model is computed: that it lacks weights then is no mere note.
  func report(computing findings: [Finding]) {
    report(
      findings.map { original in
        var f = original
        if f.code == "caffe.weights.none" { f.severity = .warning }
        return f
      })
  }

  private func jsonLine(_ f: Finding) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(f)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  private func coloured(_ f: Finding, was: Finding.Severity) -> String {
    var text = f.rendered
    let before = "\(was.rawValue): "
    guard let at = text.range(of: before) else { return text }
    let colour =
      switch f.severity {
      case .error: "\u{1b}[1;31m"
      case .warning: "\u{1b}[1;33m"
      case .note: "\u{1b}[1;36m"
      }
    let word = "\(f.severity.rawValue): "
    text.replaceSubrange(at, with: usesColour ? "\(colour)\(word)\u{1b}[0m" : word)
    return text
  }

  // MARK: Progress

  private var progressStart: Double?
  private var lastProgress = 0.0
  private var progressIsShown = false

  /// Shows how far a long task is: on a terminal, past one second, at most ten times a second.
  func progress(_ what: String, _ fraction: Double) {
    guard !options.isQuiet, isatty(2) == 1 else { return }
    let now = Console.seconds()
    guard let start = progressStart else {
      progressStart = now
      return
    }
    guard now - start > 1, now - lastProgress > 0.1 else { return }
    lastProgress = now
    progressIsShown = true
    let width = 30
    let full = Swift.min(width, Swift.max(0, Int(Double(width) * Swift.min(1, Swift.max(0, fraction)))))
    let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
    Console.write("\r\u{1b}[K\(what) [\(bar)] \(Int(Swift.min(1, Swift.max(0, fraction)) * 100)) %", to: 2)
  }

  func endProgress() {
    if progressIsShown { Console.write("\r\u{1b}[K", to: 2) }
    progressIsShown = false
    progressStart = nil
  }

  /// Monotonic seconds.
  static func seconds() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_MONOTONIC, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
  }
}
