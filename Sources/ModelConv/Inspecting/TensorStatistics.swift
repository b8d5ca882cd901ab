import Diagnostics
import TensorCore

/// What the values of a tensor look like.
public struct TensorStatistics: Sendable, Codable {
  /// The tensor's name or path.
  public var name: String
  /// `float32`, `int64`, …
  public var elementType: String
  /// Extents.
  public var shape: [Int]
  /// Number of elements.
  public var elements: Int
  /// Size of the elements.
  public var bytes: Int
  /// Over finite elements; nil where there is none, or the elements are no numbers.
  public var min: Double?
  /// Largest finite element.
  public var max: Double?
  /// Mean of the finite elements.
  public var mean: Double?
  /// Population standard deviation of the finite elements.
  public var standardDeviation: Double?
  /// Elements that are 0.
  public var zeros: Int
  /// Elements that are not a number.
  public var nans: Int
  /// Infinite elements of either sign.
  public var infinities: Int
  /// Why the values cannot be read.
  public var problem: String?

  /// A tensor that cannot be read.
  init(name: String, problem: String) {
    self.name = name
    self.problem = problem
    (elementType, shape, elements, bytes, zeros, nans, infinities) = ("", [], 0, 0, 0, 0, 0)
  }

  init(name: String, _ t: Tensor) {
    self.name = name
    elementType = t.dtype.rawValue
    shape = t.shape
    elements = t.count
    bytes = t.byteCount
    (zeros, nans, infinities) = (0, 0, 0)
    guard t.dtype != .string, t.count > 0 else { return }
    do throws(Diagnostic) {
      let s = try StatisticsAccumulator(t)
      (zeros, nans, infinities) = (s.zeros, s.nans, s.infinities)
      guard s.finite > 0 else { return }
      min = s.minimum
      max = s.maximum
      mean = s.mean
      standardDeviation = (s.squares / Double(s.finite)).squareRoot()
    } catch { problem = error.message }
  }
}

/// Running minimum, maximum, mean and squared deviation. Chunks are combined by Chan's formula, so that a large mean does
/// not swamp the deviation.
struct StatisticsAccumulator {
  var (zeros, nans, infinities, finite) = (0, 0, 0, 0)
  var minimum = Double.infinity
  var maximum = -Double.infinity
  var mean = 0.0
  var squares = 0.0

  private static let chunk = 1 << 14

  init() {}

  /// All elements of `t`, through a bounded buffer: a large tensor is never widened as a whole.
  init(_ t: Tensor) throws(Diagnostic) {
    let n = t.count
    if t.dtype == .float32 {
      let bytes = try t.bytes()
      var buffer = [Float](repeating: 0, count: Self.chunk)
      var at = 0
      while at < n {
        let part = min(Self.chunk, n - at)
        let source = try bytes.checkedSlice(at * 4, part * 4)
        buffer.withUnsafeMutableBytes { out in
          source.withUnsafeBytes { out.copyMemory(from: $0) }
        }
        buffer.withUnsafeBufferPointer { add(UnsafeBufferPointer(rebasing: $0[0..<part])) }
        at += part
      }
      return
    }
    if t.dtype.isSubByte {
      add(try t.doubles())
      return
    }
    let flat = try t.reshaped([n])
    var at = 0
    while at < n {
      let part = min(Self.chunk, n - at)
      add(try flat.sliced(axis: 0, start: at, length: part).doubles())
      at += part
    }
  }

  mutating func add(_ chunk: UnsafeBufferPointer<Float>) {
    var (low, high) = (Float.infinity, -Float.infinity)
    var sum = 0.0
    var (zero, nan, infinite) = (0, 0, 0)
    for x in chunk {
      if x == 0 { zero += 1 }
      if x.isFinite {
        low = x < low ? x : low
        high = x > high ? x : high
        sum += Double(x)
      } else if x.isNaN {
        nan += 1
      } else {
        infinite += 1
      }
    }
    zeros += zero
    nans += nan
    infinities += infinite
    let n = chunk.count - nan - infinite
    guard n > 0 else { return }
    let average = sum / Double(n)
    var deviation = 0.0
    if nan + infinite == 0 {
      for x in chunk {
        let d = Double(x) - average
        deviation += d * d
      }
    } else {
      for x in chunk where x.isFinite {
        let d = Double(x) - average
        deviation += d * d
      }
    }
    combine(n, average, deviation, Double(low), Double(high))
  }

  mutating func add(_ values: [Double]) {
    zeros += values.count { $0 == 0 }
    nans += values.count { $0.isNaN }
    infinities += values.count { $0.isInfinite }
    let usable = values.filter(\.isFinite)
    guard let low = usable.min(), let high = usable.max() else { return }
    let average = usable.reduce(0, +) / Double(usable.count)
    let deviation = usable.reduce(0) { $0 + ($1 - average) * ($1 - average) }
    combine(usable.count, average, deviation, low, high)
  }

  private mutating func combine(_ n: Int, _ average: Double, _ deviation: Double, _ low: Double, _ high: Double) {
    let total = finite + n
    let delta = average - mean
    squares += deviation + delta * delta * Double(finite) * Double(n) / Double(total)
    mean += delta * Double(n) / Double(total)
    finite = total
    minimum = Swift.min(minimum, low)
    maximum = Swift.max(maximum, high)
  }
}
