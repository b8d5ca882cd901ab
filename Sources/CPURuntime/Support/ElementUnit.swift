import Diagnostics

/// Elements as plain bits of their width, for operators that only move them. All-zero bits are 0 and false.
protocol ElementUnit: BitwiseCopyable {
  static var zero: Self { get }
}

extension UInt8: ElementUnit {}
extension UInt16: ElementUnit {}
extension UInt32: ElementUnit {}
extension UInt64: ElementUnit {}
extension SIMD2: ElementUnit where Scalar == UInt64 {}

/// Integer operands of either width.
enum IndexLoop {
  // SAFETY: `p` holds more than `i` elements of 4 or 8 bytes.
  @inline(__always)
  static func load(_ p: UnsafeRawPointer, _ i: Int, wide: Bool) -> Int {
    wide
      ? Int(p.loadUnaligned(fromByteOffset: i * 8, as: Int64.self))
      : Int(p.loadUnaligned(fromByteOffset: i * 4, as: Int32.self))
  }
}
