import ByteSource
import Containers
import Diagnostics

/// One parameter message of a layer (`convolution_param`, a filler, …), read by field name.
///
/// Fields that are not set answer with the schema's default. The reader has checked all values against the schema.
package struct ParameterBlock: Sendable {
  /// The field name of the block in its layer or parent block.
  package let name: String
  /// True where the file has the block.
  package let isPresent: Bool
  package let message: ProtoMessage

  package init(_ name: String, _ message: ProtoMessage, isPresent: Bool) {
    self.name = name
    self.message = message
    self.isPresent = isPresent
  }

  package func has(_ field: String) -> Bool { message.has(field) }

  package func count(_ field: String) -> Int { message.count(field) }

  /// An integer; a repeated field gives its last value.
  package func int(_ field: String, default fallback: Int = 0) -> Int { (try? message.int(field)) ?? fallback }

  /// The values of a repeated integer field.
  package func ints(_ field: String) -> [Int] { (try? message.ints(field)) ?? [] }

  package func float(_ field: String, default fallback: Float = 0) -> Float { (try? message.float(field)) ?? fallback }

  package func floats(_ field: String) -> [Float] { (try? message.floats(field)) ?? [] }

  package func bool(_ field: String, default fallback: Bool = false) -> Bool {
    (try? message.bool(field)) ?? fallback
  }

  package func string(_ field: String, default fallback: String = "") -> String {
    (try? message.string(field)) ?? fallback
  }

  package func strings(_ field: String) -> [String] { (try? message.strings(field)) ?? [] }

  /// The name of an enumeration's value; the number in decimal where it has no name.
  package func name(of field: String, default fallback: String = "") -> String {
    guard let number = try? message.enumNumber(field) else { return fallback }
    return ((try? message.enumName(field)) ?? nil) ?? "\(number)"
  }

  /// A nested block; one without values where it is not set.
  package func block(_ field: String) -> ParameterBlock {
    if let m = (try? message.message(field)) ?? nil { return ParameterBlock(field, m, isPresent: true) }
    let empty = (try? message.messageOrDefault(field)) ?? ProtoMessage(ProtoType(field, []))
    return ParameterBlock(field, empty, isPresent: false)
  }

  /// All nested blocks of a repeated field.
  package func blocks(_ field: String) -> [ParameterBlock] {
    ((try? message.messages(field)) ?? []).map { ParameterBlock(field, $0, isPresent: true) }
  }

  /// Where the block stands; nil where the file does not have it.
  package var location: SourceLocation? { isPresent ? message.location() : nil }

  /// Where a field's first value stands; nil where it is not set.
  package func location(of field: String) -> SourceLocation? { message.has(field) ? message.location(field) : nil }
}
