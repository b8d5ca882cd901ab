import Diagnostics
import ModelGraph
import TensorCore

extension FlexAttention: EvaluatedKernel {
  /// Built from products, a softmax and the bodies, in the precision that the softmax has.
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let q = try context.tensor(inputs, 0)
    let precision = softmaxPrecision ?? (q.dtype == .float64 ? .float64 : .float32)
    guard q.rank == 4, let size = q.shape.last else { throw context.error("run.shape", "\(q.shape) has no heads") }
    func one(_ op: any Operator, _ operands: [Tensor]) throws(Diagnostic) -> Tensor {
      try ExactProduct.one(op, operands, context)
    }
    let keys = try shared(try context.tensor(inputs, 1), heads: q.shape[1], context)
    let values = try shared(try context.tensor(inputs, 2), heads: q.shape[1], context)
    let query = try one(Cast(to: precision), [q])
    let key = try one(Transpose([0, 1, 3, 2]), [try one(Cast(to: precision), [keys])])
    let factor = scale.map { Double($0.value) } ?? 1 / Double(size).squareRoot()
    let scaling = try one(Cast(to: precision), [try Tensor(scalar: factor)])
    var scores = try one(BinaryMap(.multiply), [try one(MatMul(), [query, key]), scaling])
    var captures = Array(inputs.dropFirst(3))
    var index = 0
    func modify(_ body: Graph?, _ t: Tensor) throws(Diagnostic) -> Tensor {
      guard let body else { return t }
      let own = max(body.inputs.count - 1, 0)
      guard captures.count >= own else { throw context.error("run.body", "a body's captures are missing") }
      let result = try context.run(index, body, [.tensor(t)] + captures.prefix(own))
      captures.removeFirst(own)
      index += 1
      guard let out = result.first?.tensor else { throw context.error("run.body", "a body has no result") }
      return out
    }
    scores = try modify(scoreBody, scores)
    let probabilities = try modify(probabilityBody, try one(Softmax(axis: -1), [scores]))
    let narrowed = try one(Cast(to: q.dtype), [probabilities])
    return [.tensor(try one(MatMul(), [narrowed, values]))]
  }

  /// Keys or values with one head a query head.
  private func shared(_ t: Tensor, heads: Int, _ context: EvaluationContext) throws(Diagnostic) -> Tensor {
    guard t.rank == 4, t.shape[1] > 0, heads % t.shape[1] == 0 else {
      throw context.error("run.shape", "\(t.shape) does not share its heads among \(heads)")
    }
    if t.shape[1] == heads { return t }
    let group = heads / t.shape[1]
    let picks = try Tensor((0..<heads).map { Int64($0 / group) })
    return try ExactProduct.one(Gather(axis: 1), [t, picks], context)
  }
}
