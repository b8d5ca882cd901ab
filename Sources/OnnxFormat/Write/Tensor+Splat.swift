import Diagnostics
import TensorCore

extension Tensor {
  /// A tensor of `shape` whose elements are all `v`, in a floating-point or integer type.
  package static func splat(_ v: Double, _ type: DType, shape: [Int] = []) throws(Diagnostic) -> Tensor {
    let n = max(0, shape.reduce(1, { $0 &* $1 }))
    switch type {
    case .float32: return try Tensor(Array(repeating: Float(v), count: n), shape: shape)
    case .float64: return try Tensor(Array(repeating: v, count: n), shape: shape)
    case .float16: return try Tensor(Array(repeating: Float16(v), count: n), shape: shape)
    case .bfloat16:
      let bits = SmallFloat.encodeBFloat16(Float(v))
      return try Tensor(Array(repeating: bits, count: n), shape: shape).reinterpreted(as: .bfloat16)
    case .int64: return try Tensor(Array(repeating: Int64(v), count: n), shape: shape)
    case .int32: return try Tensor(Array(repeating: Int32(v), count: n), shape: shape)
    case .int16: return try Tensor(Array(repeating: Int16(v), count: n), shape: shape)
    case .int8: return try Tensor(Array(repeating: Int8(v), count: n), shape: shape)
    case .uint8: return try Tensor(Array(repeating: UInt8(v), count: n), shape: shape)
    case .uint16: return try Tensor(Array(repeating: UInt16(v), count: n), shape: shape)
    case .uint32: return try Tensor(Array(repeating: UInt32(v), count: n), shape: shape)
    case .uint64: return try Tensor(Array(repeating: UInt64(v), count: n), shape: shape)
    case .bool: return try Tensor(Array(repeating: v != 0, count: n), shape: shape)
    default: throw .error("onnx.constant-type", "a constant of \(type.rawValue) is wanted", status: .software)
    }
  }
}
