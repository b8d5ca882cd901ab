import TensorCore

/// The kinds of attribute values, named as ONNX's `AttributeProto.AttributeType` names them; raw values are its
/// numbers.
package enum OnnxAttributeKind: Int, Sendable, Hashable {
  case undefined = 0
  case float, int, string, tensor, graph, floats, ints, strings, tensors, graphs
  case sparseTensor, sparseTensors, typeProto, typeProtos

  /// The kind of an abbreviation in the facts text.
  init?(abbreviation: some StringProtocol) {
    switch String(abbreviation) {
    case "f": self = .float
    case "i": self = .int
    case "s": self = .string
    case "t": self = .tensor
    case "g": self = .graph
    case "sp": self = .sparseTensor
    case "tp": self = .typeProto
    case "fs": self = .floats
    case "is": self = .ints
    case "ss": self = .strings
    case "ts": self = .tensors
    case "gs": self = .graphs
    case "sps": self = .sparseTensors
    case "tps": self = .typeProtos
    default: return nil
    }
  }
}

/// One input or output of an operator version.
package struct OnnxParameter: Sendable, Hashable {
  package enum Arity: Sendable, Hashable {
    case single, optional
    /// Repeats at least `minimum` times.
    case variadic(minimum: Int, homogeneous: Bool)
  }
  package var name: String
  package var arity: Arity
  /// A type variable of the operator's constraints, or a type.
  package var type: String
}

/// One attribute of an operator version.
package struct OnnxAttributeFact: Sendable, Hashable {
  package var name: String
  package var kind: OnnxAttributeKind
  package var isRequired: Bool
  /// The default as text; lists are separated by commas.
  package var defaultText: String?
}

/// What ONNX says of one version of an operator.
package struct OnnxOperatorSchema: Sendable, Hashable {
  package var domain: String
  package var name: String
  /// The operator set that introduced this version.
  package var since: Int
  package var inputs: [OnnxParameter]
  package var outputs: [OnnxParameter]
  package var attributes: [OnnxAttributeFact]
  /// Type variables and the types they may stand for (`tensor(float)`).
  package var constraints: [String: Set<String>]
  package var isDeprecated: Bool
  package var hasFunctionBody: Bool

  /// Least and largest number of inputs; no largest where the last repeats.
  package var inputCount: (least: Int, most: Int?) { Self.count(inputs) }

  /// Least and largest number of outputs; no largest where the last repeats.
  package var outputCount: (least: Int, most: Int?) { Self.count(outputs) }

  package func attribute(_ name: String) -> OnnxAttributeFact? { attributes.first { $0.name == name } }

  /// Whether `type` may stand at input `index`.
  package func accepts(_ type: String, input index: Int) -> Bool {
    guard let p = inputs.count > index ? inputs[index] : inputs.last else { return false }
    guard let set = constraints[p.type] else { return p.type == type }
    return set.contains(type)
  }

  /// Whether `type` may be the type of output `index`.
  package func gives(_ type: String, output index: Int) -> Bool {
    guard let p = outputs.count > index ? outputs[index] : outputs.last else { return true }
    guard let set = constraints[p.type] else { return p.type == type }
    return set.contains(type)
  }

  private static func count(_ list: [OnnxParameter]) -> (least: Int, most: Int?) {
    var least = 0
    var most: Int? = list.count
    for (i, p) in list.enumerated() {
      switch p.arity {
      case .single: least = i + 1
      case .optional: break
      case .variadic(let n, _):
        if n > 0 { least = i + n }
        most = nil
      }
    }
    return (least, most)
  }
}

/// All operator versions of the standard domains, read from the generated facts on first use.
package enum OnnxCatalogue {
  private struct Index: Sendable {
    var lines: [String: [(since: Int, line: Substring)]] = [:]
    var types: [Int: Set<String>] = [:]
    var irVersions: [(opset: Int, ir: Int)] = []
  }

  private static let index: Index = {
    var index = Index()
    for line in OnnxOperatorFacts.text.split(separator: "\n") {
      let parts = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)
      if parts.count == 4, let since = Int(parts[2]) {
        index.lines["\(parts[0])|\(parts[1])", default: []].append((since, line))
        continue
      }
      let words = line.split(separator: " ")
      if words.count == 4, words[0] == "opset", let opset = Int(words[1]), let ir = Int(words[3]) {
        index.irVersions.append((opset, ir))
      } else if words.count == 3, words[0] == "types", let k = Int(words[1]) {
        index.types[k] = Set(splitTypes(words[2]))
      }
    }
    return index
  }()

  /// Types separated by commas that do not stand inside parentheses.
  private static func splitTypes(_ text: Substring) -> [String] {
    var out: [String] = []
    var depth = 0
    var word = ""
    for c in text {
      if c == "(" { depth += 1 } else if c == ")" { depth -= 1 }
      if c == ",", depth == 0 {
        out.append(word)
        word = ""
      } else {
        word.append(c)
      }
    }
    if !word.isEmpty { out.append(word) }
    return out
  }

  /// The newest operator set of the `ai.onnx` domain.
  package static let newestOpset: Int = index.irVersions.last?.opset ?? 1

  /// The newest IR version.
  package static let newestIR: Int = index.irVersions.last?.ir ?? 3

  /// The IR version that came with an operator set of `ai.onnx`.
  package static func irVersion(opset: Int) -> Int {
    index.irVersions.last { $0.opset <= opset }?.ir ?? 3
  }

  /// Whether any version of the operator exists.
  package static func knows(domain: String, name: String) -> Bool {
    index.lines["\(canonical(domain))|\(name)"] != nil
  }

  /// `domain/name` of every operator, sorted.
  package static var names: [(domain: String, name: String)] {
    index.lines.keys.sorted().compactMap { key in
      let p = key.split(separator: "|")
      return p.count == 2 ? (String(p[0]), String(p[1])) : nil
    }
  }

  /// The operator sets that introduced a version of the operator, ascending.
  package static func versions(domain: String, name: String) -> [Int] {
    (index.lines["\(canonical(domain))|\(name)"] ?? []).map(\.since)
  }

  /// The version of the operator that operator set `opset` holds; nil where it has none.
  package static func schema(domain: String, name: String, opset: Int) -> OnnxOperatorSchema? {
    let all = index.lines["\(canonical(domain))|\(name)"] ?? []
    return all.last { $0.since <= opset }.flatMap { parse($0.line) }
  }

  /// `ai.onnx` for the empty domain.
  package static func canonical(_ domain: String) -> String { domain.isEmpty ? "ai.onnx" : domain }

  private static func parse(_ line: Substring) -> OnnxOperatorSchema? {
    let f = line.split(separator: "|", omittingEmptySubsequences: false)
    guard f.count == 8, let since = Int(f[2]) else { return nil }
    var constraints: [String: Set<String>] = [:]
    for c in f[6].split(separator: " ") {
      let p = c.split(separator: "=")
      guard p.count == 2, let k = Int(p[1].dropFirst()) else { continue }
      constraints[String(p[0])] = index.types[k]
    }
    return OnnxOperatorSchema(
      domain: String(f[0]), name: String(f[1]), since: since, inputs: f[3].split(separator: " ").map(parameter),
      outputs: f[4].split(separator: " ").map(parameter),
      attributes: f[5].split(separator: " ").compactMap(attribute), constraints: constraints,
      isDeprecated: f[7].contains("d"), hasFunctionBody: f[7].contains("f") || f[7].contains("c"))
  }

  private static func parameter(_ text: Substring) -> OnnxParameter {
    let p = text.split(separator: ":", maxSplits: 1)
    let type = p.count == 2 ? String(p[1]) : ""
    let name = p.first ?? ""
    if name.hasSuffix("?") { return OnnxParameter(name: String(name.dropLast()), arity: .optional, type: type) }
    for mark in ["*", "+"] {
      let q = name.split(separator: mark, maxSplits: 1)
      if q.count == 2, let n = Int(q[1]) {
        return OnnxParameter(
          name: String(q[0]), arity: .variadic(minimum: n, homogeneous: mark == "*"), type: type)
      }
    }
    return OnnxParameter(name: String(name), arity: .single, type: type)
  }

  private static func attribute(_ text: Substring) -> OnnxAttributeFact? {
    let p = text.split(separator: ":", maxSplits: 1)
    guard p.count == 2 else { return nil }
    let q = p[1].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let kind = q.first.flatMap({ OnnxAttributeKind(abbreviation: $0) }) else { return nil }
    let isRequired = p[0].hasSuffix("!")
    return OnnxAttributeFact(
      name: String(isRequired ? p[0].dropLast() : p[0]), kind: kind, isRequired: isRequired,
      defaultText: q.count == 2 ? String(q[1]) : nil)
  }
}
