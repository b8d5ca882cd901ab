import ByteSource
import ModelGraph
import TensorCore

/// Multiply-adds and parameters of nodes. One multiply-add is one product that enters a sum: half of what is called a
/// FLOP elsewhere. Only convolutions and matrix products count; everything else is 0.
package enum LayerCost {
  /// nil where an extent is not known, or the number overflows.
  package static func multiplyAdds(of node: Node, in graph: Graph) -> Int? {
    func sizes(_ v: ValueID?) -> [Int]? { v.flatMap { graph[$0]?.type.sizes } }
    func operand(_ i: Int) -> [Int]? { i < node.inputs.count ? sizes(node.inputs[i]) : nil }
    let out = sizes(node.outputs.first ?? nil)
    switch node.op {
    case is Convolution:
      guard let out, let w = operand(1), w.count >= 2 else { return nil }
      return checkedProduct(out + w.dropFirst())
    case is TransposedConvolution:
      guard let x = operand(0), let w = operand(1), w.count >= 2 else { return nil }
      return checkedProduct(x + w.dropFirst())
    case let op as InnerProduct:
      guard let out, let w = operand(1), w.count == 2 else { return nil }
      return checkedProduct(out + [op.weightLayout == .outputsByInputs ? w[1] : w[0]])
    case let op as Gemm:
      guard let out, let a = operand(0), a.count == 2 else { return nil }
      return checkedProduct(out + [op.transposesA ? a[0] : a[1]])
    case is MatMul:
      guard let out, let a = operand(0), let inner = a.last else { return nil }
      return checkedProduct(out + [inner])
    default: return 0
    }
  }

  /// Numbers of elements of the constants that each node uses; a constant that several use counts for the first.
  package static func parameters(in graph: Graph) -> [NodeID: Int] {
    var seen: Set<ValueID> = []
    var out: [NodeID: Int] = [:]
    for n in graph.nodes {
      for case let v? in n.inputs {
        // Integer constants are shapes and axes, not parameters that were learnt.
        guard let c = graph[v]?.constant, c.dtype.isFloat, seen.insert(v).inserted else { continue }
        out[n.id, default: 0] += c.count
      }
    }
    return out
  }
}
