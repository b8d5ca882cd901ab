import Diagnostics

/// How many nodes a graph has when all local functions are inlined, counted without inlining: a few functions that call
/// each other twice make billions.
struct FunctionCount {
  private let functions: [String: FunctionMessage]
  private var counts: [String: Int] = [:]
  private var open: Set<String> = []

  /// - Throws: `onnx.too-many-nodes` above `limit`.
  static func check(
    _ graph: GraphMessage, _ functions: [String: FunctionMessage], limit: Int, _ place: SourceLocation
  ) throws(Diagnostic) {
    guard !functions.isEmpty else { return }
    var counter = FunctionCount(functions: functions)
    let total = counter.nodes(graph.nodes, depth: 0)
    guard total <= limit else {
      throw .error(
        "onnx.too-many-nodes", "the model has more than \(limit) nodes, calls of functions included", at: place)
    }
  }

  private init(functions: [String: FunctionMessage]) { self.functions = functions }

  /// Saturates far above any limit.
  private mutating func nodes(_ list: [NodeMessage], depth: Int) -> Int {
    var sum = 0
    for n in list {
      var own = 1
      let key = OnnxModelContext.key(n.domain, n.type, n.overload)
      if let f = functions[key] { own = called(f, key, depth: depth) }
      for a in n.attributes where depth < 64 {
        switch a.value {
        case .graph(let g): own += nodes(g.nodes, depth: depth + 1)
        case .graphs(let all): for g in all { own += nodes(g.nodes, depth: depth + 1) }
        default: break
        }
      }
      sum = min(sum + own, 1 << 40)
    }
    return sum
  }

  private mutating func called(_ f: FunctionMessage, _ key: String, depth: Int) -> Int {
    if let known = counts[key] { return known }
    // A function that calls itself is refused when it is inlined.
    guard open.insert(key).inserted, depth < 256 else { return 0 }
    defer { open.remove(key) }
    let count = nodes(f.nodes, depth: depth + 1)
    counts[key] = count
    return count
  }
}
