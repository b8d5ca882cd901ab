import Diagnostics
import ModelGraph
import TensorCore

/// Flattening a transposed activation before a fully connected layer only reorders the layer's inputs: the weights'
/// columns are permuted instead, and the Transpose goes (channel-last frameworks put one there).
package struct PermuteFullyConnectedWeights: RewritePass {
  package static let name = "PermuteFullyConnectedWeights"
  package static let summary = "fold a Transpose before flatten and a fully connected layer into its weights"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order where try rewrite(id, &editor) { changes += 1 }
    return changes
  }

  private func rewrite(_ id: NodeID, _ editor: inout GraphEditor) throws(Diagnostic) -> Bool {
    let graph = editor.graph
    guard let node = graph[id], let flat = node.inputs.first ?? nil, node.inputs.count > 1, let w = node.inputs[1],
      let weights = graph[w]?.constant, weights.rank == 2, !weights.dtype.isSubByte, let inputAxis = inputAxis(node.op)
    else { return false }
    var transposeResult = flat
    var flatten: Node?
    if let f = graph.producer(of: flat), flattensToMatrix(f, graph), let x = f.inputs.first ?? nil {
      guard graph.consumers(of: flat).count == 1, !graph.isOutput(flat) else { return false }
      flatten = f
      transposeResult = x
    } else if !(node.op is InnerProduct) {
      return false
    }
    guard let t = graph.producer(of: transposeResult), let transpose = t.op as? Transpose,
      transpose.order.first == 0, transpose.order.count > 2, graph.consumers(of: transposeResult).count == 1,
      !graph.isOutput(transposeResult), let x = t.inputs.first ?? nil,
      let sizes = graph[transposeResult]?.type.shape?.dropFirst().compactMap(\.value),
      sizes.count == transpose.order.count - 1, Tensor.count(of: sizes) == weights.shape[inputAxis]
    else { return false }

    let permuted = try permute(weights, inputAxis, sizes, transpose.order)
    let newWeights = editor.addConstant("\(graph[w]?.name ?? "weights")_permuted", permuted)
    var source = x
    if let flatten {
      var origin = flatten.origin
      origin.passes.append(Self.name)
      let made = try editor.insert(
        FlattenToMatrix(axis: 1), [x], name: "\(flatten.name)_channel_first", origin: origin, before: id)
      guard let result = made.first ?? nil else { return false }
      source = result
    }
    var operands = node.inputs
    operands[0] = source
    operands[1] = newWeights
    try editor.update(id, op: node.op, inputs: operands, pass: Self.name)
    if let flatten { try editor.erase(flatten.id) }
    try editor.erase(t.id)
    if editor.graph[w]?.consumers.isEmpty == true, !editor.graph.isOutput(w) { try editor.eraseValue(w) }
    return true
  }

  /// Which axis of the weight matrix runs over the inputs; nil for other operators.
  private func inputAxis(_ op: any Operator) -> Int? {
    switch op {
    case let p as InnerProduct: p.axis == 1 ? (p.weightLayout == .outputsByInputs ? 1 : 0) : nil
    case let g as Gemm: g.transposesA ? nil : (g.transposesB ? 1 : 0)
    case is MatMul: 0
    default: nil
    }
  }

  private func flattensToMatrix(_ node: Node, _ graph: Graph) -> Bool {
    guard node.op is Flatten || node.op is FlattenToMatrix || node.op is Reshape || node.op is ReshapeAxes,
      let x = node.inputs.first ?? nil, let y = node.outputs.first ?? nil, let from = graph[x]?.type.shape,
      let to = graph[y]?.type.shape
    else { return false }
    return to.count == 2 && from.count > 2 && to[0] == from[0]
  }

  /// Weights whose inputs are ordered by the axes of the untransposed activation. `sizes` are the transposed extents.
  private func permute(
    _ weights: Tensor, _ inputAxis: Int, _ sizes: [Int], _ order: [Int]
  ) throws(Diagnostic) -> Tensor {
    let split = inputAxis == 1 ? [weights.shape[0]] + sizes : sizes + [weights.shape[1]]
    let places = (1..<order.count).map { axis in (order.firstIndex(of: axis) ?? axis) - 1 }
    let permutation = inputAxis == 1 ? [0] + places.map { $0 + 1 } : places + [sizes.count]
    let shape = weights.shape
    return try Tensor.deferred(dtype: weights.dtype, shape: shape) { () throws(Diagnostic) in
      try weights.reshaped(split).permuted(permutation).contiguous()
    }
  }
}

extension Tensor {
  /// A tensor whose elements are computed when they are first needed: large parameters are not held before that.
  static func deferred(
    dtype: DType, shape: [Int], make: @escaping @Sendable () throws(Diagnostic) -> Tensor
  ) throws(Diagnostic) -> Tensor {
    guard let bytes = shape.checkedByteCount(dtype) else {
      throw .error("tensor.shape", "shape \(shape) is negative or too large")
    }
    let storage = TensorStorage(byteCount: bytes) { () throws(Diagnostic) in try make().bytes() }
    return try Tensor(storage: storage, dtype: dtype, shape: shape)
  }
}
