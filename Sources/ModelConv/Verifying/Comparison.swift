import Diagnostics
import TensorCore

/// How far two tensors are apart.
public struct Comparison: Sendable, Codable {
  /// The value's name: an output, a blob, or a tensor's path.
  public var name: String
  /// True where every element agrees.
  public var passes: Bool
  /// Why it fails, where it is not the values: shapes or element types differ, the value is missing.
  public var problem: String?
  /// Extents of the reference.
  public var shape: [Int]
  /// Element type of the reference.
  public var elementType: String
  /// Number of elements.
  public var elements: Int
  /// Elements outside the tolerance.
  public var failing: Int
  /// Largest |a − b| over pairs of finite elements.
  public var maxAbsolute: Double
  /// Largest |a − b| / |b| over pairs with b ≠ 0.
  public var maxRelative: Double
  /// Cosine of the angle between the two as vectors; 1 where both are 0.
  public var cosine: Double
  /// Index, computed and expected value of the element that is furthest outside the tolerance.
  public var worst: Worst?

  /// One element that does not agree.
  public struct Worst: Sendable, Codable {
    /// Where it stands.
    public var index: [Int]
    /// What was computed.
    public var actual: Double
    /// What the reference has.
    public var expected: Double
  }

  init(name: String, problem: String, shape: [Int] = [], elementType: String = "") {
    self.name = name
    passes = false
    self.problem = problem
    self.shape = shape
    self.elementType = elementType
    elements = 0
    failing = 0
    maxAbsolute = 0
    maxRelative = 0
    cosine = 0
  }

  /// Compares `actual` with the reference `expected`: shapes and element types must match.
  package init(
    name: String, actual: Tensor, expected: Tensor, tolerance: Tolerance, comparesType: Bool = true
  ) throws(Diagnostic) {
    self.init(name: name, problem: "", shape: expected.shape, elementType: expected.dtype.rawValue)
    problem = nil
    guard actual.shape == expected.shape else {
      problem = "shape \(actual.shape), expected \(expected.shape)"
      return
    }
    // Floats that NumPy lacks stand in fixtures as float32.
    let isUnknownToNumPy = actual.dtype.isNarrowFloat && actual.dtype != .float16
    let sameType = actual.dtype == expected.dtype || (isUnknownToNumPy && expected.dtype == .float32)
    guard sameType || !comparesType else {
      problem = "element type \(actual.dtype.rawValue), expected \(expected.dtype.rawValue)"
      return
    }
    elements = expected.count
    cosine = 1
    switch expected.dtype {
    case .string:
      let (a, b) = (try actual.strings(), try expected.strings())
      failing = zip(a, b).count { $0 != $1 }
    case .int64, .uint64, .int32, .uint32:
      try compareIntegers(actual, expected, tolerance)
    case .complex64, .complex128:
      try compare(try actual.realParts(), try expected.realParts(), tolerance, elementsPerIndex: 2)
    default:
      try compare(try actual.doubles(), try expected.doubles(), tolerance)
    }
    passes = failing == 0
  }

  /// 64-bit integers beyond 2⁵³ are not exact as Double: equal ones pass, and neighbours do not count as equal.
  private mutating func compareIntegers(_ a: Tensor, _ b: Tensor, _ tolerance: Tolerance) throws(Diagnostic) {
    let (x, y) = (try a.doubles(), try b.doubles())
    guard a.dtype == b.dtype, a.dtype.byteWidth == 8 else { return try compare(x, y, tolerance) }
    let (p, q) = (try a.raw(UInt64.self), try b.raw(UInt64.self))
    var exact = x
    for i in p.indices where p[i] != q[i] && x[i] == y[i] {
      // The next number that a Double can tell apart stands for a difference that it cannot show.
      exact[i] = x[i].nextUp
    }
    try compare(exact, y, tolerance)
  }

  private mutating func compare(
    _ a: [Double], _ b: [Double], _ tolerance: Tolerance, elementsPerIndex: Int = 1
  ) throws(Diagnostic) {
    var (dot, normA, normB) = (0.0, 0.0, 0.0)
    var excess = 0.0
    var worstAt: Int?
    for i in 0..<min(a.count, b.count) {
      let (x, y) = (a[i], b[i])
      if x.isFinite && y.isFinite {
        dot += x * y
        normA += x * x
        normB += y * y
        let difference = abs(x - y)
        maxAbsolute = max(maxAbsolute, difference)
        if y != 0 { maxRelative = max(maxRelative, difference / abs(y)) }
      }
      guard !tolerance.accepts(x, y) else { continue }
      failing += 1
      let over = x.isFinite && y.isFinite ? abs(x - y) - tolerance.relative * abs(y) : .infinity
      if worstAt == nil || over > excess {
        excess = over
        worstAt = i
      }
    }
    let norms = normA.squareRoot() * normB.squareRoot()
    cosine = norms > 0 ? max(-1, min(1, dot / norms)) : normA == normB ? 1 : 0
    if let worstAt {
      worst = Worst(index: unravel(worstAt / elementsPerIndex), actual: a[worstAt], expected: b[worstAt])
    }
  }

  private func unravel(_ flat: Int) -> [Int] {
    var rest = flat
    var out: [Int] = []
    for n in shape.reversed() {
      out.append(n > 0 ? rest % n : 0)
      rest /= max(n, 1)
    }
    return out.reversed()
  }
}

extension Tensor {
  /// Real and imaginary parts of complex elements one after another.
  func realParts() throws(Diagnostic) -> [Double] {
    let half: DType = dtype == .complex128 ? .float64 : .float32
    let flat = try contiguous()
    let n = flat.count
    return try Tensor(try flat.bytes(), dtype: half, shape: [n, 2]).doubles()
  }
}
