import ByteSource
import CaffeFormat
import Containers
import Diagnostics

/// A parameter in which two layers, operators or settings differ.
struct ParameterChange: Equatable {
  /// Its name, nested ones with dots.
  var name: String
  var before: String
  var after: String
}

/// The fields in which two messages of one type differ. A field that is not set counts as its default: a default that is
/// written out changes nothing.
struct MessageDifference {
  /// Fields that are left out, by their own name and how deep their message is nested.
  var skips: (String, Int) -> Bool = { _, _ in false }
  private static let depth = 16

  /// The differing fields in the order of their numbers, and how many fields are set and equal.
  func fields(_ a: ProtoMessage, _ b: ProtoMessage) -> (changes: [ParameterChange], equal: Int) {
    var out: (changes: [ParameterChange], equal: Int) = ([], 0)
    compare(a, b, prefix: "", depth: 0, &out)
    return out
  }

  private func compare(
    _ a: ProtoMessage, _ b: ProtoMessage, prefix: String, depth: Int,
    _ out: inout (changes: [ParameterChange], equal: Int)
  ) {
    guard depth < Self.depth else { return }
    var seen: Set<String> = []
    let fields = (a.setFields + b.setFields).filter { seen.insert($0.name).inserted }.sorted { $0.number < $1.number }
    for field in fields where !skips(field.name, depth) {
      if field.kind == .message {
        nested(a, b, field, prefix, depth, &out)
        continue
      }
      note(prefix + field.name, text(a, field), text(b, field), &out)
    }
    let (mine, theirs) = (unknown(a), unknown(b))
    for label in Set(mine.keys).union(theirs.keys).sorted() where !skips(label, depth) {
      note(prefix + label, mine[label] ?? "unset", theirs[label] ?? "unset", &out)
    }
  }

  private func note(
    _ name: String, _ before: String, _ after: String, _ out: inout (changes: [ParameterChange], equal: Int)
  ) {
    guard before != after else {
      out.equal += 1
      return
    }
    out.changes.append(ParameterChange(name: name, before: Self.short(before), after: Self.short(after)))
  }

  private func nested(
    _ a: ProtoMessage, _ b: ProtoMessage, _ field: ProtoField, _ prefix: String, _ depth: Int,
    _ out: inout (changes: [ParameterChange], equal: Int)
  ) {
    let (mine, theirs) = (messages(a, field), messages(b, field))
    guard let type = field.messageType ?? mine.first?.type ?? theirs.first?.type else { return }
    if field.isRepeated, mine.count != theirs.count {
      return note(prefix + field.name, entries(mine), entries(theirs), &out)
    }
    for i in 0..<max(mine.count, theirs.count) {
      let name = field.isRepeated && mine.count > 1 ? "\(field.name)[\(i)]" : field.name
      compare(
        i < mine.count ? mine[i] : ProtoMessage(type), i < theirs.count ? theirs[i] : ProtoMessage(type),
        prefix: "\(prefix)\(name).", depth: depth + 1, &out)
    }
  }

  private func messages(_ m: ProtoMessage, _ field: ProtoField) -> [ProtoMessage] {
    let all = m.elements(field.name).compactMap { if case .message(let inner) = $0.value { inner } else { nil } }
    return field.isRepeated ? all : Array(all.suffix(1))
  }

  private func entries(_ all: [ProtoMessage]) -> String {
    all.isEmpty
      ? "none"
      : all.map { m in "{" + MessageText.lines(m).map { "\($0.name): \($0.value)" }.joined(separator: " ") + "}" }
        .joined(separator: " ")
  }

  /// The values of a field, or its default.
  private func text(_ m: ProtoMessage, _ field: ProtoField) -> String {
    guard m.has(field.name) else {
      return field.defaultValue.map { MessageText.text($0, field) } ?? (field.kind == .bool ? "false" : "unset")
    }
    var values: [String]?
    if field.kind == .float {
      values = (try? m.floats(field.name))?.map { "\($0)" }
    } else if field.kind == .double {
      values = (try? m.doubles(field.name))?.map { "\($0)" }
    } else if field.kind.isSigned || field.kind.isUnsigned {
      values = (try? m.ints(field.name))?.map { "\($0)" }
    }
    let all = values ?? m.elements(field.name).map { MessageText.text($0.value, field) }
    return (field.isRepeated ? all : Array(all.suffix(1))).joined(separator: ", ")
  }

  /// What no schema knows, as it stands in the file.
  private func unknown(_ m: ProtoMessage) -> [String: String] {
    var out: [String: [String]] = [:]
    for u in m.unknown {
      switch u {
      case .text:
        var alone = ProtoMessage(m.type)
        alone.unknown = [u]
        let lines = ((try? ProtoTextPrinter().print(alone)) ?? "").split(separator: "\n").map { line in
          String(line.drop { $0 == " " })
        }
        let text = lines.joined(separator: " ")
        let start = "\(u.label): "
        out[u.label, default: []].append(text.hasPrefix(start) ? String(text.dropFirst(start.count)) : text)
      case .wire(let field, _):
        let bytes = field.payload.bytes.map { String($0) }.joined(separator: " ")
        out["field \(u.label)", default: []].append(
          field.type == .lengthDelimited ? "bytes \(bytes)" : "\(field.value)")
      }
    }
    return out.mapValues { $0.joined(separator: ", ") }
  }

  /// Long values are cut for the report, after they were compared.
  static func short(_ text: String) -> String { text.count > 120 ? String(text.prefix(119)) + "…" : text }
}
