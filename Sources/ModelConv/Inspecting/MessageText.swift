import CaffeFormat
import Containers
import Diagnostics

/// Protobuf messages as short text for listings: field names and values, bulk data by size.
enum MessageText {
  /// One entry a field, nested messages flattened with dots.
  static func lines(_ m: ProtoMessage, prefix: String = "", depth: Int = 0) -> [(name: String, value: String)] {
    guard depth < 16 else { return [] }
    var out: [(name: String, value: String)] = []
    for field in m.setFields {
      let name = prefix + field.name
      let elements = m.elements(field.name)
      if elements.isEmpty, m.count(field.name) > 0 {
        out.append((name, "\(m.count(field.name)) values"))
        continue
      }
      var plain: [String] = []
      for e in elements.prefix(64) {
        if case .message(let inner) = e.value {
          out += lines(inner, prefix: name + ".", depth: depth + 1)
        } else {
          plain.append(text(e.value, field))
        }
      }
      if elements.count > 64 { plain.append("… (\(elements.count))") }
      if !plain.isEmpty { out.append((name, plain.joined(separator: ", "))) }
    }
    for u in m.unknown.prefix(64) { out.append((prefix + u.label, "(unknown field)")) }
    return out
  }

  /// A scalar value as short text.
  static func text(_ v: ProtoValue, _ field: ProtoField) -> String {
    switch v {
    case .int(let i): String(i)
    case .uint(let u): String(u)
    case .float(let f): "\(f)"
    case .double(let d): "\(d)"
    case .bool(let b): "\(b)"
    case .enumeration(let n):
      field.enumeration.flatMap { $0.name(n) ?? CaffeForks.valueName(n, in: $0.name) } ?? String(n)
    case .string(let s): s
    case .bytes(let b): "\(b.count) bytes"
    case .message: "{}"
    }
  }
}
