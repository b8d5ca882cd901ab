import ByteSource
import Diagnostics

extension TensorStorage {
  /// The same data with the bytes of each `unit` reversed, made on first use: big-endian elements.
  ///
  /// - Parameter unit: bytes of one number (half an element for complex types); a rest shorter than it is dropped to 0.
  package func byteSwapped(unit: Int) -> TensorStorage {
    guard unit > 1 else { return self }
    let size = byteCount
    return TensorStorage(byteCount: size) { () throws(Diagnostic) in
      let source = try self.bytes()
      return try ByteStorage.allocate(count: size, zeroed: size % unit != 0) { out in
        source.withUnsafeBytes { src in
          guard let s = src.baseAddress, let d = out.baseAddress else { return }
          // SAFETY: both buffers hold `size` bytes; whole units only.
          for i in stride(from: 0, to: size - size % unit, by: unit) {
            for j in 0..<unit {
              d.storeBytes(
                of: s.load(fromByteOffset: i + unit - 1 - j, as: UInt8.self), toByteOffset: i + j, as: UInt8.self)
            }
          }
        }
      }.all
    }
  }
}
