import Diagnostics
import Glibc
import ModelGraph
import TensorCore

/// Rows of features: a vector is one row.
struct FeatureRows {
  let count: Int
  let width: Int
  let values: [Double]

  init(_ x: Tensor, _ context: EvaluationContext) throws(Diagnostic) {
    guard x.rank >= 1, x.dtype != .string else {
      throw context.error("run.shape", "features are \(x.dtype.rawValue)\(x.shape), not rows of numbers")
    }
    count = x.rank >= 2 ? x.shape[0] : 1
    width = count > 0 ? x.count / count : x.shape.dropFirst().reduce(1, *)
    values = try x.doubles()
  }

  subscript(_ row: Int) -> ArraySlice<Double> { values[row * width..<(row + 1) * width] }
}

/// Labels and scores of a classifier, row by row.
struct LabelledScores {
  private let labels: Tensor
  private var picks: [Int64] = []
  private var scores: [Float] = []

  init(_ labels: Tensor) { self.labels = labels }

  mutating func append(label: Int, scores row: [Double]) {
    picks.append(Int64(label))
    scores += row.map { Float($0) }
  }

  /// - Parameter columns: of the scores, where there is no row to tell.
  func results(columns: Int, _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let width = picks.isEmpty ? columns : scores.count / picks.count
    let flat = try labels.reshaped([labels.count])
    let chosen = try Evaluator.evaluate(Gather(axis: 0), [.tensor(flat), .tensor(try Tensor(picks))], context)
    guard let first = chosen.first else { throw context.error("run.no-value", "labels could not be picked") }
    return [first, .tensor(try Tensor(scores, shape: [picks.count, width]))]
  }

  /// The first place of the largest element; −1 of none.
  static func largest(_ row: [Double]) -> Int {
    var best = 0
    for (i, v) in row.enumerated() where v > row[best] { best = i }
    return best
  }
}

extension LinearClassifier: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try FeatureRows(try context.tensor(inputs, 0), context)
    let n = labels.tensor.count
    guard rows == n || rows == 1, coefficients.count == rows * x.width || x.count == 0,
      intercepts.isEmpty || intercepts.count == rows
    else {
      throw context.error("run.shape", "\(coefficients.count) coefficients for \(x.width) features and \(n) classes")
    }
    var out = LabelledScores(labels.tensor)
    for r in 0..<x.count {
      let row = x[r]
      var scores = (0..<rows).map { c -> Double in
        var sum = intercepts.isEmpty ? 0 : Double(intercepts[c].value)
        for (v, w) in zip(row, coefficients[c * x.width..<(c + 1) * x.width]) { sum += v * Double(w.value) }
        return sum
      }
      if rows == 1, n == 2 {
        let label = scores[0] > 0 ? 1 : 0
        out.append(label: label, scores: postTransform.binary(scores[0], postTransform.linearForm))
      } else {
        let label = LabelledScores.largest(scores)
        postTransform.apply(&scores)
        out.append(label: label, scores: scores)
      }
    }
    return try out.results(columns: n, context)
  }
}

extension PostTransform {
  /// How the one score of a linear model of two classes becomes two.
  var linearForm: BinaryForm { self == .LOGISTIC ? .opposite : .complement }

  /// The same for the one pair of a support vector machine.
  var pairForm: BinaryForm { self == .NONE || self == .LOGISTIC ? .opposite : .complement }
}

extension SupportKernel {
  func value(_ u: some Collection<Double>, _ v: some Collection<FloatBits>) -> Double {
    func dot() -> Double { zip(u, v).reduce(0) { $0 + $1.0 * Double($1.1.value) } }
    switch function {
    case .LINEAR: return dot()
    case .POLY: return pow(Double(gamma.value) * dot() + Double(offset.value), Double(degree.value))
    case .SIGMOID: return tanh(Double(gamma.value) * dot() + Double(offset.value))
    case .RBF:
      let distance = zip(u, v).reduce(0) { $0 + ($1.0 - Double($1.1.value)) * ($1.0 - Double($1.1.value)) }
      return exp(-Double(gamma.value) * distance)
    }
  }
}

extension SupportVectorRegressor: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try FeatureRows(try context.tensor(inputs, 0), context)
    let width = vectorCount > 0 ? vectors.count / vectorCount : coefficients.count
    guard x.width == width || x.count == 0 else {
      throw context.error("run.shape", "\(x.width) features for support vectors of \(width)")
    }
    var out: [Float] = []
    for r in 0..<x.count {
      var sum = Double(rho.value)
      if vectorCount == 0 {
        sum += SupportKernel(.LINEAR).value(x[r], coefficients)
      } else {
        for k in 0..<vectorCount {
          sum += Double(coefficients[k].value) * kernel.value(x[r], vectors[k * width..<(k + 1) * width])
        }
      }
      if isOneClass { sum = sum > 0 ? 1 : -1 }
      out.append(Float(sum))
    }
    return [.tensor(try Tensor(out, shape: [x.count, 1]))]
  }
}
