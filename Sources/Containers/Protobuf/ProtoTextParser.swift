import ByteSource
import Diagnostics

/// Parses protobuf text into a tree by field name, without a schema.
///
/// A syntax error is reported and parsing goes on with the next field, so that one run finds all of them.
/// The language is that of libprotobuf's TextFormat.
package struct ProtoTextParser {
  private let tokens: ProtoTextTokens
  private let errors: ProtoTextErrors
  private let limits: ProtoTextLimits
  private var budget: Int
  private var wasUnclosed = false

  /// Thrown inside the parser after the error was reported.
  private enum Failure: Error { case syntax, limit }

  private init(_ bytes: ByteSlice, file: String?, sink: DiagnosticSink, limits: ProtoTextLimits) throws(Diagnostic) {
    let errors = ProtoTextErrors(file: file, sink: sink)
    tokens = try ProtoTextTokens(bytes) { errors.report($0, $1, help: nil) }
    self.errors = errors
    self.limits = limits
    budget = limits.values
  }

  /// The tree of a whole text. Syntax errors go to `sink` with line and column; the tree holds what could be read.
  package static func parse(
    _ bytes: ByteSlice, file: String? = nil, sink: DiagnosticSink, limits: ProtoTextLimits = ProtoTextLimits()
  ) -> ProtoTextMessage {
    let file = file ?? bytes.storage.path
    if bytes.withUnsafeBytes({ $0.starts(with: [0xef, 0xbb, 0xbf]) }) {
      sink.error(
        "protobuf.text.syntax", "the text starts with a byte order mark, which protobuf's text format does not have",
        at: SourceLocation(file: file, line: 1, column: 1), help: "save it as UTF-8 without a mark")
      return ProtoTextMessage()
    }
    do throws(Diagnostic) {
      var parser = try ProtoTextParser(bytes, file: file, sink: sink, limits: limits)
      return parser.fields(until: nil, from: .text(line: 1, column: 1), depth: 0)
    } catch {
      sink.report(error)
      return ProtoTextMessage()
    }
  }

  // MARK: Messages

  /// Fields up to `closing`, which is consumed; with nil up to the end of the text.
  private mutating func fields(until closing: Character?, from place: ProtoPlace, depth: Int) -> ProtoTextMessage {
    var message = ProtoTextMessage(place: place)
    while true {
      if tokens.current.kind == .end {
        if closing != nil { unclosed(place) }
        return message
      }
      if let closing, tokens.current.isSymbol(closing) {
        tokens.advance()
        return message
      }
      if tokens.current.isSymbol("}") || tokens.current.isSymbol(">") {
        let shown = tokens.current.shown
        errors.report(
          tokens.current.place, closing == nil ? "\(shown) closes nothing" : "\(shown) does not close what was opened",
          help: nil)
        tokens.advance()
        if closing != nil { return message }
        continue
      }
      do throws(Failure) {
        message.fields.append(try field(depth: depth))
        errors.fieldEnds()
      } catch {
        switch error {
        case .syntax: recover()
        case .limit:
          while tokens.current.kind != .end { tokens.advance() }
          return message
        }
      }
    }
  }

  /// Reported once, for the innermost block: that the blocks around it are open too follows.
  private mutating func unclosed(_ place: ProtoPlace) {
    if wasUnclosed { return }
    wasUnclosed = true
    var note: [String] = []
    if case .text(let line, let column) = place { note = ["it was opened at line \(line), column \(column)"] }
    errors.report(
      tokens.current.place, "a block is not closed", code: "unclosed", notes: note, help: "add the missing '}'")
  }

  /// Skips to what looks like the next field of the same message, or to what closes it.
  private mutating func recover() {
    while true {
      let token = tokens.current
      if token.kind == .end || token.isSymbol("}") || token.isSymbol(">") { return }
      if looksLikeField, token.line > tokens.previousLine { return }
      if token.isSymbol("{") || token.isSymbol("<") { skipBlock() } else { tokens.advance() }
    }
  }

  /// True at a name that is followed by what may follow a field's name.
  private var looksLikeField: Bool {
    guard tokens.current.kind == .identifier else { return false }
    return [":", "{", "<", "["].contains { tokens.next.isSymbol($0) }
  }

  /// Skips a block with all blocks in it; `current` is its opening brace.
  private mutating func skipBlock() {
    var open = 0
    repeat {
      let token = tokens.current
      if token.isSymbol("{") || token.isSymbol("<") { open += 1 }
      if token.isSymbol("}") || token.isSymbol(">") { open -= 1 }
      tokens.advance()
    } while open > 0 && tokens.current.kind != .end
  }

  // MARK: Fields

  private mutating func spend() throws(Failure) {
    budget -= 1
    guard budget < 0 else { return }
    errors.fieldEnds()
    errors.report(
      tokens.current.place, "the text has more than \(limits.values) values", code: "too-many-values", help: nil)
    throw .limit
  }

  private func expected(_ what: String, help: String? = nil) -> Failure {
    errors.report(tokens.current.place, "expected \(what), got \(tokens.current.shown)", help: help)
    return .syntax
  }

  private mutating func field(depth: Int) throws(Failure) -> ProtoTextField {
    try spend()
    let first = tokens.current
    let name: String
    if first.kind == .identifier {
      name = first.string
      tokens.advance()
    } else if first.isSymbol("[") {
      name = try bracketedName()
    } else {
      throw expected("the name of a field")
    }
    let hasColon = tokens.current.isSymbol(":")
    if hasColon { tokens.advance() }
    var values: [ProtoTextValue] = []
    let isList = tokens.current.isSymbol("[")
    if isList {
      values = try list(depth: depth)
    } else {
      if !hasColon, !tokens.current.isSymbol("{"), !tokens.current.isSymbol("<") {
        throw expected("':' or '{' after '\(name)'")
      }
      if looksLikeField, tokens.current.line > tokens.previousLine {
        errors.report(
          first.place, "'\(name)' has no value", help: "write a value behind the colon, or remove the field")
        return ProtoTextField(name: name, place: first.place, hasColon: hasColon, isList: true, values: [])
      }
      values = [try value(depth: depth)]
    }
    if tokens.current.isSymbol(";") || tokens.current.isSymbol(",") { tokens.advance() }
    return ProtoTextField(name: name, place: first.place, hasColon: hasColon, isList: isList, values: values)
  }

  /// `[package.extension]` or `[host/package.Type]`.
  private mutating func bracketedName() throws(Failure) -> String {
    var name = "["
    tokens.advance()
    while true {
      guard tokens.current.kind == .identifier else { throw expected("a name") }
      name += tokens.current.string
      tokens.advance()
      guard let separator = [".", "/", "-"].first(where: { tokens.current.isSymbol($0) }) else { break }
      name.append(separator)
      tokens.advance()
    }
    guard tokens.current.isSymbol("]") else { throw expected("']'") }
    tokens.advance()
    return name + "]"
  }

  private mutating func list(depth: Int) throws(Failure) -> [ProtoTextValue] {
    var values: [ProtoTextValue] = []
    tokens.advance()
    if tokens.current.isSymbol("]") {
      tokens.advance()
      return values
    }
    while true {
      try spend()
      values.append(try value(depth: depth))
      if tokens.current.isSymbol("]") {
        tokens.advance()
        return values
      }
      guard tokens.current.isSymbol(",") else { throw expected("',' or ']'") }
      tokens.advance()
    }
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(Failure) -> ProtoTextValue {
    let token = tokens.current
    for (open, close) in [("{", "}"), ("<", ">")] as [(Character, Character)] where token.isSymbol(open) {
      guard depth < limits.depth else {
        errors.fieldEnds()
        errors.report(
          token.place, "more than \(limits.depth) blocks stand inside each other", code: "too-deep", help: nil)
        skipBlock()
        throw .syntax
      }
      tokens.advance()
      let message = fields(until: close, from: token.place, depth: depth + 1)
      return ProtoTextValue(place: token.place, content: .message(message))
    }
    return ProtoTextValue(place: token.place, content: .scalar(try scalar()))
  }

  private mutating func scalar() throws(Failure) -> ProtoTextScalar {
    if tokens.current.kind == .string {
      var bytes: [UInt8] = []
      while tokens.current.kind == .string {
        bytes += ProtoTextTokens.content(of: tokens.current.text)
        tokens.advance()
      }
      return .string(bytes)
    }
    let isNegative = tokens.current.isSymbol("-")
    if isNegative { tokens.advance() }
    let token = tokens.current
    switch token.kind {
    case .integer:
      tokens.advance()
      return .integer(token.string, isNegative: isNegative)
    case .float:
      tokens.advance()
      return .float(token.string, isNegative: isNegative)
    case .identifier:
      let word = token.string
      if isNegative, !["inf", "infinity", "nan"].contains(word.lowercased()) { throw expected("a number after '-'") }
      tokens.advance()
      return .identifier(word, isNegative: isNegative)
    default:
      throw expected(isNegative ? "a number after '-'" : "a value")
    }
  }
}
