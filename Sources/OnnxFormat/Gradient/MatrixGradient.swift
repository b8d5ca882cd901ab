import Diagnostics
import ModelGraph

/// Derivatives of matrix products.
enum MatrixGradient {
  static func product(_ n: Node, _ g: ValueID, _ b: inout GradientBuilder) throws(Diagnostic) -> [ValueID?] {
    guard n.inputs.count == 2, let x = n.inputs[0], let v = n.inputs[1], let rx = b.scope.rank(x),
      let rv = b.scope.rank(v), rx >= 1, rv >= 1
    else { throw b.refuse(n, "needs operands of known rank") }
    // A vector is a matrix of one row or column.
    let x2 = rx == 1 ? try b.make(Unsqueeze(), [x, b.ints([0])]) : x
    let v2 = rv == 1 ? try b.make(Unsqueeze(), [v, b.ints([1])]) : v
    var g2 = g
    if rx == 1 { g2 = try b.make(Unsqueeze(), [g2, b.ints([rv == 1 ? 0 : -2])]) }
    if rv == 1 { g2 = try b.make(Unsqueeze(), [g2, b.ints([-1])]) }
    let left = try b.make(MatMul(), [g2, transposed(v2, &b)])
    let right = try b.make(MatMul(), [transposed(x2, &b), g2])
    let dx = try b.unbroadcast(left, like: x2, n)
    let dv = try b.unbroadcast(right, like: v2, n)
    return [rx == 1 ? try b.reshaped(dx, like: x) : dx, rv == 1 ? try b.reshaped(dv, like: v) : dv]
  }

  private static func transposed(_ v: ValueID, _ b: inout GradientBuilder) throws(Diagnostic) -> ValueID {
    let rank = b.scope.rank(v) ?? 2
    var order = Array(0..<max(rank, 2))
    order.swapAt(order.count - 1, order.count - 2)
    return try b.make(Transpose(order), [v])
  }

  static func gemm(
    _ op: Gemm, _ n: Node, _ g: ValueID, _ wanted: [Bool], _ b: inout GradientBuilder
  ) throws(Diagnostic) -> [ValueID?] {
    guard n.inputs.count >= 2, let x = n.inputs[0], let v = n.inputs[1] else { throw b.refuse(n, "is not known") }
    let alpha = op.alpha.value
    // Y = α A' B' with A' = Aᵀ or A: dA' = α g B'ᵀ, dB' = α A'ᵀ g.
    let dx =
      op.transposesA
      ? try b.make(Gemm(alpha: alpha, transposesA: op.transposesB, transposesB: true), [v, g])
      : try b.make(Gemm(alpha: alpha, transposesB: !op.transposesB), [g, v])
    let dv =
      op.transposesB
      ? try b.make(Gemm(alpha: alpha, transposesA: true, transposesB: op.transposesA), [g, x])
      : try b.make(Gemm(alpha: alpha, transposesA: !op.transposesA), [x, g])
    var out: [ValueID?] = [dx, dv]
    if n.inputs.count > 2, wanted[2], let c = n.inputs[2] {
      out.append(try b.unbroadcast(b.scaled(g, Double(op.beta.value)), like: c, n))
    }
    return out
  }
}
