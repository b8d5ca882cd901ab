import TensorCore

/// Straightforward twins of the kernels, in double precision, for comparison.
struct Naive {
  var shape: [Int]
  var values: [Double]

  init(_ shape: [Int], _ values: [Double]) {
    self.shape = shape
    self.values = values
  }

  init(_ t: Tensor) throws {
    shape = t.shape
    values = try t.doubles()
  }

  /// A tensor whose elements are a function of their place.
  init(_ shape: [Int], of f: ([Int]) -> Double) {
    self.shape = shape
    values = Naive.places(shape).map(f)
  }

  /// The element at a place; 0 outside.
  subscript(_ place: [Int]) -> Double {
    var flat = 0
    for (i, n) in zip(place, shape) {
      if i < 0 || i >= n { return 0 }
      flat = flat * n + i
    }
    return values[flat]
  }

  func holds(_ place: [Int]) -> Bool { zip(place, shape).allSatisfy { $0 >= 0 && $0 < $1 } }

  /// All places of a shape in row-major order.
  static func places(_ shape: [Int]) -> [[Int]] {
    var out: [[Int]] = [[]]
    for n in shape { out = out.flatMap { p in (0..<n).map { p + [$0] } } }
    return out
  }

  /// The largest difference, relative to 1 + |expected|; NaN equals NaN and infinities themselves.
  func difference(_ t: Tensor?) throws -> Double {
    guard let t, t.shape == shape else { return .infinity }
    var worst = 0.0
    for (a, b) in zip(try t.doubles(), values) where !(a == b || (a.isNaN && b.isNaN)) {
      let d = abs(a - b) / (1 + abs(b))
      worst = max(worst, d.isNaN ? .infinity : d)
    }
    return worst
  }
}
