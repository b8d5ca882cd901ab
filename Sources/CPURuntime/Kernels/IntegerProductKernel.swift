import Diagnostics
import ModelGraph
import TensorCore

/// Integer products in double precision, which holds every int32 sum of 8- and 16-bit products exactly.
enum ExactProduct {
  /// `x` minus its zero point: one for all, or one an index of `axis`.
  static func shifted(
    _ x: Tensor, _ zero: Tensor?, axis: Int, _ context: EvaluationContext
  ) throws(Diagnostic) -> Tensor {
    var values = try x.doubles()
    if let zero {
      let zeros = try zero.doubles()
      if zeros.count == 1 {
        for i in values.indices { values[i] -= zeros[0] }
      } else {
        guard axis >= 0, axis < x.rank else {
          throw context.error("run.shape", "zero points \(zero.shape) do not fit \(x.shape)")
        }
        let inner = x.shape[(axis + 1)...].reduce(1, *)
        guard zeros.count == x.shape[axis] || zeros.count == values.count / max(x.shape[x.rank - 1], 1) else {
          throw context.error("run.shape", "zero points \(zero.shape) do not fit \(x.shape)")
        }
        for i in values.indices { values[i] -= zeros[i / inner % zeros.count] }
      }
    }
    return try Tensor(values, shape: x.shape)
  }

  static func one(
    _ op: any Operator, _ inputs: [Tensor], _ context: EvaluationContext
  ) throws(Diagnostic) -> Tensor {
    let out = try Evaluator.evaluate(op, inputs.map { .tensor($0) }, context)
    guard let t = out.first?.tensor else { throw context.error("run.result-missing", "nothing was computed") }
    return t
  }
}

extension IntegerMatMul: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let (a, b) = (try context.tensor(inputs, 0), try context.tensor(inputs, 1))
    let x = try ExactProduct.shifted(a, try context.optionalTensor(inputs, 2), axis: max(a.rank - 2, 0), context)
    let y = try ExactProduct.shifted(b, try context.optionalTensor(inputs, 3), axis: b.rank - 1, context)
    return [.tensor(try QuantizedRange.cast(try ExactProduct.one(MatMul(), [x, y], context), to: .int32, context))]
  }
}

extension IntegerConvolution: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try ExactProduct.shifted(
      try context.tensor(inputs, 0), try context.optionalTensor(inputs, 2), axis: 1, context)
    let w = try ExactProduct.shifted(
      try context.tensor(inputs, 1), try context.optionalTensor(inputs, 3), axis: 0, context)
    let out = try ExactProduct.one(Convolution(geometry: geometry, groups: groups), [x, w], context)
    return [.tensor(try QuantizedRange.cast(out, to: .int32, context))]
  }
}

/// Scale and zero point of a quantised result.
struct Requantization {
  let scale: [Double]
  let zero: [Double]
  let type: DType

  init(_ scale: Tensor, _ zero: Tensor) throws(Diagnostic) {
    self.scale = try scale.doubles()
    self.zero = try zero.doubles()
    type = zero.dtype
  }

  func apply(
    _ sums: Tensor, factor: (Int) -> Double, _ context: EvaluationContext
  ) throws(Diagnostic) -> Tensor {
    guard let s = scale.first, let z = zero.first, let range = QuantizedRange.of(type) ?? floatRange else {
      throw context.error("run.unsupported-type", "\(type.rawValue) is no quantised type")
    }
    let values = try sums.doubles()
    var out = [Double](repeating: 0, count: values.count)
    for i in values.indices {
      let v = Double(Float(values[i] * factor(i) / s))
      out[i] =
        type.isFloat ? v + z : min(max(v.rounded(.toNearestOrEven) + z, range.lowerBound), range.upperBound)
    }
    if type.isFloat {
      return try QuantizedRange.cast(try Tensor(out.map { Float($0) }, shape: sums.shape), to: type, context)
    }
    return try QuantizedRange.tensor(out, type, sums.shape, context)
  }

  private var floatRange: ClosedRange<Double>? { type.isFloat ? -Double.infinity...Double.infinity : nil }
}

extension QuantizedMatMul: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let (a, b) = (try context.tensor(inputs, 0), try context.tensor(inputs, 3))
    let x = try ExactProduct.shifted(a, try context.tensor(inputs, 2), axis: max(a.rank - 2, 0), context)
    let y = try ExactProduct.shifted(b, try context.tensor(inputs, 5), axis: b.rank - 1, context)
    let sums = try ExactProduct.one(MatMul(), [x, y], context)
    let sa = try context.tensor(inputs, 1).doubles()
    let sb = try context.tensor(inputs, 4).doubles()
    let columns = b.rank > 1 ? b.shape[b.rank - 1] : 1
    let rows = a.rank > 1 ? a.shape[a.rank - 2] : 1
    guard sa.count == 1 || sa.count == rows, sb.count == 1 || sb.count == columns else {
      throw context.error("run.shape", "the scales do not fit the matrices")
    }
    let out = try Requantization(try context.tensor(inputs, 6), try context.tensor(inputs, 7)).apply(
      sums,
      factor: { i in
        (sa.count == 1 ? sa[0] : sa[i / max(columns, 1) % rows]) * (sb.count == 1 ? sb[0] : sb[i % columns])
      }, context)
    return [.tensor(out)]
  }
}

extension QuantizedConvolution: EvaluatedKernel {
  package func evaluate(_ inputs: [RuntimeValue?], _ context: EvaluationContext) throws(Diagnostic) -> [RuntimeValue] {
    let x = try ExactProduct.shifted(try context.tensor(inputs, 0), try context.tensor(inputs, 2), axis: 1, context)
    let w = try ExactProduct.shifted(try context.tensor(inputs, 3), try context.tensor(inputs, 5), axis: 0, context)
    var operands = [x, w]
    if let bias = try context.optionalTensor(inputs, 8) {
      operands.append(try Tensor(try bias.doubles(), shape: bias.shape))
    }
    let sums = try ExactProduct.one(Convolution(geometry: geometry, groups: groups), operands, context)
    let sx = try context.tensor(inputs, 1).doubles()
    let sw = try context.tensor(inputs, 4).doubles()
    guard let s = sx.first, sums.rank >= 2, sw.count == 1 || sw.count == sums.shape[1] else {
      throw context.error("run.shape", "the scales do not fit the weights")
    }
    let inner = sums.shape[2...].reduce(1, *)
    let filters = sums.shape[1]
    let out = try Requantization(try context.tensor(inputs, 6), try context.tensor(inputs, 7)).apply(
      sums, factor: { i in s * (sw.count == 1 ? sw[0] : sw[i / max(inner, 1) % filters]) }, context)
    return [.tensor(out)]
  }
}
