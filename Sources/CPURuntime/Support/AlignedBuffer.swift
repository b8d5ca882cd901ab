import Diagnostics
import Glibc
import Synchronization
import TensorCore

/// Memory of its own, 64-byte aligned, freed with the object.
final class AlignedBuffer {
  let base: UnsafeMutableRawPointer
  let count: Int

  /// Bytes of all buffers that are alive.
  static var allocatedBytes: Int { allocated.load(ordering: .relaxed) }
  private static let allocated = Atomic<Int>(0)

  /// - Throws: `memory.exhausted`.
  init(count: Int) throws(Diagnostic) {
    var p: UnsafeMutableRawPointer?
    guard count >= 0, count <= 1 << 46, posix_memalign(&p, 64, max(count, 64)) == 0, let p else {
      throw .error("memory.exhausted", "cannot allocate \(count) bytes")
    }
    base = p
    self.count = count
    Self.allocated.wrappingAdd(count, ordering: .relaxed)
  }

  deinit {
    free(base)
    Self.allocated.wrappingSubtract(count, ordering: .relaxed)
  }
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

  /// Refuses shapes of which a part's product would overflow, as [0, 2⁴⁰, 2⁴⁰] has one: kernels multiply parts
  /// unchecked.
  static func extents(_ shape: [Int], layer: String) throws(Diagnostic) {
    guard shape.allSatisfy({ $0 >= 0 }), let n = Tensor.count(of: shape.map { max($0, 1) }), n <= 1 << 46 else {
      throw .error("run.too-large", "layer '\(layer)': shape \(shape) is negative or too large")
    }
  }

  static func roundedUp(_ n: Int) -> Int { (n + 63) & ~63 }
}
