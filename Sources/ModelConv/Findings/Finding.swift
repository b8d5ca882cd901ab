import Diagnostics

/// One finding about an input: what, where, and what to do about it.
public struct Finding: Sendable, Hashable, Codable {
  /// How bad it is.
  public enum Severity: String, Sendable, Hashable, Codable { case note, warning, error }

  /// How bad it is.
  public var severity: Severity
  /// Stable name of the kind of finding: `caffe.pooling.kernel-missing`.
  public var code: String
  /// What it is, naming file, layer and place.
  public var message: String
  /// The file as the user named it.
  public var file: String?
  /// A zip member or an HDF5 path in the file.
  public var member: String?
  /// One-based line and column of a text file.
  public var line: Int?
  /// One-based column, in bytes.
  public var column: Int?
  /// Zero-based offset in a binary file.
  public var byteOffset: Int?
  /// Layer, field and index inside the model, outermost first.
  public var path: [String]
  /// What else is to know.
  public var notes: [String]
  /// What can be done.
  public var help: String?
  /// `FILE:LINE:COL: error: TEXT [code]` and the indented notes and help.
  public var rendered: String

  package init(_ d: Diagnostic) {
    severity = Severity(rawValue: d.severity.rawValue) ?? .error
    code = d.code
    message = d.message
    file = d.location.file
    member = d.location.member
    line = d.location.line
    column = d.location.column
    byteOffset = d.location.byteOffset
    path = d.location.path
    notes = d.notes
    help = d.help
    rendered = d.rendered
  }
}

/// Why something could not be done: one or several findings.
public struct ModelConvError: Error, Sendable {
  /// What was found, errors among them.
  public let findings: [Finding]
  /// The process exit status that fits (sysexits): 65 input malformed or unsupported, 66 missing, 70 a bug, 73 output
  /// cannot be created, 74 reading or writing failed, 64 wrong usage.
  public let exitStatus: Int32

  package init(_ diagnostics: [Diagnostic]) {
    findings = diagnostics.map(Finding.init)
    exitStatus = Diagnostics(diagnostics).status.rawValue
  }

  package init(_ diagnostic: Diagnostic) { self.init([diagnostic]) }

  package init(_ diagnostics: Diagnostics) { self.init(diagnostics.items) }

  /// The error with notes on its last finding.
  package func with(_ notes: [String]) -> ModelConvError {
    guard var last = findings.last else { return self }
    last.notes += notes
    last.rendered += notes.map { "\n  note: \($0)" }.joined()
    return ModelConvError(findings: Array(findings.dropLast()) + [last], exitStatus: exitStatus)
  }

  private init(findings: [Finding], exitStatus: Int32) {
    self.findings = findings
    self.exitStatus = exitStatus
  }

  /// An error of usage: what was asked cannot be asked.
  public static func usage(_ code: String, _ message: String, help: String? = nil) -> ModelConvError {
    ModelConvError(.error(code, message, help: help, status: .usage))
  }

  /// An error that nothing else expected: a bug.
  public static func unexpected(_ error: any Error) -> ModelConvError {
    ModelConvError(
      .error(
        "modelconv.bug", "unexpected error: \(error)", help: "this is a bug in modelconv; please report it",
        status: .software))
  }
}

/// Runs `body` and gives its error as a `ModelConvError`.
package func rethrowing<R>(_ body: () throws -> R) throws(ModelConvError) -> R {
  do { return try body() } catch let error as ModelConvError { throw error } catch let error as Diagnostic {
    throw ModelConvError(error)
  } catch let error as Diagnostics {
    throw ModelConvError(error)
  } catch {
    throw .unexpected(error)
  }
}
