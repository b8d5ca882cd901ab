import Diagnostics

/// Where syntax errors go, one for each spot: an error that the one before it caused is not reported.
final class ProtoTextErrors {
  let file: String?
  let sink: DiagnosticSink
  private var line: Int32 = 0

  init(file: String?, sink: DiagnosticSink) {
    self.file = file
    self.sink = sink
  }

  func report(_ place: ProtoPlace, _ message: String, code: String = "syntax", notes: [String] = [], help: String?) {
    if case .text(let line, _) = place {
      if line == self.line { return }
      self.line = line
    }
    sink.error("protobuf.text." + code, message, at: place.location(file: file), notes: notes, help: help)
  }

  /// Called after each whole field: a later error on the same line is one of its own.
  func fieldEnds() { line = 0 }
}

/// Limits that a hostile text runs into before it costs much.
package struct ProtoTextLimits: Sendable {
  /// Blocks inside blocks.
  package var depth = 100
  /// Fields and values in the whole text.
  package var values = 1_000_000

  package init() {}
}
