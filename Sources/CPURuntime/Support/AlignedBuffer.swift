import Diagnostics
import Glibc
import TensorCore

/// Memory of its own, 64-byte aligned, freed with the object.
final class AlignedBuffer {
  let base: UnsafeMutableRawPointer
  let count: Int

  /// - Throws: `memory.exhausted`.
  init(count: Int) throws(Diagnostic) {
    var p: UnsafeMutableRawPointer?
    guard count >= 0, count <= 1 << 46, posix_memalign(&p, 64, max(count, 64)) == 0, let p else {
      throw .error("memory.exhausted", "cannot allocate \(count) bytes")
    }
    base = p
    self.count = count
  }

  deinit { free(base) }
}

/// Sizes that cannot overflow.
enum Checked {
  /// Bytes of `count` elements rounded up to a multiple of 64, or an error.
  static func bytes(_ dtype: DType, _ shape: [Int], layer: String? = nil) throws(Diagnostic) -> Int {
    func tooLarge() -> Diagnostic {
      let subject = layer.map { "layer '\($0)': " } ?? ""
      let what = shape.contains { $0 < 0 } ? "has a negative extent" : "is too large"
      return .error("run.too-large", "\(subject)shape \(shape) \(what)")
    }
    var n = 1
    for d in shape {
      let (v, o) = n.multipliedReportingOverflow(by: d)
      if o || d < 0 { throw tooLarge() }
      n = v
    }
    guard let b = dtype.byteCount(n), b <= 1 << 46 else { throw tooLarge() }
    return b
  }

  static func roundedUp(_ n: Int) -> Int { (n + 63) & ~63 }
}
