import Diagnostics
import TensorCore

/// Element types with wrapping integer or floating-point arithmetic.
protocol ArithmeticElement: TensorElement, Comparable {
  static var nothing: Self { get }
  static var unit: Self { get }
  static func sum(_ a: Self, _ b: Self) -> Self
  static func product(_ a: Self, _ b: Self) -> Self
  var isNotANumber: Bool { get }
}

extension ArithmeticElement where Self: FixedWidthInteger {
  static var nothing: Self { 0 }
  static var unit: Self { 1 }
  @inline(__always) static func sum(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inline(__always) static func product(_ a: Self, _ b: Self) -> Self { a &* b }
  var isNotANumber: Bool { false }
}

extension ArithmeticElement where Self: BinaryFloatingPoint {
  static var nothing: Self { 0 }
  static var unit: Self { 1 }
  @inline(__always) static func sum(_ a: Self, _ b: Self) -> Self { a + b }
  @inline(__always) static func product(_ a: Self, _ b: Self) -> Self { a * b }
  var isNotANumber: Bool { isNaN }
}

extension Float: ArithmeticElement {}
extension Double: ArithmeticElement {}
extension Int8: ArithmeticElement {}
extension Int16: ArithmeticElement {}
extension Int32: ArithmeticElement {}
extension Int64: ArithmeticElement {}
extension UInt8: ArithmeticElement {}
extension UInt16: ArithmeticElement {}
extension UInt32: ArithmeticElement {}
extension UInt64: ArithmeticElement {}

/// A function that is generic over arithmetic element types.
protocol NumberVisitor {
  associatedtype Result
  func visit<T: ArithmeticElement>(_: T.Type) throws(Diagnostic) -> Result
}

extension PlanContext {
  /// Calls the visitor with the Swift type of `dtype`; types without one are unsupported here.
  func dispatch<V: NumberVisitor>(_ dtype: DType, _ visitor: V) throws(Diagnostic) -> V.Result {
    switch dtype {
    case .float32: return try visitor.visit(Float.self)
    case .float64: return try visitor.visit(Double.self)
    case .int8: return try visitor.visit(Int8.self)
    case .int16: return try visitor.visit(Int16.self)
    case .int32: return try visitor.visit(Int32.self)
    case .int64: return try visitor.visit(Int64.self)
    case .uint8: return try visitor.visit(UInt8.self)
    case .uint16: return try visitor.visit(UInt16.self)
    case .uint32: return try visitor.visit(UInt32.self)
    case .uint64: return try visitor.visit(UInt64.self)
    default: throw unsupportedType(dtype)
    }
  }
}
