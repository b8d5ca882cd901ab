import CKernels
import TensorCore

/// Conversion between float32 and narrower floats in memory.
enum FloatCodec {
  static func isSupported(_ t: DType) -> Bool {
    switch t {
    case .float16, .bfloat16: true
    default: false
    }
  }

  // SAFETY: callers give addresses of `count` elements of the types that are named.
  static func decode(
    _ type: DType, _ source: UnsafeMutableRawPointer, into out: UnsafeMutablePointer<Float>, count: Int
  ) {
    switch type {
    case .float16: mc_half_to_float(count, source, out)
    case .bfloat16: mc_bfloat16_to_float(count, source, out)
    default: break
    }
  }

  static func encode(
    _ type: DType, _ source: UnsafeMutablePointer<Float>, into out: UnsafeMutableRawPointer, count: Int
  ) {
    switch type {
    case .float16: mc_float_to_half(count, source, out)
    case .bfloat16: mc_float_to_bfloat16(count, source, out)
    default: break
    }
  }
}
