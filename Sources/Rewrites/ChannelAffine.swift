import Diagnostics
import ModelGraph
import TensorCore

/// A node that multiplies and shifts each channel by constants: y = factor · x + shift along one axis.
struct ChannelAffine {
  var factor: [Double]
  var shift: [Double]

  var isFinite: Bool { factor.allSatisfy(\.isFinite) && shift.allSatisfy(\.isFinite) }

  /// What `node` does to its first operand along `axis` (of extent `channels`), where it is of this kind and its
  /// parameters are constants.
  init?(_ node: Node, in graph: Graph, axis: Int, channels: Int) throws(Diagnostic) {
    switch node.op {
    case let op as BatchNormalization:
      guard axis == 1, let a = try ChannelAffine.batchNorm(op, node, graph, channels) else { return nil }
      self = a
    case let op as ScaleShift:
      guard let a = try ChannelAffine.scaleShift(op, node, graph, axis, channels) else { return nil }
      self = a
    case let op as BinaryMap:
      guard let a = try ChannelAffine.arithmetic(op.function, node, graph, axis, channels) else { return nil }
      self = a
    default: return nil
    }
  }

  /// The value that a node of this kind scales and shifts: its first operand, or the one that is no constant.
  static func data(of node: Node, in graph: Graph) -> ValueID? {
    guard let b = node.op as? BinaryMap else { return node.operand(0) }
    switch b.function {
    case .add, .multiply, .subtract, .divide:
      if node.constant(1, graph) != nil { return node.operand(0) }
      return b.function != .divide && node.constant(0, graph) != nil ? node.operand(1) : nil
    default: return nil
    }
  }

  init(factor: [Double], shift: [Double]) {
    self.factor = factor
    self.shift = shift
  }

  private static func batchNorm(
    _ op: BatchNormalization, _ node: Node, _ graph: Graph, _ channels: Int
  ) throws(Diagnostic) -> ChannelAffine? {
    guard op.statistics == .given, let mean = try vector(3, node, graph, channels),
      let variance = try vector(4, node, graph, channels)
    else { return nil }
    let scale = try vector(1, node, graph, channels) ?? (node.has(1) ? nil : ones(channels))
    let bias = try vector(2, node, graph, channels) ?? (node.has(2) ? nil : zeros(channels))
    guard let scale, let bias else { return nil }
    let epsilon = Double(op.epsilon.value)
    var factor = scale
    var shift = bias
    for c in 0..<channels {
      factor[c] = scale[c] / (variance[c] + epsilon).squareRoot()
      shift[c] = bias[c] - mean[c] * factor[c]
    }
    return ChannelAffine(factor: factor, shift: shift)
  }

  private static func scaleShift(
    _ op: ScaleShift, _ node: Node, _ graph: Graph, _ axis: Int, _ channels: Int
  ) throws(Diagnostic) -> ChannelAffine? {
    guard let x = node.inputs.first ?? nil, let rank = graph[x]?.type.shape?.count else { return nil }
    let own = op.axis < 0 ? op.axis + rank : op.axis
    for i in 1...2 where node.has(i) {
      guard let t = node.constant(i, graph), t.rank == 0 || (t.rank == 1 && own == axis) else { return nil }
    }
    let scale = try vector(1, node, graph, channels) ?? (node.has(1) ? nil : ones(channels))
    let bias = try vector(2, node, graph, channels) ?? (node.has(2) ? nil : zeros(channels))
    guard let scale, let bias else { return nil }
    return ChannelAffine(factor: scale, shift: bias)
  }

  /// x + c, x − c, c − x, x · c, x / c with one number, or one a channel.
  private static func arithmetic(
    _ f: BinaryFunction, _ node: Node, _ graph: Graph, _ axis: Int, _ channels: Int
  ) throws(Diagnostic) -> ChannelAffine? {
    let i = node.constant(1, graph) != nil ? 1 : 0
    guard let x = node.operand(1 - i), let shape = graph[x]?.type.shape, let t = node.constant(i, graph),
      t.rank <= shape.count
    else { return nil }
    let places = Array(repeating: 1, count: shape.count - t.rank) + t.shape
    guard axis < places.count, places.enumerated().allSatisfy({ $0.element == 1 || $0.offset == axis }),
      let c = try vector(i, node, graph, channels)
    else { return nil }
    switch f {
    case .add: return ChannelAffine(factor: ones(channels), shift: c)
    case .subtract:
      return i == 1
        ? ChannelAffine(factor: ones(channels), shift: c.map { -$0 })
        : ChannelAffine(factor: ones(channels).map { -$0 }, shift: c)
    case .multiply: return ChannelAffine(factor: c, shift: zeros(channels))
    case .divide where i == 1 && c.allSatisfy({ $0 != 0 }):
      return ChannelAffine(factor: c.map { 1 / $0 }, shift: zeros(channels))
    default: return nil
    }
  }

  /// Constant operand `i` as one number a channel; a single number serves all.
  private static func vector(_ i: Int, _ node: Node, _ graph: Graph, _ channels: Int) throws(Diagnostic) -> [Double]? {
    guard let t = node.constant(i, graph), t.dtype == .float32 || t.dtype == .float64,
      t.count == channels || t.count == 1
    else { return nil }
    let v = try t.doubles()
    return v.count == channels ? v : [Double](repeating: v[0], count: channels)
  }

  private static func ones(_ n: Int) -> [Double] { [Double](repeating: 1, count: n) }
  private static func zeros(_ n: Int) -> [Double] { [Double](repeating: 0, count: n) }
}

extension Node {
  func has(_ i: Int) -> Bool { i < inputs.count && inputs[i] != nil }

  func constant(_ i: Int, _ graph: Graph) -> Tensor? {
    guard i < inputs.count, let v = inputs[i] else { return nil }
    return graph[v]?.constant
  }
}
