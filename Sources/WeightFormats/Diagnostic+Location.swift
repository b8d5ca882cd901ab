import Diagnostics

extension Diagnostic {
  /// The same finding at `place` where it has no place of its own.
  func located(at place: SourceLocation) -> Diagnostic {
    guard location == SourceLocation() else { return self }
    var d = self
    d.location = place
    return d
  }

  /// The same finding at `place`, its message led by the name of the tensor it is about.
  func located(at place: SourceLocation, naming name: String) -> Diagnostic {
    var d = located(at: place)
    d.message = "'\(name.prefix(200))': \(message)"
    return d
  }
}
