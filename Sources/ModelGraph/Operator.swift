import TensorCore

/// A neutral operator: one struct per shape rule and kernel skeleton, with the framework-independent meaning.
///
/// Operands and results follow the newest ONNX form of the operator of that meaning (parameters that ONNX passes as
/// tensors are operands here too); attributes are stored properties. Floats compare by bit pattern.
package protocol Operator: Hashable, Sendable {
  /// The name in the catalogue, text dumps and messages.
  static var operatorName: String { get }

  /// Result types from operand types, values and attributes.
  func inferTypes(_ inputs: TypeInputs) throws(InferenceError) -> [ValueType]

  /// Elements of integer results as expressions, one entry a result, where they follow from the operands
  /// (Shape, Gather of a shape, Concat of shapes, arithmetic on them).
  func inferContents(_ inputs: TypeInputs) -> [[Dim]?]

  /// Bodies of control flow. Closed: captures are explicit operands.
  var bodies: [Graph] { get }

  /// The operator with other bodies of the same interface, as many as `bodies` has.
  func replacingBodies(_ new: [Graph]) -> any Operator

  /// True where equal operands may give different results or a run has effects (random numbers).
  var isNondeterministic: Bool { get }

  /// Name and text of each attribute that is not at its default, for dumps and layer tables.
  var attributeText: [(name: String, value: String)] { get }
}

extension Operator {
  package func inferContents(_ inputs: TypeInputs) -> [[Dim]?] { [] }
  package var bodies: [Graph] { [] }
  package func replacingBodies(_ new: [Graph]) -> any Operator { self }
  package var isNondeterministic: Bool { false }
  package var attributeText: [(name: String, value: String)] {
    Mirror(reflecting: self).children.compactMap { child in
      guard let label = child.label else { return nil }
      return (label, AttributeText.of(child.value))
    }
  }
  package var operatorName: String { Self.operatorName }

  /// Equality across the existential.
  package func isEqual(to other: any Operator) -> Bool {
    guard let o = other as? Self else { return false }
    return o == self
  }
}

/// Text of attribute values that is the same in every run.
package enum AttributeText {
  package static func of(_ value: Any) -> String {
    switch value {
    case let v as String: "\"\(v)\""
    case let v as any CustomStringConvertible & Sequence: "[" + v.map { of($0) }.joined(separator: ",") + "]"
    default:
      if Mirror(reflecting: value).displayStyle == .optional {
        Mirror(reflecting: value).children.first.map { of($0.value) } ?? "none"
      } else {
        "\(value)"
      }
    }
  }
}

/// A float attribute that compares and hashes by its bits, so that NaN equals itself and -0 differs from 0.
package struct FloatBits: Hashable, Sendable, CustomStringConvertible, ExpressibleByFloatLiteral,
  ExpressibleByIntegerLiteral
{
  package var bits: UInt32
  package init(_ f: Float) { bits = f.bitPattern }
  package init(floatLiteral f: Float) { bits = f.bitPattern }
  package init(integerLiteral i: Int) { bits = Float(i).bitPattern }
  package var value: Float { Float(bitPattern: bits) }
  package var description: String { "\(value)" }
}
