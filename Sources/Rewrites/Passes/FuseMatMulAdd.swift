import Diagnostics
import ModelGraph
import TensorCore

/// The product of two matrices and a sum with a bias becomes one Gemm.
package struct FuseMatMulAdd: RewritePass {
  package static let name = "FuseMatMulAdd"
  package static let summary = "join a product of matrices and the sum behind it to Gemm"
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for id in editor.graph.order {
      guard let sum = editor.graph[id], (sum.op as? BinaryMap)?.function == .add, sum.hasOneResult else { continue }
      for i in 0...1 {
        guard let product = editor.graph.privateProducer(of: sum.operand(i)), let bias = sum.operand(1 - i),
          let m = product.result, let gemm = Self.gemm(product, editor.graph), let a = product.operand(0),
          let b = product.operand(1), editor.graph[bias]?.constant != nil, let type = editor.graph.type(m).dtype,
          type == .float32 || type == .float64,
          Self.broadcasts(editor.graph.shape(bias), to: editor.graph.shape(m))
        else { continue }

        try editor.replaceReshape(id, gemm, [a, b, bias], pass: Self.name)
        try editor.erase(product.id)
        changes += 1
        break
      }
    }
    return changes
  }

  /// The product as a Gemm without bias; nil for others.
  private static func gemm(_ n: Node, _ graph: Graph) -> Gemm? {
    if n.op is MatMul, graph.shape(n.operand(0))?.count == 2, graph.shape(n.operand(1))?.count == 2 { return Gemm() }
    if var g = n.op as? Gemm, !n.has(2) {
      g.beta = 1
      return g
    }
    return nil
  }

  /// Whether a bias surely broadcasts to the product and does not enlarge it.
  private static func broadcasts(_ bias: [Dim]?, to product: [Dim]?) -> Bool {
    guard let bias, let product, bias.count <= product.count else { return false }
    return zip(bias.reversed(), product.reversed()).allSatisfy { b, p in
      b.value == 1 || (b == p && !b.symbols.contains { $0.hasPrefix("?") })
    }
  }
}
