/// When two values count as equal: |a − b| ≤ absolute + relative · |b|, where b is the reference.
public struct Tolerance: Sendable, Hashable, Codable {
  /// Allowed difference relative to the reference.
  public var relative: Double
  /// Allowed difference whatever the reference.
  public var absolute: Double

  /// The bounds of the rule.
  public init(relative: Double = 1e-3, absolute: Double = 1e-5) {
    self.relative = relative
    self.absolute = absolute
  }

  /// NaN equals NaN, and equal infinities are equal.
  @inlinable
  public func accepts(_ a: Double, _ b: Double) -> Bool {
    if a == b { return true }
    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
    if a.isInfinite || b.isInfinite { return false }
    return abs(a - b) <= absolute + relative * abs(b)
  }
}
