import ModelGraph
import TensorCore

/// Which values of a graph are certainly ≥ 0 (NaN aside): there zero padding of a maximum is safe.
package enum NonNegativity {
  /// One walk in topological order.
  package static func values(of graph: Graph) -> Set<ValueID> {
    var known: Set<ValueID> = []
    for v in graph.values {
      guard let t = v.constant, t.count <= 1 << 20, t.dtype != .string, let x = try? t.floats() else { continue }
      if x.allSatisfy({ $0 >= 0 }) { known.insert(v.id) }
    }
    for node in graph.nodes {
      let operands = node.inputs.map { $0.map(known.contains) ?? false }
      guard isNonNegative(node, operands, graph), let y = node.outputs.first else { continue }
      if node.op is Split {
        for case let y? in node.outputs { known.insert(y) }
      } else if let y {
        known.insert(y)
      }
    }
    return known
  }

  private static func isNonNegative(_ node: Node, _ x: [Bool], _ graph: Graph) -> Bool {
    let first = x.first ?? false
    switch node.op {
    case let op as UnaryMap: return isNonNegative(op.function, first)
    case let op as BinaryMap:
      let second = x.count > 1 && x[1]
      switch op.function {
      case .add, .multiply, .divide, .minimum, .power: return first && second
      case .maximum: return first || second
      case .prelu: return first
      default: return op.function.isPredicate
      }
    case let op as VariadicMap:
      switch op.function {
      case .sum, .product, .mean, .minimum: return x.allSatisfy { $0 }
      case .maximum: return x.contains(true)
      case .weightedSum(let c): return x.allSatisfy { $0 } && c.allSatisfy { $0.value >= 0 }
      }
    case is Clip:
      guard let low = node.constant(1, graph), let v = try? low.floats().first else { return first }
      return v >= 0 || first
    case let op as MaxPool: return first && hasNoEmptyWindow(op.geometry)
    case is AveragePool, is StochasticPool, is LocalResponseNormalization: return first
    case is LpPool: return true
    case let op as Softmax: return op.kind != .logSoftmax
    case is Concat: return x.allSatisfy { $0 }
    case let op as Pad:
      if op.mode != .constant || !node.has(2) { return first }
      guard let v = node.constant(2, graph), let f = try? v.floats().first else { return false }
      return first && f >= 0
    case let op as Reduction:
      switch op.function {
      case .l1, .l2, .sumSquare: return true
      case .sum, .mean, .product, .maximum, .minimum: return first
      case .logSum, .logSumExp: return false
      }
    case is Select: return x.count > 2 && x[1] && x[2]
    case is Identity, is Cast, is Reshape, is ReshapeAxes, is Flatten, is FlattenToMatrix, is Transpose, is Squeeze,
      is Unsqueeze, is Split, is Slice, is CropLike, is Tile, is Expand, is Gather:
      return first
    case is ShapeOf, is ElementCount, is ArgExtreme: return true
    default: return false
    }
  }

  private static func isNonNegative(_ f: UnaryFunction, _ x: Bool) -> Bool {
    switch f {
    case .absolute, .exponential, .sigmoid, .softplus, .relu, .step, .hardSigmoid, .squareRoot, .acos, .cosh: true
    case .clamp(let lower, _): lower.value >= 0 || x
    case .thresholdedRelu(let alpha): alpha.value >= 0 || x
    case .affinePower(let p, let scale, let shift):
      (p.value == 2) || (x && scale.value >= 0 && shift.value >= 0)
    case .exponentialBase: true
    case .leakyRelu, .elu, .selu, .celu, .hardSwish, .swish, .gelu, .mish, .sign, .floor, .ceil, .roundHalfEven, .tanh,
      .atan, .sinh, .asinh, .softsign, .errorFunction, .reciprocal:
      x
    default: f.isPredicate
    }
  }

  /// A window that holds no input element gives −∞ or −FLT_MAX.
  private static func hasNoEmptyWindow(_ g: WindowGeometry) -> Bool {
    if g.isGlobal { return true }
    for i in g.kernel.indices {
      let (b, e) = g.explicitPads(i)
      // A window that starts in the end padding, or ends in the begin padding, or steps over the end by ceil rounding.
      let window = (g.kernel[i] - 1) * g.dilation(i) + 1
      if b >= window || e >= window || g.dilation(i) != 1 { return false }
      if g.rounding == .ceil, g.stride(i) > g.kernel[i] { return false }
      if g.rounding == .ceil, g.lastWindow == .keep, e > 0 { return false }
    }
    return true
  }
}
