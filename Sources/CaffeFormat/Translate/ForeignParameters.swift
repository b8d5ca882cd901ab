import Containers
import ModelGraph
import TensorCore

/// The parameters of a layer as attributes of a foreign operator.
enum ForeignParameters {
  static func attributes(_ layer: CaffeLayer) -> [ForeignField] {
    let plain: Set<String> = ["name", "type", "bottom", "top", "blobs"]
    var out = fields(layer.message, depth: 0).filter { !plain.contains($0.name) }
    out += unknown(layer.message.unknown)
    return out
  }

  private static func fields(_ message: ProtoMessage, depth: Int) -> [ForeignField] {
    message.setFields.compactMap { field in
      guard depth < 16, field.name != "blobs" else { return nil }
      return value(message, field, depth).map { ForeignField(field.name, $0) }
    }
  }

  private static func value(_ m: ProtoMessage, _ field: ProtoField, _ depth: Int) -> ForeignAttribute? {
    let name = field.name
    switch field.kind {
    case .message:
      let inner = ((try? m.messages(name)) ?? []).flatMap { fields($0, depth: depth + 1) + unknown($0.unknown) }
      return .message(inner)
    case .string: return .strings(((try? m.strings(name)) ?? []).map { ByteString($0) })
    case .bytes: return ((try? m.bytes(name)) ?? nil).map { .encoded($0.bytes) }
    case .float, .double: return .floats(((try? m.floats(name)) ?? []).map { FloatBits($0) })
    case .bool: return .ints(((try? m.bools(name)) ?? []).map { $0 ? 1 : 0 })
    case .enumeration: return .ints(((try? m.enumNumbers(name)) ?? []).map(Int64.init))
    default: return .ints(((try? m.ints(name)) ?? []).map(Int64.init))
    }
  }

  private static func unknown(_ list: [ProtoUnknown]) -> [ForeignField] {
    list.map { item in
      switch item {
      case .wire(let field, _): ForeignField("field \(field.number)", .encoded(field.bytes.bytes))
      case .text(let field): ForeignField(field.name, .message(text(field, depth: 0)))
      }
    }
  }

  private static func text(_ field: ProtoTextField, depth: Int) -> [ForeignField] {
    guard depth < 16 else { return [] }
    return field.values.flatMap { value -> [ForeignField] in
      switch value.content {
      case .scalar(let s): [ForeignField("", .string(ByteString(s.written)))]
      case .message(let m): m.fields.map { ForeignField($0.name, .message(text($0, depth: depth + 1))) }
      }
    }
  }
}
