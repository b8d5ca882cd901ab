/// A small reproducible generator (xorshift), so that a failing case can be run again by its seed.
struct SeededNumbers {
  private var state: UInt64

  init(seed: Int) {
    state = 88_172_645_463_325_252 &+ UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15
    if state == 0 { state = 1 }
    for _ in 0..<4 { _ = next() }
  }

  mutating func next() -> UInt32 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt32(truncatingIfNeeded: state >> 32)
  }

  /// A whole number of the closed range.
  mutating func int(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt32(range.count))
  }

  /// True once in `n` calls on average.
  mutating func oneIn(_ n: UInt32) -> Bool { next() % n == 0 }

  /// A number in -2 ... 2 with a few fractional bits.
  mutating func float() -> Float { Float(int(-1000...1000)) / 500 }

  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in float() } }

  mutating func shuffle<T>(_ values: [T]) -> [T] {
    var result = values
    for i in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(i, int(0...i)) }
    return result
  }
}
