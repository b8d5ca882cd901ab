import Diagnostics
import TensorCore

/// What inference knows of a node's operands: types, and values where these are constants or symbolic shape vectors.
package struct TypeInputs: Sendable {
  /// One operand; nil in `operands` stands for an omitted optional one.
  package struct Operand: Sendable {
    package var type: ValueType
    package var constant: Tensor?
    /// Elements of a 0-d or 1-d integer tensor as expressions, where they are known.
    package var contents: [Dim]?
    package init(type: ValueType, constant: Tensor? = nil, contents: [Dim]? = nil) {
      self.type = type
      self.constant = constant
      self.contents = contents
    }
  }
  package let operands: [Operand?]
  private let freshPrefix: String

  /// - Parameter freshPrefix: makes the anonymous symbols of this node unique in its graph.
  package init(_ operands: [Operand?], freshPrefix: String = "") {
    self.operands = operands
    self.freshPrefix = freshPrefix
  }

  package var count: Int { operands.count }

  package func has(_ i: Int) -> Bool { i < operands.count && operands[i] != nil }

  package func operand(_ i: Int) throws(InferenceError) -> Operand {
    guard i < operands.count, let o = operands[i] else { throw InferenceError("operand \(i) is missing", input: i) }
    return o
  }

  package func type(_ i: Int) throws(InferenceError) -> ValueType { try operand(i).type }

  /// The element type of tensor operand `i`.
  package func dtype(_ i: Int) throws(InferenceError) -> DType {
    let t = try type(i)
    guard let d = t.dtype else { throw InferenceError("operand \(i) is \(t), not a tensor", input: i) }
    return d
  }

  /// The shape of tensor operand `i`; nil where the rank is unknown.
  package func shape(_ i: Int) throws(InferenceError) -> Shape {
    let t = try type(i)
    guard case .tensor(_, let s) = t else { throw InferenceError("operand \(i) is \(t), not a tensor", input: i) }
    return s
  }

  /// The constant of operand `i`, where it is one.
  package func constant(_ i: Int) -> Tensor? { i < operands.count ? operands[i]?.constant : nil }

  /// The elements of integer operand `i` as expressions, from a constant or from shape arithmetic.
  package func contents(_ i: Int) -> [Dim]? {
    guard i < operands.count, let o = operands[i] else { return nil }
    if let c = o.contents { return c }
    guard let t = o.constant, t.rank <= 1, t.count <= 1024, t.dtype.isInteger || t.dtype == .bool,
      let v = try? t.ints()
    else { return nil }
    return v.map { Dim(Int($0)) }
  }

  /// The elements of integer operand `i` as numbers.
  package func ints(_ i: Int) -> [Int]? {
    if let t = constant(i), t.dtype.isInteger || t.dtype == .bool, let v = try? t.ints() { return v.map { Int($0) } }
    guard let c = contents(i) else { return nil }
    var out: [Int] = []
    for d in c {
      guard let v = d.value else { return nil }
      out.append(v)
    }
    return out
  }

  /// A symbol for an extent that only running tells; `k` numbers them within the node.
  package func fresh(_ k: Int = 0) -> Dim { .symbol("?\(freshPrefix).\(k)") }
}

/// Shape helpers that inference rules share.
package enum ShapeRule {
  /// `axis` counted from the end where negative, checked against `rank` (`rank` itself allowed with `inclusive`).
  package static func axis(_ axis: Int, rank: Int, inclusive: Bool = false) throws(InferenceError) -> Int {
    let a = axis < 0 ? axis + rank + (inclusive ? 1 : 0) : axis
    guard axis >= -rank - (inclusive ? 1 : 0), a >= 0, inclusive ? a <= rank : a < rank else {
      throw InferenceError("axis \(axis) is outside a rank of \(rank)")
    }
    return a
  }

  /// The product of extents.
  package static func product(_ dims: some Sequence<Dim>) throws(InferenceError) -> Dim {
    var p = Dim(1)
    for d in dims { p = try p.times(d) }
    return p
  }

  /// NumPy's multidirectional broadcast. A symbol against a constant above 1 gives the constant; two different symbols
  /// give the first's name only if the other is 1, otherwise their maximum.
  package static func broadcast(_ a: [Dim], _ b: [Dim]) throws(InferenceError) -> [Dim] {
    var out: [Dim] = []
    let n = max(a.count, b.count)
    for i in 0..<n {
      let x = i < n - a.count ? Dim(1) : a[i - (n - a.count)]
      let y = i < n - b.count ? Dim(1) : b[i - (n - b.count)]
      if x == y || y.value == 1 {
        out.append(x)
      } else if x.value == 1 {
        out.append(y)
      } else if x.value != nil, y.value != nil {
        throw InferenceError("extents \(x) and \(y) of axis \(i) do not broadcast")
      } else {
        out.append(x.value != nil ? x : y.value != nil ? y : x.maximum(y))
      }
    }
    return out
  }

  /// Throws unless the extents can be equal (different constants cannot).
  package static func requireEqual(_ a: Dim, _ b: Dim, _ what: @autoclosure () -> String) throws(InferenceError) {
    if let x = a.value, let y = b.value, x != y { throw InferenceError("\(what()): \(x) and \(y) differ") }
  }
}
