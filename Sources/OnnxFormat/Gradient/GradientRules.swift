import Diagnostics
import ModelGraph
import TensorCore

/// What reaches an operator's operands when a gradient reaches its results.
enum GradientRules {
  /// - Parameters:
  ///   - gradients: of the results; nil where none arrives.
  ///   - wanted: which operands' gradients are asked for.
  /// - Returns: the gradient of each operand; nil where it has none.
  static func pull(
    _ n: Node, _ gradients: [ValueID?], _ wanted: [Bool], _ b: inout GradientBuilder
  ) throws(Diagnostic) -> [ValueID?] {
    guard let g = gradients.first.flatMap({ $0 }), let y = n.outputs.first.flatMap({ $0 }),
      let x = n.inputs.first.flatMap({ $0 })
    else {
      if let split = n.op as? Split { return try self.split(split, n, gradients, &b) }
      throw b.refuse(n, "is not known for its later results")
    }
    switch n.op {
    case is Identity, is Dropout: return [g]
    case is Reshape, is ReshapeAxes, is Flatten, is FlattenToMatrix, is Squeeze, is Unsqueeze:
      return [try b.reshaped(g, like: x)]
    case let op as Transpose: return [try b.make(Transpose(inverse(op.order)), [g])]
    case let op as Cast where op.to.isFloat: return [try b.make(Cast(to: b.scope.dtype(x) ?? op.to), [g])]
    case let op as UnaryMap: return [try UnaryGradient.pull(op.function, n, x, y, g, &b)]
    case let op as BinaryMap: return try binary(op.function, n, x, y, g, &b)
    case let op as VariadicMap: return try variadic(op.function, n, g, &b)
    case is Select: return try select(n, g, wanted, &b)
    case is Clip: return [try clip(n, x, g, &b)]
    case is Expand: return [try b.unbroadcast(g, like: x, n)]
    case let op as Concat: return try concat(op, n, g, &b)
    case let op as Split: return try split(op, n, gradients, &b)
    case let op as Reduction: return [try reduction(op, n, x, y, g, &b)]
    case let op as Softmax where !op.coerced: return [try softmax(op, n, y, g, &b)]
    case is MatMul: return try MatrixGradient.product(n, g, &b)
    case let op as Gemm: return try MatrixGradient.gemm(op, n, g, wanted, &b)
    case let op as Convolution: return try ConvolutionGradient.pull(op, n, g, wanted, &b)
    case let op as MaxPool: return [try ConvolutionGradient.maxPool(op, n, x, g, &b)]
    case let op as AveragePool where op.geometry.isGlobal:
      return [try ConvolutionGradient.globalAverage(n, x, g, &b)]
    case let op as Gather where op.axis == 0: return [try gather(n, x, g, &b)]
    default: throw b.refuse(n, "is not known")
    }
  }

  private static func inverse(_ order: [Int]) -> [Int] {
    var out = order
    for (i, a) in order.enumerated() where out.indices.contains(a) { out[a] = i }
    return out
  }

  private static func binary(
    _ f: BinaryFunction, _ n: Node, _ x: ValueID, _ y: ValueID, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> [ValueID?] {
    guard n.inputs.count == 2, let v = n.inputs[1] else { throw b.refuse(n, "is not known") }
    let left: ValueID
    let right: ValueID
    switch f {
    case .add: (left, right) = (g, g)
    case .subtract: (left, right) = (g, try b.unary(.negate, g))
    case .multiply: (left, right) = (try b.times(g, v), try b.times(g, x))
    case .divide:
      left = try b.binary(.divide, g, v)
      right = try b.unary(.negate, b.times(left, y))
    case .power:
      let lower = try b.binary(.subtract, v, b.number(1, like: v))
      left = try b.times(g, b.times(v, b.binary(.power, x, lower)))
      right = try b.times(g, b.times(y, b.unary(.naturalLog, x)))
    case .minimum, .maximum:
      let isLeft = try b.binary(f == .maximum ? .greaterOrEqual : .lessOrEqual, x, v)
      let zero = try b.number(0, like: g)
      left = try b.make(Select(), [isLeft, g, zero])
      right = try b.make(Select(), [isLeft, zero, g])
    case .prelu:
      let isPositive = try b.binary(.greaterOrEqual, x, b.number(0, like: x))
      let zero = try b.number(0, like: g)
      left = try b.make(Select(), [isPositive, g, b.times(g, v)])
      right = try b.make(Select(), [isPositive, zero, b.times(g, x)])
    default: throw b.refuse(n, "is not known")
    }
    return [try b.unbroadcast(left, like: x, n), try b.unbroadcast(right, like: v, n)]
  }

  private static func variadic(
    _ f: VariadicMap.Function, _ n: Node, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> [ValueID?] {
    let inputs = n.inputs.compactMap { $0 }
    var out: [ValueID?] = []
    switch f {
    case .sum: for v in inputs { out.append(try b.unbroadcast(g, like: v, n)) }
    case .mean:
      let part = try b.scaled(g, 1 / Double(max(inputs.count, 1)))
      for v in inputs { out.append(try b.unbroadcast(part, like: v, n)) }
    case .weightedSum(let weights):
      for (v, w) in zip(inputs, weights) { out.append(try b.unbroadcast(b.scaled(g, Double(w.value)), like: v, n)) }
    case .maximum, .minimum, .product:
      if inputs.count == 1 { return [g] }
      guard inputs.count == 2, let y = n.outputs.first.flatMap({ $0 }) else {
        throw b.refuse(n, "is known for two operands only")
      }
      let pair: BinaryFunction = f == .maximum ? .maximum : f == .minimum ? .minimum : .multiply
      return try binary(pair, n, inputs[0], y, g, &b)
    }
    return out
  }

  private static func select(
    _ n: Node, _ g: ValueID, _ wanted: [Bool], _ b: inout GradientBuilder
  ) throws(Diagnostic) -> [ValueID?] {
    guard n.inputs.count == 3, let condition = n.inputs[0], let x = n.inputs[1], let v = n.inputs[2] else { return [] }
    let zero = try b.number(0, like: g)
    let left = wanted[1] ? try b.unbroadcast(b.make(Select(), [condition, g, zero]), like: x, n) : nil
    let right = wanted[2] ? try b.unbroadcast(b.make(Select(), [condition, zero, g]), like: v, n) : nil
    return [nil, left, right]
  }

  private static func clip(
    _ n: Node, _ x: ValueID, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> ValueID {
    var out = g
    let zero = try b.number(0, like: g)
    for (i, f) in [(1, BinaryFunction.greaterOrEqual), (2, .lessOrEqual)] where i < n.inputs.count {
      guard let bound = n.inputs[i] else { continue }
      out = try b.make(Select(), [b.binary(f, x, bound), out, zero])
    }
    return out
  }

  private static func concat(
    _ op: Concat, _ n: Node, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> [ValueID?] {
    var sizes: [Int] = []
    for v in n.inputs {
      guard let shape = b.scope.type(v).shape, let axis = try? ShapeRule.axis(op.axis, rank: shape.count),
        let size = shape[axis].value
      else { throw b.refuse(n, "needs known extents") }
      sizes.append(size)
    }
    return try b.makeAll(Split(axis: op.axis, count: sizes.count), [g, b.ints(sizes)], results: sizes.count)
  }

  private static func split(
    _ op: Split, _ n: Node, _ gradients: [ValueID?], _ b: inout GradientBuilder
  ) throws(Diagnostic) -> [ValueID?] {
    var parts: [ValueID] = []
    for (g, y) in zip(gradients, n.outputs) {
      if let g { parts.append(g) } else if let y { parts.append(try b.filled(like: y, 0)) }
    }
    guard parts.count == n.outputs.count else { throw b.refuse(n, "needs all of its results") }
    return [try b.make(Concat(axis: op.axis), parts.map { $0 })]
  }

  private static func reduction(
    _ op: Reduction, _ n: Node, _ x: ValueID, _ y: ValueID, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> ValueID {
    guard let shape = b.scope.type(x).shape,
      let axes = try? op.axes(b.scope.graph.typeInputs(of: n), rank: shape.count)
    else { throw b.refuse(n, "needs known axes") }
    let list = axes.sorted()
    let kept = try b.make(Reduction(.sum, noopWithEmptyAxes: true), [x, b.ints(list)])
    // Results without their axes get them back as ones.
    func wide(_ v: ValueID, _ b: inout GradientBuilder) throws(Diagnostic) -> ValueID { try b.reshaped(v, like: kept) }
    let up = try wide(g, &b)
    let ones = try b.filled(like: x, 1)
    switch op.function {
    case .sum: return try b.times(up, ones)
    case .mean:
      let size = try b.make(Reduction(.sum, noopWithEmptyAxes: true), [ones, b.ints(list)])
      return try b.times(b.binary(.divide, up, size), ones)
    case .sumSquare: return try b.times(up, b.scaled(x, 2))
    case .l1: return try b.times(up, b.unary(.sign, x))
    case .l2: return try b.times(up, b.binary(.divide, x, wide(y, &b)))
    case .logSum: return try b.times(b.binary(.divide, up, b.unary(.exponential, wide(y, &b))), ones)
    case .logSumExp: return try b.times(up, b.unary(.exponential, b.binary(.subtract, x, wide(y, &b))))
    case .maximum, .minimum:
      // Equal elements share the gradient.
      let isTop = try b.make(Cast(to: b.scope.dtype(x) ?? .float32), [b.binary(.equal, x, wide(y, &b))])
      let ties = try b.make(Reduction(.sum, noopWithEmptyAxes: true), [isTop, b.ints(list)])
      return try b.times(b.binary(.divide, up, ties), isTop)
    case .product: return try b.times(up, b.binary(.divide, wide(y, &b), x))
    }
  }

  private static func softmax(
    _ op: Softmax, _ n: Node, _ y: ValueID, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> ValueID {
    switch op.kind {
    case .softmax:
      let product = try b.times(g, y)
      return try b.binary(.subtract, product, b.times(y, b.sum(product, over: [op.axis])))
    case .logSoftmax:
      return try b.binary(.subtract, g, b.times(b.unary(.exponential, y), b.sum(g, over: [op.axis])))
    default: throw b.refuse(n, "is not known")
    }
  }

  private static func gather(
    _ n: Node, _ x: ValueID, _ g: ValueID, _ b: inout GradientBuilder
  ) throws(Diagnostic) -> ValueID {
    guard n.inputs.count == 2, let i = n.inputs[1] else { throw b.refuse(n, "is not known") }
    let long = try b.make(Cast(to: .int64), [i])
    let tuples = try b.make(Unsqueeze(), [long, b.ints([-1])])
    return try b.make(ScatterND(reduction: .add), [b.filled(like: x, 0), tuples, g])
  }
}
