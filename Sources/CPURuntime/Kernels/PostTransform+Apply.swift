import Glibc
import ModelGraph

extension PostTransform {
  /// Applies itself to one row of scores. A row of one score knows no other transform than PROBIT, as ONNX Runtime has
  /// it: its second class, where there is one, is what `binary` makes.
  func apply(_ row: inout [Double]) {
    switch self {
    case .NONE: break
    case .PROBIT: row = row.map { Self.probit($0) }
    case _ where row.count < 2: break
    case .LOGISTIC: row = row.map { Self.logistic($0) }
    case .SOFTMAX:
      let top = row.max() ?? 0
      let powers = row.map { exp($0 - top) }
      let sum = powers.reduce(0, +)
      row = powers.map { $0 / sum }
    case .SOFTMAX_ZERO:
      // Scores of zero stay out of the sum.
      let top = row.max() ?? 0
      let isZero = row.map { $0.magnitude <= 1e-7 }
      let powers = zip(row, isZero).map { $1 ? $0 * exp(-top) : exp($0 - top) }
      let sum = zip(powers, isZero).reduce(0) { $1.1 ? $0 : $0 + $1.0 }
      row = powers.map { $0 / sum }
    }
  }

  /// How the one score of two classes becomes two.
  enum BinaryForm {
    /// 1 − s, s.
    case complement
    /// −s, s, or the logistic function of both.
    case opposite
  }

  /// The scores of two classes from the score of the second.
  func binary(_ score: Double, _ form: BinaryForm) -> [Double] {
    switch (self, form) {
    case (.PROBIT, _): [Self.probit(score)]
    case (_, .complement): [1 - score, score]
    case (.LOGISTIC, .opposite): [Self.logistic(-score), Self.logistic(score)]
    case (_, .opposite): [-score, score]
    }
  }

  static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// The inverse of the normal distribution's cumulative function by Winitzki's approximation of the inverse error
  /// function with a = 0.147, because ONNX Runtime and ONNX's reference both compute it so.
  private static func probit(_ p: Double) -> Double {
    let x = 2 * p - 1
    let l = log((1 - x) * (1 + x))
    let v = 2 / (3.14159 * 0.147) + 0.5 * l
    let root = (-v + (v * v - l / 0.147).squareRoot()).squareRoot()
    return 1.41421356 * (x < 0 ? -root : root)
  }
}
