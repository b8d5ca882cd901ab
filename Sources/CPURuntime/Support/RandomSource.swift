import Glibc

/// Random numbers of a seeded run, or other ones each time.
///
/// The Mersenne twister as NumPy's `RandomState` seeds and reads it, so that a seeded run gives what ONNX's reference
/// gives. Source: Matsumoto and Nishimura, MT19937 (2002).
struct RandomSource {
  private var state: [UInt32] = []
  private var next = Self.size
  /// The second of a pair of normal numbers.
  private var spare: Double?
  private static let size = 624

  /// - Parameter seed: nil takes one from the system.
  init(seed: UInt32?) {
    var s = seed ?? UInt32.random(in: 0...UInt32.max)
    state.reserveCapacity(Self.size)
    for i in 0..<UInt32(Self.size) {
      state.append(s)
      s = 1_812_433_253 &* (s ^ (s >> 30)) &+ i &+ 1
    }
  }

  /// An ONNX `seed` attribute: its whole part.
  init(seed: Float?) {
    self.init(seed: seed.map { UInt32(truncatingIfNeeded: NumberLoop.integer($0) as Int64) })
  }

  private mutating func refill() {
    for i in 0..<Self.size {
      let y = (state[i] & 0x8000_0000) | (state[(i + 1) % Self.size] & 0x7fff_ffff)
      state[i] = state[(i + 397) % Self.size] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_b0df)
    }
    next = 0
  }

  private mutating func word() -> UInt32 {
    if next == Self.size { refill() }
    var y = state[next]
    next += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9d2c_5680
    y ^= (y << 15) & 0xefc6_0000
    return y ^ (y >> 18)
  }

  /// In 0 ..< 1, with 53 bits.
  mutating func uniform() -> Double {
    let high = Double(word() >> 5)
    let low = Double(word() >> 6)
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  /// Mean 0, deviation 1 (Marsaglia's polar method).
  mutating func normal() -> Double {
    if let v = spare {
      spare = nil
      return v
    }
    while true {
      let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
      let square = x * x + y * y
      guard square < 1, square > 0 else { continue }
      let factor = (-2 * log(square) / square).squareRoot()
      spare = factor * x
      return factor * y
    }
  }
}
