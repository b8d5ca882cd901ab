import Diagnostics
import ModelGraph
import TensorCore

/// A convolution, transposed convolution, fully connected node or matrix product with constant parameters, seen as rows of
/// weights that each make one output channel.
struct LinearLayer {
  let node: Node
  let weights: Tensor
  let bias: Tensor?
  /// Output channels, and the axis of the result that runs over them.
  let channels: Int
  let resultAxis: Int
  /// The weights are `outer` × `rows` × `inner` elements; block `o` of rows makes channels from `firstChannel(o)` on.
  private let outer: Int
  private let rows: Int
  private let inner: Int
  private let outerPerGroup: Int

  /// nil where `node` is not of this kind, a parameter is not a float32 or float64 constant, or shapes are not known.
  init?(_ node: Node, in graph: Graph) {
    guard let w = node.constant(1, graph), w.dtype == .float32 || w.dtype == .float64, w.rank >= 2,
      let y = node.outputs.first ?? nil, let rank = graph[y]?.type.shape?.count
    else { return nil }
    if node.has(2) {
      guard let b = node.constant(2, graph), b.dtype == w.dtype, b.rank == 1 || node.op is Gemm else { return nil }
      bias = b
    } else {
      bias = nil
    }
    let s = w.shape
    switch node.op {
    case is Convolution:
      (outer, rows, inner, outerPerGroup) = (1, s[0], s.dropFirst().reduce(1, *), 1)
      channels = s[0]
      resultAxis = 1
    case let op as TransposedConvolution:
      guard op.groups > 0, s[0] % op.groups == 0, s[0] > 0 else { return nil }
      (outer, rows, inner, outerPerGroup) = (s[0], s[1], s.dropFirst(2).reduce(1, *), s[0] / op.groups)
      channels = s[1] * op.groups
      resultAxis = 1
    case let op as InnerProduct:
      let isRowWise = op.weightLayout == .outputsByInputs
      (outer, rows, inner, outerPerGroup) = isRowWise ? (1, s[0], s[1], 1) : (s[0], s[1], 1, max(s[0], 1))
      channels = isRowWise ? s[0] : s[1]
      resultAxis = rank - 1
    case let op as Gemm:
      guard op.beta == 1 else { return nil }
      (outer, rows, inner, outerPerGroup) = op.transposesB ? (1, s[0], s[1], 1) : (s[0], s[1], 1, max(s[0], 1))
      channels = op.transposesB ? s[0] : s[1]
      resultAxis = 1
    default: return nil
    }
    if let bias {
      // A bias of Gemm may be one number, or a row; one number a row of the result is no bias of channels.
      guard bias.count == channels || (node.op is Gemm && bias.count == 1), (bias.shape.last ?? 1) == bias.count else {
        return nil
      }
    }
    self.node = node
    weights = w
  }

  /// The weights with each channel's multiplied; computed when first needed.
  func scaledWeights(_ factor: [Double]) throws(Diagnostic) -> Tensor {
    let (w, outer, rows, inner, outerPerGroup) = (weights, outer, rows, inner, outerPerGroup)
    return try Tensor.deferred(dtype: w.dtype, shape: w.shape) { () throws(Diagnostic) in
      func scale<T: BinaryFloatingPoint & TensorElement>(_: T.Type) throws(Diagnostic) -> Tensor {
        var v = try w.values(T.self)
        var at = 0
        for o in 0..<outer {
          let first = o / outerPerGroup * rows
          for r in 0..<rows {
            let f = factor[first + r]
            for _ in 0..<inner {
              v[at] = T(Double(v[at]) * f)
              at += 1
            }
          }
        }
        return try Tensor(v, shape: w.shape)
      }
      return w.dtype == .float64 ? try scale(Double.self) : try scale(Float.self)
    }
  }

  /// factor · bias + shift.
  func scaledBias(_ a: ChannelAffine) throws(Diagnostic) -> Tensor {
    var old = try bias?.doubles() ?? [0]
    if old.count == 1 { old = [Double](repeating: old[0], count: channels) }
    let new = (0..<channels).map { old[$0] * a.factor[$0] + a.shift[$0] }
    return weights.dtype == .float64 ? try Tensor(new) : try Tensor(new.map { Float($0) })
  }
}

extension GraphEditor {
  /// Folds the per-channel affine nodes that `accepts` into the linear node before each of them.
  ///
  /// - Parameter copiesSharedWeights: whether weights that other nodes use too may be copied.
  mutating func foldAffine(
    pass: String, linear: (any Operator) -> Bool, affine: (any Operator) -> Bool, copiesSharedWeights: Bool = true
  ) throws(Diagnostic) -> Int {
    var changes = 0
    for id in graph.order {
      guard let node = graph[id], affine(node.op), node.hasOneResult, let x = ChannelAffine.data(of: node, in: graph),
        let producer = graph.producer(of: x), linear(producer.op), producer.hasOneResult, graph.isPrivate(x),
        let layer = LinearLayer(producer, in: graph),
        let a = try ChannelAffine(node, in: graph, axis: layer.resultAxis, channels: layer.channels), a.isFinite,
        let old = producer.inputs[1]
      else { continue }
      // A shift alone leaves the weights as they are.
      let scales = a.factor.contains { $0 != 1 }
      if scales, !copiesSharedWeights, graph[old]?.consumers.count != 1 { continue }
      let w =
        scales ? addConstant("\(graph[old]?.name ?? producer.name)_folded", try layer.scaledWeights(a.factor)) : old
      let biasName = producer.has(2) ? producer.inputs[2].flatMap { graph[$0]?.name } : nil
      let b = addConstant(biasName.map { "\($0)_folded" } ?? "\(producer.name)_bias_folded", try layer.scaledBias(a))
      try update(id, op: producer.op, inputs: [producer.inputs[0], w, b])
      var origin = producer.origin
      origin.passes.append(pass)
      setOrigin(id, origin)
      try erase(producer.id)
      renameNode(id, to: producer.name)
      changes += 1
    }
    if changes > 0 { eraseUnused() }
    return changes
  }
}
