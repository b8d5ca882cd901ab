import ByteSource
import Diagnostics
import ModelGraph
import Rewrites
import TensorCore

/// What operators become when height and width are exchanged.
enum MatCaffeRules {
  /// A node's new operator and constants, and how its results relate to the source's.
  struct Change {
    var op: any Operator
    var constants: [(index: Int, tensor: Tensor)] = []
    var result = MatCaffe.State.exchanged
  }

  /// nil where an operator is not known to have an exchanged form.
  static func change(_ node: Node, _ operands: [MatCaffeOperand]) throws(Diagnostic) -> Change? {
    switch operands[0].state {
    case .flat(let sizes): return try flat(node, operands, sizes)
    case .exchanged: return try picture(node, operands)
    case .same:
      // Elementwise operators and joins may have their pictures in any place.
      switch node.op {
      case is BinaryMap, is VariadicMap: return try elementwise(node, operands)
      default: return nil
      }
    }
  }

  private static func picture(_ node: Node, _ operands: [MatCaffeOperand]) throws(Diagnostic) -> Change? {
    let others = operands.dropFirst()
    func only(_ op: any Operator) -> Change? { others.allSatisfy { $0.state == .same } ? Change(op: op) : nil }
    switch node.op {
    case var op as Convolution:
      guard let w = operands[1].constant, w.rank == 4 else { return nil }
      op.geometry = op.geometry.exchanged
      return Change(op: op, constants: [(1, try w.permuted(MatCaffe.order).contiguous())])
    case var op as TransposedConvolution:
      guard let w = operands[1].constant, w.rank == 4 else { return nil }
      op.geometry = op.geometry.exchanged
      op.outputPadding.reverse()
      op.outputShape.reverse()
      return Change(op: op, constants: [(1, try w.permuted(MatCaffe.order).contiguous())])
    case var op as MaxPool:
      // A second result counts places, which another order changes.
      guard node.outputs.count < 2 || node.outputs[1] == nil else { return nil }
      op.geometry = op.geometry.exchanged
      return Change(op: op)
    case var op as AveragePool:
      op.geometry = op.geometry.exchanged
      return Change(op: op)
    case var op as StochasticPool:
      op.geometry = op.geometry.exchanged
      return Change(op: op)
    case var op as LpPool:
      op.geometry = op.geometry.exchanged
      return Change(op: op)
    case is UnaryMap, is Clip, is Identity, is Cast, is Dropout, is BatchNormalization, is LocalResponseNormalization,
      is InstanceNormalization:
      return only(node.op)
    case let op as Softmax: return op.axis == 1 && !op.coerced ? only(op) : nil
    case let op as LpNormalization: return op.axis == 1 ? only(op) : nil
    case let op as MeanVarianceNormalization:
      return op.axes.contains(2) == op.axes.contains(3) ? only(op) : nil
    case let op as Split: return op.axis == 0 || op.axis == 1 ? only(op) : nil
    case let op as Gather: return op.axis == 1 && operands[1].sizes?.count == 1 ? only(op) : nil
    case let op as Concat:
      let isOutside = op.axis == 0 || op.axis == 1
      return isOutside && operands.allSatisfy { $0.state == .exchanged } ? Change(op: op) : nil
    case let op as ScaleShift:
      let reach = others.compactMap { $0.sizes.map { op.axis + $0.count } ?? ($0.value == nil ? 0 : nil) }
      return op.axis >= 0 && reach.count == others.count && reach.allSatisfy { $0 <= 2 } ? only(op) : nil
    case is BinaryMap, is VariadicMap: return try elementwise(node, operands)
    case is Flatten, is FlattenToMatrix, is Reshape, is ReshapeAxes: return flattening(node, operands)
    case let op as InnerProduct:
      guard op.axis == 1, let sizes = planeSizes(operands[0]) else { return nil }
      return try fullyConnected(node, operands, sizes)
    default: return nil
    }
  }

  /// Constants broadcast from the last axis: theirs are exchanged as well.
  private static func elementwise(_ node: Node, _ operands: [MatCaffeOperand]) throws(Diagnostic) -> Change? {
    var change = Change(op: node.op)
    for (i, o) in operands.enumerated() where o.state != .exchanged {
      guard o.state == .same, let dims = o.sizes else { return nil }
      let plane = dims.suffix(2)
      if plane.allSatisfy({ $0.value == 1 }) { continue }
      guard let t = o.constant, t.rank <= 4 else { return nil }
      if t.rank == 1 {
        change.constants.append((i, try t.reshaped([t.shape[0], 1])))
      } else {
        var order = Array(0..<t.rank)
        order.swapAt(t.rank - 1, t.rank - 2)
        change.constants.append((i, try t.permuted(order).contiguous()))
      }
    }
    return change
  }

  /// [C, H, W] of the source, where all are known.
  private static func planeSizes(_ o: MatCaffeOperand) -> [Int]? {
    guard let dims = o.sizes, dims.count == 4 else { return nil }
    let v = dims.dropFirst().compactMap(\.value)
    return v.count == 3 ? [v[0], v[2], v[1]] : nil
  }

  private static func flattening(_ node: Node, _ operands: [MatCaffeOperand]) -> Change? {
    guard let sizes = planeSizes(operands[0]) else { return nil }
    let isWhole: Bool =
      switch node.op {
      case let f as Flatten: f.axis == 1 && (f.endAxis == -1 || f.endAxis == 3)
      case let f as FlattenToMatrix: f.axis == 1
      case let r as ReshapeAxes:
        (r.axis == 1 && r.dims.count == 1 && r.axisCount == -1)
          || (r.axis == 0 && r.axisCount == -1 && r.dims.count == 2 && r.dims[0] == 0)
      default: false
      }
    guard isWhole else { return nil }
    return Change(op: node.op, result: sizes[1] == 1 || sizes[2] == 1 ? .same : .flat(sizes))
  }

  private static func flat(
    _ node: Node, _ operands: [MatCaffeOperand], _ sizes: [Int]
  ) throws(Diagnostic) -> Change? {
    guard operands.dropFirst().allSatisfy({ $0.state == .same }) else { return nil }
    switch node.op {
    case is UnaryMap, is Clip, is Identity, is Cast, is Dropout: return Change(op: node.op, result: .flat(sizes))
    default: return try fullyConnected(node, operands, sizes)
    }
  }

  /// The columns of the weights in the order of the exchanged picture.
  private static func fullyConnected(
    _ node: Node, _ operands: [MatCaffeOperand], _ s: [Int]
  ) throws(Diagnostic) -> Change? {
    let inputAxis: Int? =
      switch node.op {
      case let op as InnerProduct: op.axis == 1 ? (op.weightLayout == .outputsByInputs ? 1 : 0) : nil
      case let op as Gemm: op.transposesA ? nil : (op.transposesB ? 1 : 0)
      case is MatMul: 0
      default: nil
      }
    guard let inputAxis, operands.count > 1, let w = operands[1].constant, w.rank == 2,
      let count = checkedProduct(s), w.shape[inputAxis] == count
    else { return nil }
    let split = inputAxis == 1 ? [w.shape[0]] + s : s + [w.shape[1]]
    let order = inputAxis == 1 ? [0, 1, 3, 2] : [0, 2, 1, 3]
    let t = try w.reshaped(split).permuted(order).contiguous().reshaped(w.shape)
    return Change(op: node.op, constants: [(1, t)], result: .same)
  }
}

extension WindowGeometry {
  /// The same windows over exchanged axes.
  fileprivate var exchanged: WindowGeometry {
    var g = self
    g.kernel.reverse()
    g.strides.reverse()
    g.dilations.reverse()
    if case .explicit(let b, let e) = padding { g.padding = .explicit(begin: b.reversed(), end: e.reversed()) }
    return g
  }
}
