import ByteSource
import CProtobufText
import Diagnostics

/// A token of protobuf text.
struct ProtoTextToken {
  enum Kind { case end, identifier, integer, float, string, symbol }
  let kind: Kind
  /// Line and column from 1.
  let line: Int32
  let column: Int32
  /// As written.
  let text: [UInt8]

  var place: ProtoPlace { .text(line: line, column: column) }
  var string: String { String(decoding: text, as: UTF8.self) }
  /// For messages to the user.
  var shown: String { kind == .end ? "the end of the file" : "'\(string)'" }

  func isSymbol(_ c: Character) -> Bool { kind == .symbol && c.asciiValue.map { text == [$0] } == true }
}

/// The tokens of a text, with one token of lookahead.
final class ProtoTextTokens {
  private let bytes: ByteSlice
  private let handle: OpaquePointer
  private(set) var current: ProtoTextToken
  private(set) var next: ProtoTextToken
  /// Line of the token before `current`.
  private(set) var previousLine: Int32 = 0
  private let report: (ProtoPlace, String) -> Void

  /// - Parameter report: called for each thing that is no token, with its place.
  /// - Throws: `protobuf.text.too-large` past 2 GB.
  init(_ bytes: ByteSlice, report: @escaping (ProtoPlace, String) -> Void) throws(Diagnostic) {
    // SAFETY: `bytes` is kept by `self`, which frees the handle before it lets go of them.
    guard let start = bytes.unsafeBuffer.baseAddress, let handle = mc_tokenizer_new(start, bytes.count) else {
      throw .error("protobuf.text.too-large", "\(bytes.count) bytes are too many for a text", at: bytes.location())
    }
    self.bytes = bytes
    self.handle = handle
    self.report = report
    let nothing = ProtoTextToken(kind: .end, line: 1, column: 1, text: [])
    current = nothing
    next = nothing
    advance()
    advance()
  }

  deinit { mc_tokenizer_free(handle) }

  /// Moves on by one token; at the end it stays there.
  func advance() {
    previousLine = current.line
    current = next
    var token = mc_token()
    guard mc_tokenizer_next(handle, &token) else {
      next = ProtoTextToken(kind: .end, line: next.line, column: next.column, text: [])
      return
    }
    let kind: ProtoTextToken.Kind =
      switch token.kind {
      case MC_TOKEN_IDENTIFIER: .identifier
      case MC_TOKEN_INTEGER: .integer
      case MC_TOKEN_FLOAT: .float
      case MC_TOKEN_STRING: .string
      case MC_TOKEN_SYMBOL: .symbol
      default: .end
      }
    // SAFETY: the tokenizer says how long its text is; it is valid until the next call.
    let text = UnsafeRawBufferPointer(start: token.text, count: token.length)
    next = ProtoTextToken(
      kind: kind, line: Int32(clamping: token.line), column: Int32(clamping: token.column), text: Array(text))
    var line: Int32 = 0
    var column: Int32 = 0
    var message: UnsafePointer<CChar>?
    while mc_tokenizer_take_error(handle, &line, &column, &message) {
      report(.text(line: line, column: column), message.map { String(cString: $0) } ?? "not a token")
    }
  }

  /// The content of string tokens: quotes removed, escapes resolved.
  static func content(of text: [UInt8]) -> [UInt8] {
    var length = 0
    return [UInt8](unsafeUninitializedCapacity: text.count + 1) { out, count in
      text.withUnsafeBytes { source in
        guard let from = source.baseAddress, let to = out.baseAddress else { return }
        length = mc_parse_string(
          from.assumingMemoryBound(to: CChar.self), source.count,
          UnsafeMutableRawPointer(to).assumingMemoryBound(to: CChar.self))
      }
      count = max(0, length)
    }
  }

  /// The value of an integer token in any base; nil above `max` or with a digit that its base does not have.
  static func integer(_ text: String, max: UInt64) -> UInt64? {
    var value: UInt64 = 0
    var text = text
    return text.withUTF8 { buffer in
      buffer.withMemoryRebound(to: CChar.self) { chars in
        chars.baseAddress.map { mc_parse_integer($0, chars.count, max, &value) } == true ? value : nil
      }
    }
  }

  /// The value of a float token or of a decimal integer token.
  static func number(_ text: String) -> Double? {
    var value = 0.0
    var text = text
    return text.withUTF8 { buffer in
      buffer.withMemoryRebound(to: CChar.self) { chars in
        chars.baseAddress.map { mc_parse_float($0, chars.count, &value) } == true ? value : nil
      }
    }
  }
}
