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
    case .float16:
      let p = source.assumingMemoryBound(to: Float16.self)
      for i in 0..<count { out[i] = Float(p[i]) }
    case .bfloat16:
      let p = source.assumingMemoryBound(to: UInt16.self)
      for i in 0..<count { out[i] = SmallFloat.decodeBFloat16(p[i]) }
    default: break
    }
  }

  static func encode(
    _ type: DType, _ source: UnsafeMutablePointer<Float>, into out: UnsafeMutableRawPointer, count: Int
  ) {
    switch type {
    case .float16:
      let p = out.assumingMemoryBound(to: Float16.self)
      for i in 0..<count { p[i] = Float16(source[i]) }
    case .bfloat16:
      let p = out.assumingMemoryBound(to: UInt16.self)
      for i in 0..<count { p[i] = SmallFloat.encodeBFloat16(source[i]) }
    default: break
    }
  }
}
