import Synchronization

/// Collects findings while work goes on, so that each layer fails alone. Safe to share between threads.
package final class DiagnosticSink: Sendable {
  private let state = Mutex<[Diagnostic]>([])
  private let limit: Int

  /// - Parameter limit: findings kept; a hostile file may cause any number. Past it the rest is only counted.
  package init(limit: Int = 1000) { self.limit = limit }

  package func report(_ d: Diagnostic) {
    state.withLock { if $0.count < limit { $0.append(d) } }
  }

  package func error(
    _ code: String, _ message: String, at location: SourceLocation = SourceLocation(), notes: [String] = [],
    help: String? = nil
  ) { report(Diagnostic(.error, code, message, at: location, notes: notes, help: help)) }

  package func warning(
    _ code: String, _ message: String, at location: SourceLocation = SourceLocation(), notes: [String] = [],
    help: String? = nil
  ) { report(Diagnostic(.warning, code, message, at: location, notes: notes, help: help)) }

  package func note(
    _ code: String, _ message: String, at location: SourceLocation = SourceLocation(), notes: [String] = [],
    help: String? = nil
  ) { report(Diagnostic(.note, code, message, at: location, notes: notes, help: help)) }

  /// Everything reported so far, in order.
  package var items: [Diagnostic] { state.withLock { $0 } }

  package var errors: [Diagnostic] { items.filter { $0.severity == .error } }

  package var hasErrors: Bool { items.contains { $0.severity == .error } }

  /// Throws all findings when one of them is an error.
  package func throwIfErrors() throws(Diagnostics) {
    let all = items
    if all.contains(where: { $0.severity == .error }) { throw Diagnostics(all.filter { $0.severity == .error }) }
  }
}
