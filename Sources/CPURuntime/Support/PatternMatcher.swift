/// Why a pattern cannot be used.
struct PatternError: Error {
  var message: String
}

/// Regular expressions of RE2's kind without captures, matched in time linear in text and pattern.
///
/// Known: literals, `.`, classes with ranges, negation, escapes (`\d \w \s` and their opposites) and POSIX names, groups
/// (capturing or not, named, with the flags i and s), alternation, `* + ? {m,n}` greedy or not, `^ $ \A \z \b \B`.
struct PatternMatcher {
  private indirect enum Node {
    case empty
    case set(CharacterSet)
    case assertion(Assertion)
    case sequence([Node])
    case choice([Node])
    case loop(Node, Int, Int?)
  }
  private enum Assertion { case start, end, wordBoundary, noWordBoundary }
  private struct CharacterSet {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false
    func contains(_ c: UInt32) -> Bool { ranges.contains { $0.contains(c) } != isNegated }
  }
  private enum Step {
    case set(CharacterSet)
    case assertion(Assertion)
    case split(Int, Int)
    case jump(Int)
    case match
  }
  private var steps: [Step] = []

  init(_ pattern: String) throws(PatternError) {
    var parser = Parser(Array(pattern.unicodeScalars))
    let node = try parser.parse()
    try emit(node, 0)
    steps.append(.match)
  }

  private mutating func emit(_ node: Node, _ depth: Int) throws(PatternError) {
    guard steps.count < 20_000, depth < 200 else { throw PatternError(message: "it is too large") }
    switch node {
    case .empty: break
    case .set(let s): steps.append(.set(s))
    case .assertion(let a): steps.append(.assertion(a))
    case .sequence(let list): for n in list { try emit(n, depth + 1) }
    case .choice(let list):
      var jumps: [Int] = []
      for (i, n) in list.enumerated() {
        if i == list.count - 1 {
          try emit(n, depth + 1)
          continue
        }
        let split = steps.count
        steps.append(.match)
        try emit(n, depth + 1)
        jumps.append(steps.count)
        steps.append(.match)
        steps[split] = .split(split + 1, steps.count)
      }
      for j in jumps { steps[j] = .jump(steps.count) }
    case .loop(let n, let low, let high):
      for _ in 0..<low { try emit(n, depth + 1) }
      if let high {
        var splits: [Int] = []
        for _ in low..<max(high, low) {
          splits.append(steps.count)
          steps.append(.match)
          try emit(n, depth + 1)
        }
        for s in splits { steps[s] = .split(s + 1, steps.count) }
      } else {
        let split = steps.count
        steps.append(.match)
        try emit(n, depth + 1)
        steps.append(.jump(split))
        steps[split] = .split(split + 1, steps.count)
      }
    }
  }

  /// Whether the whole text matches.
  func matchesWhole(_ text: String) -> Bool {
    let input = text.unicodeScalars.map(\.value)
    var current = [Bool](repeating: false, count: steps.count)
    var list: [Int] = []
    func isWord(_ i: Int) -> Bool {
      guard i >= 0, i < input.count else { return false }
      let c = input[i]
      return (48...57).contains(c) || (65...90).contains(c) || (97...122).contains(c) || c == 95
    }
    func add(_ start: Int, _ at: Int, _ seen: inout [Bool], _ out: inout [Int]) {
      var stack = [start]
      while let s = stack.popLast() {
        guard !seen[s] else { continue }
        seen[s] = true
        switch steps[s] {
        case .jump(let t): stack.append(t)
        case .split(let a, let b):
          stack.append(b)
          stack.append(a)
        case .assertion(let a):
          let holds =
            switch a {
            case .start: at == 0
            case .end: at == input.count
            case .wordBoundary: isWord(at - 1) != isWord(at)
            case .noWordBoundary: isWord(at - 1) == isWord(at)
            }
          if holds { stack.append(s + 1) }
        case .set, .match: out.append(s)
        }
      }
    }
    add(0, 0, &current, &list)
    for (i, c) in input.enumerated() {
      var next = [Bool](repeating: false, count: steps.count)
      var following: [Int] = []
      for s in list {
        if case .set(let set) = steps[s], set.contains(c) { add(s + 1, i + 1, &next, &following) }
      }
      list = following
      if list.isEmpty { return false }
    }
    return list.contains { if case .match = steps[$0] { true } else { false } }
  }

  // MARK: Parsing

  private struct Parser {
    let text: [Unicode.Scalar]
    var at = 0
    var ignoresCase = false
    var dotIsAll = false

    init(_ text: [Unicode.Scalar]) { self.text = text }

    private var peek: Unicode.Scalar? { at < text.count ? text[at] : nil }

    private mutating func take() throws(PatternError) -> Unicode.Scalar {
      guard at < text.count else { throw PatternError(message: "it ends too early") }
      at += 1
      return text[at - 1]
    }

    private mutating func takes(_ s: String) -> Bool {
      let want = Array(s.unicodeScalars)
      guard at + want.count <= text.count, Array(text[at..<at + want.count]) == want else { return false }
      at += want.count
      return true
    }

    mutating func parse() throws(PatternError) -> Node {
      let n = try alternation(0)
      if at < text.count { throw PatternError(message: "an unexpected ')'") }
      return n
    }

    private mutating func alternation(_ depth: Int) throws(PatternError) -> Node {
      guard depth < 100 else { throw PatternError(message: "groups are nested too deep") }
      var choices: [Node] = []
      repeat { choices.append(try sequence(depth)) } while takes("|")
      return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence(_ depth: Int) throws(PatternError) -> Node {
      var list: [Node] = []
      while let c = peek, c != "|", c != ")" {
        var n = try atom(depth)
        while let (low, high) = try quantifier() {
          n = .loop(n, low, high)
          _ = takes("?")
        }
        list.append(n)
      }
      return list.isEmpty ? .empty : list.count == 1 ? list[0] : .sequence(list)
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
      if takes("*") { return (0, nil) }
      if takes("+") { return (1, nil) }
      if takes("?") { return (0, 1) }
      guard peek == "{" else { return nil }
      let start = at
      at += 1
      func number() -> Int? {
        var digits = ""
        while let c = peek, ("0"..."9").contains(c) {
          digits.unicodeScalars.append(c)
          at += 1
        }
        return Int(digits)
      }
      guard let low = number() else {
        at = start
        return nil
      }
      var high: Int? = low
      if takes(",") { high = number() }
      guard takes("}") else {
        at = start
        return nil
      }
      guard low <= 1000, (high ?? 0) <= 1000, (high ?? low) >= low else {
        throw PatternError(message: "a bad repeat count")
      }
      return (low, high)
    }

    private mutating func atom(_ depth: Int) throws(PatternError) -> Node {
      let c = try take()
      switch c {
      case "(": return try group(depth)
      case "[": return .set(try characterClass())
      case ".": return .set(CharacterSet(ranges: dotIsAll ? [] : [10...10], isNegated: true))
      case "^": return .assertion(.start)
      case "$": return .assertion(.end)
      case "*", "+", "?": throw PatternError(message: "nothing to repeat before '\(c)'")
      case "\\": return try escape()
      default: return .set(literal(c.value))
      }
    }

    private mutating func group(_ depth: Int) throws(PatternError) -> Node {
      let saved = (ignoresCase, dotIsAll)
      if takes("?") {
        if takes("P<") || takes("<") {
          while try take() != ">" {}
        } else {
          var value = true
          while true {
            switch try take() {
            case "i": ignoresCase = value
            case "s": dotIsAll = value
            case "m", "U": throw PatternError(message: "the flags m and U are not known")
            case "-": value = false
            case ")": return .empty
            case ":":
              let n = try alternation(depth + 1)
              guard takes(")") else { throw PatternError(message: "a ')' is missing") }
              (ignoresCase, dotIsAll) = saved
              return n
            case let c: throw PatternError(message: "'(?\(c)' is not known")
            }
          }
        }
      }
      let n = try alternation(depth + 1)
      guard takes(")") else { throw PatternError(message: "a ')' is missing") }
      (ignoresCase, dotIsAll) = saved
      return n
    }

    private func literal(_ c: UInt32) -> CharacterSet { folded(CharacterSet(ranges: [c...c])) }

    private func folded(_ s: CharacterSet) -> CharacterSet {
      guard ignoresCase else { return s }
      var out = s
      for r in s.ranges {
        let upper = r.clamped(to: 65...90)
        if r.overlaps(65...90) { out.ranges.append(upper.lowerBound + 32...upper.upperBound + 32) }
        let lower = r.clamped(to: 97...122)
        if r.overlaps(97...122) { out.ranges.append(lower.lowerBound - 32...lower.upperBound - 32) }
      }
      return out
    }

    private static func named(_ c: Unicode.Scalar) -> [ClosedRange<UInt32>]? {
      switch c {
      case "d", "D": [48...57]
      case "w", "W": [48...57, 65...90, 95...95, 97...122]
      case "s", "S": [9...10, 12...13, 32...32]
      default: nil
      }
    }

    private static func control(_ c: Unicode.Scalar) -> UInt32? {
      switch c {
      case "n": 10
      case "t": 9
      case "r": 13
      case "f": 12
      case "v": 11
      case "a": 7
      default: nil
      }
    }

    private mutating func escape() throws(PatternError) -> Node {
      let c = try take()
      if let r = Self.named(c) { return .set(CharacterSet(ranges: r, isNegated: c.properties.isUppercase)) }
      switch c {
      case "A": return .assertion(.start)
      case "z": return .assertion(.end)
      case "b": return .assertion(.wordBoundary)
      case "B": return .assertion(.noWordBoundary)
      default: return .set(literal(try escaped(c)))
      }
    }

    /// The character that an escape stands for.
    private mutating func escaped(_ c: Unicode.Scalar) throws(PatternError) -> UInt32 {
      if let v = Self.control(c) { return v }
      if c == "x" {
        var digits = ""
        if takes("{") {
          while let d = peek, d != "}" {
            digits.unicodeScalars.append(d)
            at += 1
          }
          _ = try take()
        } else {
          for _ in 0..<2 { digits.unicodeScalars.append(try take()) }
        }
        guard let v = UInt32(digits, radix: 16), v <= 0x10ffff else { throw PatternError(message: "a bad \\x escape") }
        return v
      }
      guard !c.properties.isAlphabetic, c.properties.numericType == nil else {
        throw PatternError(message: "the escape '\\\(c)' is not known")
      }
      return c.value
    }

    private mutating func characterClass() throws(PatternError) -> CharacterSet {
      var set = CharacterSet(ranges: [])
      set.isNegated = takes("^")
      var isFirst = true
      while isFirst || peek != "]" {
        isFirst = false
        if takes("[:") {
          set.ranges += try posixClass()
          continue
        }
        let c = try take()
        if c == "\\", let n = peek, let r = Self.named(n) {
          at += 1
          set.ranges += n.properties.isUppercase ? Self.complement(r) : r
          continue
        }
        let low = c == "\\" ? try escaped(try take()) : c.value
        var high = low
        if peek == "-", at + 1 < text.count, text[at + 1] != "]" {
          at += 1
          let e = try take()
          high = e == "\\" ? try escaped(try take()) : e.value
        }
        guard low <= high else { throw PatternError(message: "a range runs backwards") }
        set.ranges.append(low...high)
      }
      at += 1
      return folded(set)
    }

    private static func complement(_ r: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
      var out: [ClosedRange<UInt32>] = []
      var next: UInt32 = 0
      for x in r.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if x.lowerBound > next { out.append(next...x.lowerBound - 1) }
        next = x.upperBound + 1
      }
      return out + [next...0x10ffff]
    }

    private mutating func posixClass() throws(PatternError) -> [ClosedRange<UInt32>] {
      var name = ""
      while let c = peek, c != ":" {
        name.unicodeScalars.append(c)
        at += 1
      }
      guard takes(":]") else { throw PatternError(message: "a ':]' is missing") }
      switch name {
      case "alpha": return [65...90, 97...122]
      case "digit": return [48...57]
      case "alnum": return [48...57, 65...90, 97...122]
      case "lower": return [97...122]
      case "upper": return [65...90]
      case "space": return [9...13, 32...32]
      case "punct": return [33...47, 58...64, 91...96, 123...126]
      case "word": return [48...57, 65...90, 95...95, 97...122]
      case "xdigit": return [48...57, 65...70, 97...102]
      default: throw PatternError(message: "the class [:\(name):] is not known")
      }
    }
  }
}
