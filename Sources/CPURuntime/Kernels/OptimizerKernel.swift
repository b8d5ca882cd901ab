import Diagnostics
import Glibc
import ModelGraph
import TensorCore

extension OptimizerStep: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    guard let n = parameterCount(operands: inputs.count) else {
      throw context.error("run.shape", "its operands do not divide into parameters, gradients and state")
    }
    let rate = try context.tensor(inputs, 0).doubles().first ?? 0
    let steps = Double(try context.tensor(inputs, 1).ints().first ?? 0)
    var lists = [[RuntimeValue]](repeating: [], count: 1 + method.stateCount)
    for i in 0..<n {
      let x = try context.tensor(inputs, 2 + i)
      var operands: [[Double]] = []
      for list in 0..<2 + method.stateCount {
        let t = try context.tensor(inputs, 2 + list * n + i)
        guard t.shape == x.shape else {
          throw context.error("run.shape", "parameter \(i) and its lists differ in shape")
        }
        operands.append(try t.doubles())
      }
      for (k, values) in step(operands, rate, steps).enumerated() {
        let t = try Tensor(values, shape: x.shape)
        lists[k].append(.tensor(try QuantizedRange.cast(t, to: x.dtype, context)))
      }
    }
    return lists.flatMap { $0 }
  }

  /// New parameter and state of one parameter from [parameter, gradient, state…].
  private func step(_ lists: [[Double]], _ rate: Double, _ steps: Double) -> [[Double]] {
    let x = lists[0]
    let c = Double(norm.value)
    let g = zip(x, lists[1]).map { c * $0 + $1 }
    switch method {
    case .adagrad(let decay, let epsilon):
      let r = rate / (1 + steps * Double(decay.value))
      let h = zip(lists[2], g).map { $0 + $1 * $1 }
      let new = x.indices.map { x[$0] - r * g[$0] / (h[$0].squareRoot() + Double(epsilon.value)) }
      return [new, h]
    case .adam(let alpha, let beta, let epsilon, let normAfter):
      let (a, b) = (Double(alpha.value), Double(beta.value))
      let v = zip(lists[2], g).map { a * $0 + (1 - a) * $1 }
      let h = zip(lists[3], g).map { b * $0 + (1 - b) * $1 * $1 }
      let r = steps > 0 ? rate * (1 - pow(b, steps)).squareRoot() / (1 - pow(a, steps)) : rate
      let kept = 1 - Double(normAfter.value)
      let new = x.indices.map { kept * (x[$0] - r * v[$0] / (h[$0].squareRoot() + Double(epsilon.value))) }
      return [new, v, h]
    case .momentum(let alpha, let beta, let isNesterov):
      let a = Double(alpha.value)
      let b = steps > 0 ? Double(beta.value) : 1
      let v = zip(lists[2], g).map { a * $0 + b * $1 }
      let new = x.indices.map { x[$0] - rate * (isNesterov ? g[$0] + a * v[$0] : v[$0]) }
      return [new, v]
    }
  }
}
