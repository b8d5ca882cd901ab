import ModelGraph
import TensorCore

/// A normalisation that was written as arithmetic: x less its mean (or x itself), divided by the root of the mean square.
struct NormalizationMatch {
  /// The quotient's node.
  var node: Node
  var input: ValueID
  /// Whether the mean is subtracted first.
  var isCentred: Bool
  /// The normalised axes, ascending.
  var axes: [Int]
  var rank: Int
  var epsilon: Float

  /// The normalisation whose quotient `node` is; float32 alone, because the operators keep their statistics so.
  init?(_ node: Node, in graph: Graph) {
    guard let b = node.op as? BinaryMap, let y = node.result, graph.type(y).dtype == .float32 else { return nil }
    switch b.function {
    case .divide:
      guard let d = node.operand(0), let r = node.operand(1), let found = Self.match(d, r, graph) else { return nil }
      self.init(node, found)
    case .multiply:
      for i in 0...1 {
        guard let d = node.operand(i), let inverse = graph.privateProducer(of: node.operand(1 - i)),
          (inverse.op as? UnaryMap)?.function == .reciprocal, let r = inverse.operand(0),
          let found = Self.match(d, r, graph)
        else { continue }
        self.init(node, found)
        return
      }
      return nil
    default: return nil
    }
  }

  private typealias Found = (input: ValueID, isCentred: Bool, axes: [Int], rank: Int, epsilon: Float)

  private init(_ node: Node, _ f: Found) {
    self.node = node
    (input, isCentred, axes, rank, epsilon) = f
  }

  /// `d` divided by `root`, where root = √(mean(d²) + ε).
  private static func match(_ d: ValueID, _ root: ValueID, _ graph: Graph) -> Found? {
    guard let r = graph.privateProducer(of: root), (r.op as? UnaryMap)?.function == .squareRoot, let s = r.operand(0),
      graph.isPrivate(s), let sum = ScalarSum(s, in: graph), sum.constant > 0, sum.constant < 1,
      let variance = graph.privateProducer(of: sum.term), let axes = meanAxes(variance, graph),
      let square = variance.operand(0), graph.isPrivate(square),
      let rank = graph.shape(d)?.count
    else { return nil }
    let power = ScalarProduct(square, in: graph)
    guard power.coefficient == 1, power.factors == [d, d] else { return nil }
    // The squares of the difference and the quotient alone use the difference.
    if let sub = graph.producer(of: d), (sub.op as? BinaryMap)?.function == .subtract, let x = sub.operand(0),
      let mean = graph.privateProducer(of: sub.operand(1)), meanAxes(mean, graph) == axes, mean.operand(0) == x,
      !graph.isOutput(d), graph.consumers(of: d).count <= 3, graph[d]?.consumers.count ?? 9 <= 3,
      graph.type(x).dtype == .float32
    {
      return (x, true, axes, rank, Float(sum.constant))
    }
    return (d, false, axes, rank, Float(sum.constant))
  }

  /// The axes of a mean that keeps them with extent 1.
  private static func meanAxes(_ n: Node, _ graph: Graph) -> [Int]? {
    guard let r = n.op as? Reduction, r.function == .mean, r.keepsDimensions, let list = graph.ints(n, 1),
      !list.isEmpty, let rank = graph.shape(n.operand(0))?.count
    else { return nil }
    let axes = list.map { $0 < 0 ? $0 + rank : $0 }.sorted()
    guard axes.allSatisfy({ $0 >= 0 && $0 < rank }), Set(axes).count == axes.count else { return nil }
    return axes
  }

  /// True where the axes are the last ones.
  var isTrailing: Bool { axes == Array((rank - axes.count)..<rank) }
}
