import CKernels
import Glibc
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

/// Arithmetic in a narrow float: float32 operations whose results are rounded one by one.
struct NarrowArithmetic {
  private let type: DType

  init?(_ type: DType?) {
    guard let type, FloatCodec.isSupported(type) else { return nil }
    self.type = type
  }

  @inline(__always)
  func round(_ v: Float) -> Float {
    type == .float16 ? Float(Float16(v)) : SmallFloat.decodeBFloat16(SmallFloat.encodeBFloat16(v))
  }

  /// e^(x − top) / Σ in place, every step rounded, as the operator's function body states it.
  ///
  /// Sums of bfloat16 are rounded after each addend as well, but only of short rows: they stall at 256.
  func softmax(_ x: UnsafeMutablePointer<Float>, _ step: Int, _ n: Int, top: Float) {
    var sum: Float = 0
    for i in 0..<n {
      let e = round(expf(round(x[i * step] - top)))
      x[i * step] = e
      sum += e
      if type == .bfloat16, n <= 64 { sum = round(sum) }
    }
    sum = round(sum)
    for i in 0..<n { x[i * step] = round(x[i * step] / sum) }
  }
}
