/// How bad a finding is.
package enum Severity: String, Sendable, Hashable, Comparable {
  case note, warning, error

  package static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
  private var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }
}

/// The process exit status a failure leads to (sysexits.h); the command-line contract lists them.
package enum ExitStatus: Int32, Sendable, Hashable {
  /// Done, and the answer is yes.
  case success = 0
  /// Done, and the answer is no: parity failed, problems found, models differ.
  case negative = 1
  /// The command line is wrong.
  case usage = 64
  /// The input is malformed or unsupported.
  case dataError = 65
  /// The input is missing or unreadable.
  case noInput = 66
  /// A bug in modelconv.
  case software = 70
  /// The output cannot be created.
  case cantCreate = 73
  /// A read or a write failed.
  case ioError = 74
}

/// Where in an input a finding is. Every part is optional; parts that are known are printed.
package struct SourceLocation: Sendable, Hashable {
  /// The file as the user named it.
  package var file: String?
  /// A zip member or an HDF5 path inside the file.
  package var member: String?
  /// One-based line and column in a text file.
  package var line: Int?
  package var column: Int?
  /// Zero-based offset in a binary file.
  package var byteOffset: Int?
  /// Layer, field and index inside the model, outermost first.
  package var path: [String]

  package init(
    file: String? = nil, member: String? = nil, line: Int? = nil, column: Int? = nil, byteOffset: Int? = nil,
    path: [String] = []
  ) {
    self.file = file
    self.member = member
    self.line = line
    self.column = column
    self.byteOffset = byteOffset
    self.path = path
  }

  /// `FILE:LINE:COL`, or as much of it as is known.
  package var description: String {
    var s = file ?? ""
    if let member { s += "[\(member)]" }
    if let line { s += ":\(line):\(column ?? 1)" } else if let byteOffset { s += "@\(byteOffset)" }
    return s
  }
}

/// One finding: what, where, and what to do about it. Thrown where it ends the work.
package struct Diagnostic: Error, Sendable, Hashable {
  package var severity: Severity
  /// Namespaced, stable, never reused: `caffe.pooling.kernel-missing`.
  package var code: String
  package var message: String
  package var location: SourceLocation
  package var notes: [String]
  /// What the user can do.
  package var help: String?
  /// The exit status if this finding ends the program.
  package var status: ExitStatus

  package init(
    _ severity: Severity, _ code: String, _ message: String, at location: SourceLocation = SourceLocation(),
    notes: [String] = [], help: String? = nil, status: ExitStatus = .dataError
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.location = location
    self.notes = notes
    self.help = help
    self.status = status
  }

  /// An error with the given code; the common case.
  package static func error(
    _ code: String, _ message: String, at location: SourceLocation = SourceLocation(), notes: [String] = [],
    help: String? = nil, status: ExitStatus = .dataError
  ) -> Diagnostic {
    Diagnostic(.error, code, message, at: location, notes: notes, help: help, status: status)
  }

  /// `FILE:LINE:COL: error: TEXT [code]` and the indented notes and help.
  package var rendered: String {
    let place = location.description
    var s = place.isEmpty ? "" : place + ": "
    s += "\(severity.rawValue): \(message) [\(code)]"
    for n in notes { s += "\n  note: \(n)" }
    if let help { s += "\n  help: \(help)" }
    return s
  }
}

/// Several findings thrown at once: the user sees every problem in one run.
package struct Diagnostics: Error, Sendable {
  package var items: [Diagnostic]
  package init(_ items: [Diagnostic]) { self.items = items }
  /// The status of the first error, or of the first item.
  package var status: ExitStatus {
    (items.first { $0.severity == .error } ?? items.first)?.status ?? .dataError
  }
}
