import Diagnostics
import ModelGraph
import TensorCore

// What passes ask of a graph when they look for a pattern.

extension Node {
  func operand(_ i: Int) -> ValueID? { i < inputs.count ? inputs[i] : nil }

  /// The first result.
  var result: ValueID? { outputs.first ?? nil }

  /// True where no result but the first is there.
  var hasOneResult: Bool { outputs.dropFirst().allSatisfy { $0 == nil } }
}

extension Graph {
  /// True for a value with one use that is no output: it may vanish.
  func isPrivate(_ v: ValueID) -> Bool { self[v]?.consumers.count == 1 && !isOutput(v) }

  /// The node that alone uses `v`.
  func onlyUser(of v: ValueID?) -> Node? {
    guard let v, isPrivate(v), let user = self[v]?.consumers.first else { return nil }
    return self[user]
  }

  /// The node that makes `v`, where it makes it for one use alone.
  func privateProducer(of v: ValueID?) -> Node? {
    guard let v, isPrivate(v) else { return nil }
    return producer(of: v)
  }

  /// A constant with one floating-point element.
  func scalar(_ v: ValueID?) -> Double? {
    guard let v, let t = self[v]?.constant, t.count == 1, t.dtype.isFloat, let x = try? t.doubles().first else {
      return nil
    }
    return x
  }

  /// The numbers of a small constant integer operand.
  func ints(_ node: Node, _ i: Int) -> [Int]? {
    guard let t = node.constant(i, self), t.dtype.isInteger, t.count <= 1 << 12, let v = try? t.ints() else {
      return nil
    }
    return v.map { Int($0) }
  }

  func type(_ v: ValueID?) -> ValueType { v.flatMap { self[$0]?.type } ?? .unknown }

  func shape(_ v: ValueID?) -> [Dim]? { v.flatMap { self[$0]?.type.shape } }

  /// True where both values certainly have one type and shape. Extents that only a run tells are equal to themselves alone,
  /// and their names do not prove that; nor does a name that one shape has twice, as some exporters name them all alike.
  func haveSameShape(_ a: ValueID, _ b: ValueID) -> Bool {
    guard let s = shape(a), let r = shape(b), s == r else { return false }
    let open = s.filter { $0.value == nil }
    return Set(open).count == open.count && !open.contains { $0.symbols.contains { $0.hasPrefix("?") } }
  }
}

/// A value as coefficient · factor · factor …: products, quotients and small powers with constants gathered, as far as
/// the results between have no other use.
struct ScalarProduct {
  var coefficient = 1.0
  var factors: [ValueID] = []

  init(_ v: ValueID, in graph: Graph, isRoot: Bool = true, depth: Int = 5) {
    guard depth > 0, isRoot || graph.isPrivate(v), let n = graph.producer(of: v), let b = n.op as? BinaryMap,
      let x = n.operand(0), let y = n.operand(1)
    else {
      factors = [v]
      return
    }
    func part(_ v: ValueID) -> ScalarProduct { ScalarProduct(v, in: graph, isRoot: false, depth: depth - 1) }
    switch b.function {
    case .multiply:
      if let c = graph.scalar(y) {
        self = part(x)
        coefficient *= c
      } else if let c = graph.scalar(x) {
        self = part(y)
        coefficient *= c
      } else {
        let (l, r) = (part(x), part(y))
        coefficient = l.coefficient * r.coefficient
        factors = l.factors + r.factors
      }
    case .divide:
      guard let c = graph.scalar(y), c != 0 else {
        factors = [v]
        return
      }
      self = part(x)
      coefficient /= c
    case .power:
      guard let e = graph.scalar(y), e == 2 || e == 3 else {
        factors = [v]
        return
      }
      factors = Array(repeating: x, count: Int(e))
    default: factors = [v]
    }
  }

  /// True where the coefficient is `c` to about six digits and the factors are `wanted` in any order.
  func isProduct(_ c: Double, _ wanted: [ValueID]) -> Bool {
    isNear(c) && factors.sorted() == wanted.sorted()
  }

  func isNear(_ c: Double) -> Bool { abs(coefficient - c) <= 2e-6 * abs(c) }

  /// The other factor of two, where one is `x`.
  func other(than x: ValueID) -> ValueID? {
    guard factors.count == 2, let i = factors.firstIndex(of: x) else { return nil }
    return factors[1 - i]
  }
}

/// A value as constant + term, where it is a sum with a constant, or a difference of one.
struct ScalarSum {
  var constant = 0.0
  var term: ValueID

  init?(_ v: ValueID, in graph: Graph) {
    guard let n = graph.producer(of: v), let b = n.op as? BinaryMap, let x = n.operand(0), let y = n.operand(1) else {
      return nil
    }
    switch b.function {
    case .add:
      if let c = graph.scalar(y) {
        (constant, term) = (c, x)
      } else if let c = graph.scalar(x) {
        (constant, term) = (c, y)
      } else {
        return nil
      }
    case .subtract:
      guard let c = graph.scalar(y) else { return nil }
      (constant, term) = (-c, x)
    default: return nil
    }
  }
}
