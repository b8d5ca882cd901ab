import ModelGraph
import TensorCore

/// The attributes in which two operators differ.
enum OperatorDifference {
  /// By name, parts of an attribute with dots: `geometry.strides`.
  static func attributes(_ a: any Operator, _ b: any Operator) -> [ParameterChange] {
    if a.isEqual(to: b) { return [] }
    guard type(of: a) == type(of: b) else {
      return [ParameterChange(name: "operator", before: a.displayName, after: b.displayName)]
    }
    var out: [ParameterChange] = []
    let theirs = Dictionary(b.attributeText.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let mine = a.attributeText
    var hasGeometry = false
    for (name, text) in mine {
      if let x = part(a, name) as? WindowGeometry, let y = part(b, name) as? WindowGeometry {
        hasGeometry = true
        out += geometries(x, y, name)
        continue
      }
      guard theirs[name] != text else { continue }
      let parts = part(a, name).flatMap { x in part(b, name).map { differing(x, $0, name) } } ?? []
      out += parts.isEmpty ? [change(name, text, theirs[name] ?? "unset")] : parts
    }
    let names = Set(mine.map(\.name))
    for (name, text) in b.attributeText where !names.contains(name) { out.append(change(name, "unset", text)) }
    for (i, (x, y)) in zip(a.bodies, b.bodies).enumerated() { out += bodies(x, y, "body \(i)") }
    // Only the payload differs, which has no text; graphs and windows that say the same are the same.
    if out.isEmpty, a.bodies.isEmpty, !hasGeometry, !haveEqualPayloads(a, b) {
      out.append(ParameterChange(name: "values", before: "its own", after: "others"))
    }
    return out
  }

  private static func change(_ name: String, _ before: String, _ after: String) -> ParameterChange {
    ParameterChange(name: name, before: MessageDifference.short(before), after: MessageDifference.short(after))
  }

  private static func part(_ value: Any, _ name: String) -> Any? {
    Mirror(reflecting: value).children.first { $0.label == name }?.value
  }

  /// The stored properties of a struct that differ; none where it is no struct.
  private static func differing(_ a: Any, _ b: Any, _ name: String) -> [ParameterChange] {
    let (x, y) = (Mirror(reflecting: a), Mirror(reflecting: b))
    guard x.displayStyle == .struct, y.displayStyle == .struct, !(a is any CustomStringConvertible) else { return [] }
    return zip(x.children, y.children).compactMap { p, q in
      let (before, after) = (AttributeText.of(p.value), AttributeText.of(q.value))
      return before == after ? nil : change("\(name).\(p.label ?? "")", before, after)
    }
  }

  /// True where both hold tensors, and the same ones: operators compare them by identity.
  private static func haveEqualPayloads(_ a: any Operator, _ b: any Operator) -> Bool {
    let (x, y) = (payloads(a, depth: 0), payloads(b, depth: 0))
    return !x.isEmpty && x.count == y.count && zip(x, y).allSatisfy { equal($0, $1) }
  }

  private static func payloads(_ value: Any, depth: Int) -> [Tensor] {
    if let t = value as? ForeignTensor { return [t.tensor] }
    if depth > 8 || value is Graph { return [] }
    return Mirror(reflecting: value).children.flatMap { payloads($0.value, depth: depth + 1) }
  }

  /// Parts of two windows that differ in effect: lists of ones and zeros are the defaults, and a convolution's weights
  /// tell its kernel where the window does not.
  private static func geometries(_ a: WindowGeometry, _ b: WindowGeometry, _ name: String) -> [ParameterChange] {
    func list(_ l: [Int], _ neutral: Int) -> String {
      l.allSatisfy { $0 == neutral } ? "\(neutral)" : l.map(String.init).joined(separator: "x")
    }
    func pads(_ p: WindowGeometry.Padding) -> (begin: String, end: String) {
      switch p {
      case .explicit(let begin, let end): (list(begin, 0), list(end, 0))
      case .sameUpper: ("same-upper", "same-upper")
      case .sameLower: ("same-lower", "same-lower")
      }
    }
    let (p, q) = (pads(a.padding), pads(b.padding))
    var parts = [
      ("stride", list(a.strides, 1), list(b.strides, 1)), ("dilation", list(a.dilations, 1), list(b.dilations, 1)),
      ("begin", p.begin, q.begin), ("end", p.end, q.end), ("rounding", "\(a.rounding)", "\(b.rounding)"),
      ("lastWindow", "\(a.lastWindow)", "\(b.lastWindow)"), ("isGlobal", "\(a.isGlobal)", "\(b.isGlobal)"),
    ]
    if !a.kernel.isEmpty, !b.kernel.isEmpty { parts.insert(("kernel", list(a.kernel, 1), list(b.kernel, 1)), at: 0) }
    return parts.filter { $0.1 != $0.2 }.map { change("\(name).\($0.0)", $0.1, $0.2) }
  }

  /// The first line in which two bodies differ, or that their constants do.
  private static func bodies(_ a: Graph, _ b: Graph, _ name: String) -> [ParameterChange] {
    let x = a.dump().split(separator: "\n").map(String.init)
    let y = b.dump().split(separator: "\n").map(String.init)
    for i in 0..<max(x.count, y.count) {
      let before = i < x.count ? x[i].drop { $0 == " " } : "nothing"
      let after = i < y.count ? y[i].drop { $0 == " " } : "nothing"
      if before != after { return [change(name, String(before), String(after))] }
    }
    let theirs = constants(b)
    for (p, q) in zip(constants(a), theirs) where !equal(p.tensor, q.tensor) {
      return [ParameterChange(name: name, before: "constant \(p.name)", after: "other values")]
    }
    return []
  }

  private static func constants(_ g: Graph) -> [(name: String, tensor: Tensor)] {
    var out = g.values.compactMap { v in v.constant.map { (name: v.name, tensor: $0) } }
    for n in g.nodes { for body in n.op.bodies { out += constants(body) } }
    return out
  }

  /// The same bits in the same shape.
  static func equal(_ a: Tensor, _ b: Tensor) -> Bool {
    guard a.dtype == b.dtype, a.shape == b.shape else { return false }
    if a.dtype == .string {
      guard let x = try? a.strings(), let y = try? b.strings() else { return false }
      return x.map(\.string) == y.map(\.string)
    }
    guard let x = try? a.bytes(), let y = try? b.bytes() else { return false }
    return x.contentEquals(y)
  }
}
