/// The little of Python's and YAML's dictionaries that `param_str` holds: names with words, numbers or lists of numbers.
struct PythonText {
  private let text: String
  init(_ text: String) {
    self.text = text.split(omittingEmptySubsequences: false) { $0 == "\n" }.joined(separator: ",")
  }

  /// The numbers behind `name:`, up to the end of the list or the next entry; lists in the list are one after another.
  func numbers(_ name: String) -> [Float] {
    guard var rest = value(name) else { return [] }
    // YAML's tag of a tuple.
    if rest.hasPrefix("!!") { rest = rest.drop { $0 != "[" && $0 != "(" } }
    return Self.numbers(rest)
  }

  /// The numbers of the whole text, which is one list.
  var allNumbers: [Float] { Self.numbers(text.drop { $0 == " " || $0 == "," }) }

  /// The word behind `name:`, without its quotes; empty where there is none.
  func word(_ name: String) -> String {
    String((value(name) ?? "").prefix { !"'\",}] ".contains($0) })
  }

  /// What follows `name:`, which no letter comes before; opening quotes are left out.
  private func value(_ name: String) -> Substring? {
    var rest = Substring(text)
    var before: Character = " "
    while let c = rest.first {
      if !(before.isLetter || before.isNumber || before == "_"), rest.hasPrefix(name) {
        let behind = rest.dropFirst(name.count).drop { $0 == "'" || $0 == "\"" || $0 == " " }
        if behind.first == ":" { return behind.dropFirst().drop { $0 == "'" || $0 == "\"" || $0 == " " } }
      }
      before = c
      rest = rest.dropFirst()
    }
    return nil
  }

  private static func numbers(_ text: Substring) -> [Float] {
    var depth = 0
    let body = text.prefix { c in
      if c == "[" || c == "(" { depth += 1 }
      if c == "]" || c == ")" {
        depth -= 1
        return depth > 0
      }
      return depth > 0 || (c != "," && c != "}")
    }
    return body.split { ",[]() '\"".contains($0) }.compactMap { Float($0) }
  }
}
