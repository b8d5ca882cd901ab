import Diagnostics
import ModelGraph
import TensorCore

extension SupportVectorClassifier: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try FeatureRows(try context.tensor(inputs, 0), context)
    let n = labels.tensor.count
    let total = vectorsPerClass.reduce(0, +)
    let width = total > 0 ? vectors.count / total : coefficients.count / n
    guard x.width == width || x.count == 0 else {
      throw context.error("run.shape", "\(x.width) features for a machine of \(width)")
    }
    var out = LabelledScores(labels.tensor)
    for r in 0..<x.count {
      if total > 0 { machine(x[r], width, total, &out) } else { linear(x[r], width, &out) }
    }
    return try out.results(columns: total == 0 || !probA.isEmpty ? n : n > 2 ? pairCount : 2, context)
  }

  /// No support vectors: one row of coefficients a class.
  private func linear(_ row: ArraySlice<Double>, _ width: Int, _ out: inout LabelledScores) {
    let n = labels.tensor.count
    var scores = (0..<n).map {
      SupportKernel(.LINEAR).value(row, coefficients[$0 * width..<($0 + 1) * width]) + Double(rho[0].value)
    }
    var label = LabelledScores.largest(scores)
    if n == 2, probA.isEmpty {
      let isPositive = coefficients.allSatisfy { $0.value >= 0 }
      if isPositive ? scores[label] >= 0.5 : scores[label] > 0 { label = 1 }
    }
    postTransform.apply(&scores)
    out.append(label: label, scores: scores)
  }

  private func machine(_ row: ArraySlice<Double>, _ width: Int, _ total: Int, _ out: inout LabelledScores) {
    let n = labels.tensor.count
    let kernels = (0..<total).map { kernel.value(row, vectors[$0 * width..<($0 + 1) * width]) }
    var starts: [Int] = [0]
    for c in vectorsPerClass { starts.append(starts[starts.count - 1] + c) }
    var scores: [Double] = []
    var votes = [Int](repeating: 0, count: n)
    for i in 0..<n {
      for j in i + 1..<max(n, i + 1) {
        // Row j − 1 holds what class i's vectors say against class j, row i what class j's say against i.
        var sum = Double(rho[scores.count].value)
        for k in starts[i]..<starts[i + 1] { sum += Double(coefficients[(j - 1) * total + k].value) * kernels[k] }
        for k in starts[j]..<starts[j + 1] { sum += Double(coefficients[i * total + k].value) * kernels[k] }
        scores.append(sum)
        votes[sum > 0 ? i : j] += 1
      }
    }
    let label = votes.indices.max { votes[$0] < votes[$1] || (votes[$0] == votes[$1] && $0 > $1) } ?? 0
    if !probA.isEmpty {
      var probabilities = PairwiseCoupling.probabilities(n, pairs(scores)).map { Double($0) }
      postTransform.apply(&probabilities)
      out.append(label: label, scores: probabilities)
    } else if n == 2 {
      out.append(
        label: label, scores: postTransform.binary(scores[0], postTransform.pairForm))
    } else {
      postTransform.apply(&scores)
      out.append(label: label, scores: scores)
    }
  }

  /// The matrix of the probabilities that class i beats class j.
  private func pairs(_ scores: [Double]) -> [Float] {
    let n = labels.tensor.count
    var out = [Float](repeating: 0, count: n * n)
    var k = 0
    for i in 0..<n {
      for j in i + 1..<max(n, i + 1) {
        let p = Float(1 - PostTransform.logistic(scores[k] * Double(probA[k].value) + Double(probB[k].value)))
        let held = min(max(p, 1e-7), 1 - 1e-7)
        out[i * n + j] = held
        out[j * n + i] = 1 - held
        k += 1
      }
    }
    return out
  }
}

/// Class probabilities from pairwise ones, by the second method of Wu, Lin and Weng (2004), with libsvm's stopping
/// rule; single precision, because where it stops depends on the rounding.
enum PairwiseCoupling {
  static func probabilities(_ n: Int, _ r: [Float]) -> [Float] {
    var q = [Float](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n where j != i {
        q[i * n + i] += r[j * n + i] * r[j * n + i]
        q[i * n + j] = -r[j * n + i] * r[i * n + j]
      }
    }
    var p = [Float](repeating: 1 / Float(n), count: n)
    for _ in 0..<100 {
      var products = (0..<n).map { i in (0..<n).reduce(Float(0)) { $0 + q[i * n + $1] * p[$1] } }
      var level = zip(p, products).reduce(Float(0)) { $0 + $1.0 * $1.1 }
      let error = products.reduce(Float(0)) { max($0, ($1 - level).magnitude) }
      if !(error >= 0.005 / Float(n)) { break }
      for i in 0..<n {
        let d = (level - products[i]) / q[i * n + i]
        p[i] += d
        level = (level + d * (d * q[i * n + i] + 2 * products[i])) / (1 + d) / (1 + d)
        for j in 0..<n {
          products[j] = (products[j] + d * q[i * n + j]) / (1 + d)
          p[j] /= 1 + d
        }
      }
    }
    return p
  }
}
