/// A tensor extent: a constant, a symbol, or an integer expression of symbols in a canonical form.
///
/// The form is a polynomial: a constant plus terms `coefficient · atom · atom …`, sorted, where an atom is a symbol or an
/// opaque node (⌊a/k⌋, ⌈a/k⌉, min, max). Equal expressions built in different ways compare equal where the form allows.
/// Operations are named methods because operator overloads with literals overwhelm the type checker.
package struct Dim: Hashable, Sendable {
  package indirect enum Atom: Hashable, Sendable {
    case symbol(String)
    case floorDiv(Dim, Dim)
    case ceilDiv(Dim, Dim)
    case min(Dim, Dim)
    case max(Dim, Dim)
  }
  struct Term: Hashable, Sendable {
    var coefficient: Int
    var atoms: [Atom]
  }

  package let constant: Int
  let terms: [Term]

  package init(_ constant: Int) {
    self.constant = constant
    terms = []
  }

  private init(constant: Int, terms: [Term]) {
    self.constant = constant
    self.terms = terms
  }

  package static func symbol(_ name: String) -> Dim { Dim(atom: .symbol(name)) }

  private init(atom: Atom) { self.init(constant: 0, terms: [Term(coefficient: 1, atoms: [atom])]) }

  /// The atom as an extent; one whose expression has grown large becomes an anonymous symbol, the same for equal
  /// expressions. Each operation may double an expression, so that forty in a row would never end.
  private static func bounded(_ atom: Atom) -> Dim {
    let d = Dim(atom: atom)
    guard d.size > 96 else { return d }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in atom.description.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return .symbol("?x\(String(hash, radix: 36))")
  }

  /// Symbols and numbers in the expression, counted as often as they stand in it.
  private var size: Int {
    var n = 1
    for t in terms {
      for a in t.atoms {
        switch a {
        case .symbol: n += 1
        case .floorDiv(let x, let y), .ceilDiv(let x, let y), .min(let x, let y), .max(let x, let y):
          n += x.size + y.size
        }
      }
    }
    return n
  }

  /// The number, where this is one.
  package var value: Int? { terms.isEmpty ? constant : nil }

  /// The name, where this is a lone symbol.
  package var symbolName: String? {
    guard constant == 0, terms.count == 1, terms[0].coefficient == 1, terms[0].atoms.count == 1,
      case .symbol(let s) = terms[0].atoms[0]
    else { return nil }
    return s
  }

  /// True for a symbol that inference made up for an extent that is known only at run time.
  package var isAnonymous: Bool { symbolName?.hasPrefix("?") ?? false }

  // MARK: Arithmetic (constants are checked; overflow throws)

  package func plus(_ other: Dim) throws(InferenceError) -> Dim {
    try Dim.canonical(constant: Dim.add(constant, other.constant), terms: terms + other.terms)
  }

  package func plus(_ n: Int) throws(InferenceError) -> Dim { try plus(Dim(n)) }

  package func minus(_ other: Dim) throws(InferenceError) -> Dim { try plus(other.times(-1)) }

  package func minus(_ n: Int) throws(InferenceError) -> Dim { try plus(Dim(n).times(-1)) }

  package func times(_ k: Int) throws(InferenceError) -> Dim { try times(Dim(k)) }

  package func times(_ other: Dim) throws(InferenceError) -> Dim {
    var out: [Term] = []
    for a in terms {
      if other.constant != 0 {
        out.append(Term(coefficient: try Dim.mul(a.coefficient, other.constant), atoms: a.atoms))
      }
      for b in other.terms {
        out.append(Term(coefficient: try Dim.mul(a.coefficient, b.coefficient), atoms: a.atoms + b.atoms))
      }
    }
    if constant != 0 {
      for b in other.terms { out.append(Term(coefficient: try Dim.mul(constant, b.coefficient), atoms: b.atoms)) }
    }
    return try Dim.canonical(constant: Dim.mul(constant, other.constant), terms: out)
  }

  /// ⌊self / divisor⌋ towards negative infinity. Divides exactly where every coefficient allows it.
  package func floorDiv(_ divisor: Dim) throws(InferenceError) -> Dim {
    if let q = try exactQuotient(divisor) { return q }
    if let d = divisor.value {
      guard d > 0 else { throw InferenceError("division of an extent by \(d)") }
      if let v = value { return Dim(Dim.floorQuotient(v, d)) }
    }
    return Dim.bounded(.floorDiv(self, divisor))
  }

  package func floorDiv(_ k: Int) throws(InferenceError) -> Dim { try floorDiv(Dim(k)) }

  /// ⌈self / divisor⌉.
  package func ceilDiv(_ divisor: Dim) throws(InferenceError) -> Dim {
    if let q = try exactQuotient(divisor) { return q }
    if let d = divisor.value {
      guard d > 0 else { throw InferenceError("division of an extent by \(d)") }
      if let v = value { return Dim(Dim.floorQuotient(v, d) + (v % d == 0 ? 0 : 1)) }
    }
    return Dim.bounded(.ceilDiv(self, divisor))
  }

  package func ceilDiv(_ k: Int) throws(InferenceError) -> Dim { try ceilDiv(Dim(k)) }

  package func minimum(_ other: Dim) -> Dim {
    if self == other { return self }
    if let a = value, let b = other.value { return Dim(Swift.min(a, b)) }
    return Dim.bounded(Dim.ordered(self, other) ? .min(self, other) : .min(other, self))
  }

  package func maximum(_ other: Dim) -> Dim {
    if self == other { return self }
    if let a = value, let b = other.value { return Dim(Swift.max(a, b)) }
    return Dim.bounded(Dim.ordered(self, other) ? .max(self, other) : .max(other, self))
  }

  /// The quotient where the division leaves no remainder by the form of the expression.
  package func exactQuotient(_ divisor: Dim) throws(InferenceError) -> Dim? {
    if divisor.value == 1 { return self }
    if self == divisor, divisor.constant != 0 || !divisor.terms.isEmpty { return Dim(1) }
    if let d = divisor.value {
      guard d != 0, !(terms.isEmpty), d != -1, constant % d == 0, terms.allSatisfy({ $0.coefficient % d == 0 }) else {
        if let v = value, d > 0, v % d == 0 { return Dim(v / d) }
        return nil
      }
      return Dim(
        constant: constant / d, terms: terms.map { Term(coefficient: $0.coefficient / d, atoms: $0.atoms) })
    }
    // A single monomial divides when its atoms occur in every term.
    guard divisor.constant == 0, divisor.terms.count == 1, constant == 0, let d = divisor.terms.first else {
      return nil
    }
    var out: [Term] = []
    for t in terms {
      var atoms = t.atoms
      for a in d.atoms {
        guard let i = atoms.firstIndex(of: a) else { return nil }
        atoms.remove(at: i)
      }
      guard d.coefficient != 0, d.coefficient != -1, t.coefficient % d.coefficient == 0 else { return nil }
      out.append(Term(coefficient: t.coefficient / d.coefficient, atoms: atoms))
    }
    return try Dim.canonical(constant: 0, terms: out)
  }

  // MARK: Substitution

  /// The expression with symbols replaced.
  package func substituting(_ bindings: [String: Dim]) throws(InferenceError) -> Dim {
    if terms.isEmpty { return self }
    var sum = Dim(constant)
    for t in terms {
      var product = Dim(t.coefficient)
      for a in t.atoms { product = try product.times(Dim.substitute(a, bindings)) }
      sum = try sum.plus(product)
    }
    return sum
  }

  private static func substitute(_ a: Atom, _ b: [String: Dim]) throws(InferenceError) -> Dim {
    switch a {
    case .symbol(let s): return b[s] ?? Dim.symbol(s)
    case .floorDiv(let x, let y): return try x.substituting(b).floorDiv(y.substituting(b))
    case .ceilDiv(let x, let y): return try x.substituting(b).ceilDiv(y.substituting(b))
    case .min(let x, let y): return try x.substituting(b).minimum(y.substituting(b))
    case .max(let x, let y): return try x.substituting(b).maximum(y.substituting(b))
    }
  }

  /// All symbols that occur.
  package var symbols: Set<String> {
    var out: Set<String> = []
    for t in terms {
      for a in t.atoms {
        switch a {
        case .symbol(let s): out.insert(s)
        case .floorDiv(let x, let y), .ceilDiv(let x, let y), .min(let x, let y), .max(let x, let y):
          out.formUnion(x.symbols)
          out.formUnion(y.symbols)
        }
      }
    }
    return out
  }

  // MARK: Canonical form

  private static func canonical(constant: Int, terms: [Term]) throws(InferenceError) -> Dim {
    guard !terms.isEmpty else { return Dim(constant) }
    // Hostile shape arithmetic could grow without bound.
    guard terms.count <= 256 else { throw InferenceError("an extent's expression has more than 256 terms") }
    var constant = constant
    var merged: [Term] = []
    for t in terms where t.coefficient != 0 {
      if t.atoms.isEmpty {
        constant = try add(constant, t.coefficient)
        continue
      }
      let atoms = t.atoms.count == 1 ? t.atoms : t.atoms.sorted { $0.description < $1.description }
      if let i = merged.firstIndex(where: { $0.atoms == atoms }) {
        merged[i].coefficient = try add(merged[i].coefficient, t.coefficient)
      } else {
        merged.append(Term(coefficient: t.coefficient, atoms: atoms))
      }
    }
    merged.removeAll { $0.coefficient == 0 }
    if merged.count > 1 { merged.sort { $0.key < $1.key } }
    return Dim(constant: constant, terms: merged)
  }

  private static func ordered(_ a: Dim, _ b: Dim) -> Bool { a.description <= b.description }

  private static func floorQuotient(_ a: Int, _ d: Int) -> Int { a >= 0 ? a / d : -((-(a + 1)) / d) - 1 }

  private static func add(_ a: Int, _ b: Int) throws(InferenceError) -> Int {
    let (v, o) = a.addingReportingOverflow(b)
    if o { throw InferenceError("an extent is too large") }
    return v
  }

  private static func mul(_ a: Int, _ b: Int) throws(InferenceError) -> Int {
    let (v, o) = a.multipliedReportingOverflow(by: b)
    if o { throw InferenceError("an extent is too large") }
    return v
  }
}

extension Dim.Term {
  var key: String { atoms.map(\.description).joined(separator: "*") }
}

extension Dim.Atom: CustomStringConvertible {
  package var description: String {
    switch self {
    case .symbol(let s): s
    case .floorDiv(let a, let b): "floor(\(a.grouped)/\(b.grouped))"
    case .ceilDiv(let a, let b): "ceil(\(a.grouped)/\(b.grouped))"
    case .min(let a, let b): "min(\(a),\(b))"
    case .max(let a, let b): "max(\(a),\(b))"
    }
  }
}

extension Dim: CustomStringConvertible {
  package var description: String {
    if terms.isEmpty { return String(constant) }
    var s = ""
    for t in terms {
      if t.coefficient < 0 { s += "-" } else if !s.isEmpty { s += "+" }
      if t.coefficient.magnitude != 1 { s += "\(t.coefficient.magnitude)*" }
      s += t.key
    }
    if constant != 0 { s += constant > 0 ? "+\(constant)" : "\(constant)" }
    return s
  }

  fileprivate var grouped: String { terms.isEmpty || symbolName != nil ? description : "(\(description))" }
}

extension Dim: ExpressibleByIntegerLiteral {
  package init(integerLiteral n: Int) { self.init(n) }
}
