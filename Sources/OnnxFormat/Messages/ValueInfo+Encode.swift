import Containers
import Diagnostics

extension ValueInfoMessage {
  /// What the file said of the value, with the name and the type that it has now; denotations, documentation and fields
  /// that the schema does not know stay.
  func encoded() throws(Diagnostic) -> ProtobufBuilder {
    if let source, var m = try updated(source) {
      if try m.string("name") != name { try m.set("name", .string(name)) }
      return try m.encoded()
    }
    var r = ProtobufBuilder()
    r.string(1, name)
    if let type { r.message(2, type.encoded) }
    if var rest = source {
      rest.clear("name")
      rest.clear("type")
      r.append(try rest.encoded())
    }
    return r
  }

  /// The file's message with the present type; nil where that is of another kind or rank.
  private func updated(_ source: ProtoMessage) throws(Diagnostic) -> ProtoMessage? {
    guard var t = try source.message("type") else { return type == nil || type == TypeMessage.none ? source : nil }
    guard let type, type != .none else { return source }
    let said = try TypeMessage(t)
    if said == type { return source }
    switch (said, type) {
    case (.sparseTensor, .tensor), (.opaque, _): return source
    case (.tensor(_, let old), .tensor(let element, let new)):
      guard var tensor = try t.message("tensor_type") else { return nil }
      try tensor.set("elem_type", .int(Int64(element)))
      if let new {
        guard let old, old.count == new.count, var shape = try tensor.message("shape") else { return nil }
        var dims: [ProtoElement] = []
        for (k, var d) in try shape.messages("dim").enumerated() {
          if old[k] != new[k] { try Self.set(&d, new[k]) }
          dims.append(ProtoElement(.message(d)))
        }
        try shape.set("dim", dims)
        try tensor.set("shape", .message(shape))
      } else {
        tensor.clear("shape")
      }
      try t.set("tensor_type", .message(tensor))
      var m = source
      try m.set("type", .message(t))
      return m
    default: return nil
    }
  }

  private static func set(_ d: inout ProtoMessage, _ extent: DimensionMessage) throws(Diagnostic) {
    d.clear("dim_value")
    d.clear("dim_param")
    switch extent {
    case .value(let v): try d.set("dim_value", .int(v))
    case .symbol(let s): try d.set("dim_param", .string(s))
    case .unknown: break
    }
  }
}
