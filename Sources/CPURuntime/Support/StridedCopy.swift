import CKernels
import Diagnostics
import TensorCore

/// Copies a strided view into dense memory: transposes, slices, broadcasts and repeats, whatever the element type.
struct StridedCopy {
  private var shape: [Int]
  private var strides: [Int]
  private let offset: Int
  private let width: Int

  /// - Parameters:
  ///   - shape: extents of the dense result.
  ///   - strides: source strides in elements; 0 repeats, negative runs backwards.
  ///   - offset: the source element of place (0, …, 0).
  ///   - width: bytes of an element.
  init(shape: [Int], strides: [Int], offset: Int = 0, width: Int) {
    self.offset = offset
    self.width = width
    self.shape = []
    self.strides = []
    // Axes of one element go; neighbours that run on into each other are joined.
    for (n, s) in zip(shape, strides) where n != 1 {
      if let last = self.shape.indices.last, self.strides[last] == n * s {
        self.shape[last] *= n
        self.strides[last] = s
      } else {
        self.shape.append(n)
        self.strides.append(s)
      }
    }
  }

  var count: Int { shape.reduce(1, *) }

  // SAFETY: `source` holds every element that shape, strides and offset address, `out` holds `count` elements.
  func run(_ source: UnsafeRawPointer, _ out: UnsafeMutableRawPointer) {
    guard count > 0 else { return }
    // Joined axes are few: a rank above the kernel's limit would hold more than 2^16 elements on axes of two.
    _ = mc_gather(
      Int32(shape.count), shape, strides.map { $0 * width }, width, source + offset * width, out)
  }

  /// Row-major strides in elements.
  static func dense(_ shape: [Int]) -> [Int] {
    var out = [Int](repeating: 1, count: shape.count)
    var p = 1
    for i in shape.indices.reversed() {
      out[i] = p
      p *= max(shape[i], 1)
    }
    return out
  }

  /// Strides of `shape` seen in `out` by NumPy's rules.
  static func broadcast(_ shape: [Int], to out: [Int]) -> [Int] {
    let own = dense(shape)
    let lead = out.count - shape.count
    return out.indices.map { i in
      let j = i - lead
      return j < 0 || shape[j] == 1 ? 0 : own[j]
    }
  }
}
