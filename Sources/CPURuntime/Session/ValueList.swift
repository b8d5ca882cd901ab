/// The elements of a sequence: a tree whose copies share what they have in common, so that inserting and removing take
/// logarithmic time although the old list lives on.
package struct ValueList: RandomAccessCollection, ExpressibleByArrayLiteral, Sendable {
  private indirect enum Node: Sendable {
    case leaf([RuntimeValue])
    case branch([Node], count: Int)

    var count: Int {
      switch self {
      case .leaf(let list): list.count
      case .branch(_, let count): count
      }
    }

    static func branch(_ nodes: [Node]) -> Node { .branch(nodes, count: nodes.reduce(0) { $0 + $1.count }) }

    /// The child with element `i`, and the element's place in it; one past the end lies in the last child.
    static func child(_ nodes: [Node], _ i: Int) -> (child: Int, place: Int) {
      var rest = i
      for (k, n) in nodes.enumerated().dropLast() {
        if rest < n.count { return (k, rest) }
        rest -= n.count
      }
      return (nodes.count - 1, rest)
    }

    /// Itself with a new element, in two parts where it has become too wide.
    func inserting(_ v: RuntimeValue, at i: Int) -> [Node] {
      switch self {
      case .leaf(var list):
        list.insert(v, at: i)
        return Self.halves(list).map { .leaf($0) }
      case .branch(var nodes, _):
        let (k, place) = Self.child(nodes, i)
        nodes.replaceSubrange(k...k, with: nodes[k].inserting(v, at: place))
        return Self.halves(nodes).map { .branch($0) }
      }
    }

    /// Itself without element `i`; nil where nothing is left.
    func removing(at i: Int) -> Node? {
      switch self {
      case .leaf(var list):
        list.remove(at: i)
        return list.isEmpty ? nil : .leaf(list)
      case .branch(var nodes, _):
        let (k, place) = Self.child(nodes, i)
        if let n = nodes[k].removing(at: place) { nodes[k] = n } else { nodes.remove(at: k) }
        return nodes.isEmpty ? nil : .branch(nodes)
      }
    }

    private static func halves<T>(_ list: [T]) -> [[T]] {
      list.count <= ValueList.width ? [list] : [Array(list[..<(list.count / 2)]), Array(list[(list.count / 2)...])]
    }
  }

  private static let width = 64
  private var root: Node

  package init() { root = .leaf([]) }

  package init(arrayLiteral elements: RuntimeValue...) { self.init(elements) }

  package init(_ list: [RuntimeValue]) {
    func groups<T>(_ list: [T]) -> [[T]] {
      stride(from: 0, to: list.count, by: Self.width).map { Array(list[$0..<Swift.min($0 + Self.width, list.count)]) }
    }
    var level = groups(list).map { Node.leaf($0) }
    while level.count > 1 { level = groups(level).map { Node.branch($0) } }
    root = level.first ?? .leaf([])
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { root.count }

  package subscript(i: Int) -> RuntimeValue {
    var (node, place) = (root, i)
    while true {
      switch node {
      case .leaf(let list): return list[place]
      case .branch(let nodes, _):
        let (k, rest) = Node.child(nodes, place)
        (node, place) = (nodes[k], rest)
      }
    }
  }

  /// - Parameter i: 0 … count.
  package mutating func insert(_ v: RuntimeValue, at i: Int) {
    let parts = root.inserting(v, at: i)
    root = parts.count == 1 ? parts[0] : .branch(parts)
  }

  /// - Parameter i: 0 ..< count.
  package mutating func remove(at i: Int) { root = root.removing(at: i) ?? .leaf([]) }
}
