import ByteSource
import Diagnostics

/// A value of a pickle. What is mutable or shared in Python is a node of the pickle's `PickleObjects`, by index, so
/// that cycles and nests of any depth cost nothing to hold and to let go.
package enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer of more than 64 bits, as little-endian two's complement bytes (binary) or as digits (text).
  case largeInteger(ByteSlice)
  case number(Double)
  /// Python 3's str and Python 2's unicode, as UTF-8 (lone surrogates kept).
  case text(ByteSlice)
  /// Python 2's str, which holds text or bytes.
  case string(ByteSlice)
  /// Python 3's bytes.
  case bytes(ByteSlice)
  case node(Int)

  /// The bytes of any kind of string.
  package var stringBytes: ByteSlice? {
    switch self {
    case .text(let b), .string(let b), .bytes(let b): b
    default: nil
    }
  }

  package var int: Int? {
    switch self {
    case .integer(let i): i
    case .bool(let b): b ? 1 : 0
    default: nil
    }
  }
}

/// A name that a pickle refers to: `module.name`, never imported, never called.
package struct PickleGlobal: Sendable, Hashable {
  package let module: String
  package let name: String
  /// Offset in the file of the opcode that brought it up.
  package let offset: Int

  package var description: String { module + "." + name }
}

/// One object of a pickle.
package final class PickleNode {
  /// What the object is.
  package enum Kind {
    case list
    case tuple
    case dictionary
    case set
    case byteArray(ByteSlice)
    case global(PickleGlobal)
    /// What calling `callable` with `items` would have made. Members appended or set later stand in `extraItems`, `pairs`.
    case record(callable: PickleValue)
    /// Something outside the pickle, by the identifier given.
    case persistent(PickleValue)
  }

  package let kind: Kind
  /// Elements of a list, tuple or set; arguments of a record.
  package var items: [PickleValue] = []
  /// Elements appended to a record: it stands for a list or a set then.
  package var extraItems: [PickleValue] = []
  /// Members of a dictionary, or set on a record, in order; a key may stand several times, the last counts.
  package var pairs: [(key: PickleValue, value: PickleValue)] = []
  /// What BUILD attached: the attributes of a record.
  package var state: PickleValue?

  init(_ kind: Kind) { self.kind = kind }
}

/// The outcome of running a pickle: its objects and the value at the end.
package struct PickleObjects {
  package var root: PickleValue = .none
  package fileprivate(set) var nodes: [PickleNode] = []
  /// Every global in the order it is met.
  package fileprivate(set) var globals: [PickleGlobal] = []
  /// Offset behind STOP.
  package var end = 0

  /// More objects than any weight file has; each costs memory.
  static let limit = 1 << 22

  init() {}

  /// The node that a value refers to.
  package subscript(v: PickleValue) -> PickleNode? {
    guard case .node(let i) = v, i >= 0, i < nodes.count else { return nil }
    return nodes[i]
  }

  /// The global that a value is.
  package func global(_ v: PickleValue) -> PickleGlobal? {
    guard let n = self[v], case .global(let g) = n.kind else { return nil }
    return g
  }

  mutating func make(_ kind: PickleNode.Kind, items: [PickleValue] = []) -> PickleValue? {
    guard nodes.count < Self.limit else { return nil }
    let n = PickleNode(kind)
    n.items = items
    nodes.append(n)
    return .node(nodes.count - 1)
  }

  mutating func note(_ g: PickleGlobal) { globals.append(g) }
}
