import Glibc

/// Random numbers of a seeded run, or other ones each time.
struct RandomSource {
  private var state: UInt64

  /// - Parameter seed: nil takes one from the system.
  init(seed: UInt64?) {
    if let seed { state = seed } else { state = UInt64.random(in: 0...UInt64.max) }
  }

  /// The bits of an ONNX `seed` attribute as a seed.
  init(seed: Float?) { self.init(seed: seed.map { UInt64($0.bitPattern) }) }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// In 0 ..< 1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Mean 0, deviation 1 (Box and Muller).
  mutating func normal() -> Double {
    let r = (-2 * log(1 - uniform())).squareRoot()
    return r * cos(2 * Double.pi * uniform())
  }
}
