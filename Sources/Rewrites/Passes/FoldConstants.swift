import Diagnostics
import ModelGraph
import TensorCore

/// Computes what depends on constants alone, and shape arithmetic whose result is known, as long as results stay small.
package struct FoldConstants: RewritePass {
  package static let name = "FoldConstants"
  package static let summary = "compute results that depend on constants alone (bounded by size)"
  package static let establishes: Set<GraphProperty> = [.constantsFolded]
  package init() {}

  package func apply(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var total = 0
    // A constant may tell extents, and these further constants.
    for _ in 0..<8 {
      editor.refineTypes()
      let changes = try foldOnce(&editor, context)
      total += changes
      if changes == 0 { break }
    }
    return total
  }

  private func foldOnce(_ editor: inout GraphEditor, _ context: RewriteContext) throws(Diagnostic) -> Int {
    var changes = 0
    for node in editor.graph.nodes {
      guard let node = editor.graph[node.id], !node.op.isNondeterministic, !(node.op is ForeignOperator),
        !node.outputs.contains(where: { $0.map(editor.graph.isOutput) ?? false })
      else { continue }
      guard let results = try fold(node, editor.graph, context) else { continue }
      for (id, tensor) in zip(node.outputs, results) {
        guard let id, let tensor else { continue }
        editor.makeConstant(id, tensor)
      }
      try editor.erase(node.id)
      changes += 1
    }
    if changes > 0 { editor.eraseUnused() }
    return changes
  }

  /// The results as constants, or nil where they are not known, too large, or not computable here.
  private func fold(_ node: Node, _ graph: Graph, _ context: RewriteContext) throws(Diagnostic) -> [Tensor?]? {
    if let known = try knownContents(node, graph) { return known }
    let operands = node.inputs.compactMap { $0 }
    guard let evaluator = context.evaluator, !operands.isEmpty || node.op is Fill,
      operands.allSatisfy({ graph[$0]?.constant != nil })
    else { return nil }
    // Views of large parameters (Transpose, Slice) have their own rewrites that copy nothing.
    var total = 0
    for id in node.outputs.compactMap({ $0 }) {
      guard let type = graph[id]?.type, let t = type.dtype, let sizes = type.sizes,
        let bytes = sizes.checkedByteCount(t), bytes <= context.foldingLimit - total
      else { return nil }
      total += bytes
    }
    for id in operands where (graph[id]?.constant?.byteCount ?? 0) > 16 * context.foldingLimit { return nil }
    // An operator that fails on these values fails when the model runs, where the message belongs.
    return try? evaluator.evaluate(node, in: graph)
  }

  /// Integer results that inference has worked out.
  private func knownContents(_ node: Node, _ graph: Graph) throws(Diagnostic) -> [Tensor?]? {
    var out: [Tensor?] = []
    for id in node.outputs {
      guard let id else {
        out.append(nil)
        continue
      }
      guard let value = graph[id], let contents = value.contents, let t = value.type.dtype,
        let sizes = value.type.sizes,
        t == .int64 || t == .int32, Tensor.count(of: sizes) == contents.count
      else { return nil }
      let numbers = contents.compactMap(\.value)
      guard numbers.count == contents.count else { return nil }
      if t == .int64 {
        out.append(try Tensor(numbers.map { Int64($0) }, shape: sizes))
      } else {
        let narrow = numbers.compactMap { Int32(exactly: $0) }
        guard narrow.count == numbers.count else { return nil }
        out.append(try Tensor(narrow, shape: sizes))
      }
    }
    return out.contains { $0 != nil } ? out : nil
  }
}

extension [Int] {
  func checkedByteCount(_ t: DType) -> Int? { Tensor.count(of: self).flatMap { t.byteCount($0) } }
}
