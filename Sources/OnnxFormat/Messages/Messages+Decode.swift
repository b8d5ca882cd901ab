import ByteSource
import Containers
import Diagnostics

// Decoding of protobuf messages into the module's values. Field names are those of Schemas/onnx.proto.

private func domainName(_ text: String) -> String { text.isEmpty ? "ai.onnx" : text }

private func entries(_ m: ProtoMessage, _ field: String) throws(Diagnostic) -> [EntryMessage] {
  var out: [EntryMessage] = []
  for e in try m.messages(field) { out.append(EntryMessage(key: try e.string("key"), value: try e.string("value"))) }
  return out
}

private func opsets(_ m: ProtoMessage) throws(Diagnostic) -> [OpsetMessage] {
  var out: [OpsetMessage] = []
  for e in try m.messages("opset_import") {
    out.append(OpsetMessage(domain: domainName(try e.string("domain")), version: try e.int("version")))
  }
  return out
}

extension ProtoMessage {
  /// The message without the fields that are decoded; nil where nothing is left.
  fileprivate func without(_ names: String...) -> ProtoMessage? {
    var rest = self
    for n in names { rest.clear(n) }
    return rest.setFields.isEmpty && rest.unknown.isEmpty ? nil : rest
  }
}

extension ModelMessage {
  init(_ m: ProtoMessage) throws(Diagnostic) {
    irVersion = try m.int("ir_version")
    producerName = try m.string("producer_name")
    producerVersion = try m.string("producer_version")
    domain = try m.string("domain")
    modelVersion = try m.int("model_version")
    documentation = try m.string("doc_string")
    guard let g = try m.message("graph") else {
      throw .error(
        "onnx.no-graph", "the file holds no ONNX graph", at: m.location(),
        help: "an ONNX model file is wanted; the format is recognised by content, `--from NAME` overrides it")
    }
    graph = try GraphMessage(g)
    opsets = try OnnxFormat.opsets(m)
    metadata = try entries(m, "metadata_props")
    for f in try m.messages("functions") { functions.append(try FunctionMessage(f)) }
    rest = m.without(
      "ir_version", "producer_name", "producer_version", "domain", "model_version", "doc_string", "graph",
      "opset_import", "metadata_props", "functions")
  }
}

extension GraphMessage {
  init(_ m: ProtoMessage) throws(Diagnostic) {
    name = try m.string("name")
    for n in try m.messages("node") { nodes.append(try NodeMessage(n)) }
    for t in try m.messages("initializer") { initializers.append(try TensorMessage(t)) }
    for t in try m.messages("sparse_initializer") { sparseInitializers.append(try SparseTensorMessage(t)) }
    documentation = try m.string("doc_string")
    for v in try m.messages("input") { inputs.append(try ValueInfoMessage(v)) }
    for v in try m.messages("output") { outputs.append(try ValueInfoMessage(v)) }
    for v in try m.messages("value_info") { valueInfo.append(try ValueInfoMessage(v)) }
    metadata = try entries(m, "metadata_props")
    quantizationAnnotations = try m.messages("quantization_annotation")
    rest = m.without(
      "name", "node", "initializer", "sparse_initializer", "doc_string", "input", "output", "value_info",
      "metadata_props", "quantization_annotation")
  }
}

extension NodeMessage {
  init(_ m: ProtoMessage) throws(Diagnostic) {
    inputs = try m.strings("input")
    outputs = try m.strings("output")
    name = try m.string("name")
    type = try m.string("op_type")
    domain = domainName(try m.string("domain"))
    overload = try m.string("overload")
    for a in try m.messages("attribute") { attributes.append(try AttributeMessage(a)) }
    documentation = try m.string("doc_string")
    metadata = try entries(m, "metadata_props")
    rest = m.without(
      "input", "output", "name", "op_type", "domain", "overload", "attribute", "doc_string", "metadata_props")
  }
}

extension FunctionMessage {
  init(_ m: ProtoMessage) throws(Diagnostic) {
    name = try m.string("name")
    domain = domainName(try m.string("domain"))
    overload = try m.string("overload")
    inputs = try m.strings("input")
    outputs = try m.strings("output")
    attributes = try m.strings("attribute")
    for a in try m.messages("attribute_proto") { defaults.append(try AttributeMessage(a)) }
    for n in try m.messages("node") { nodes.append(try NodeMessage(n)) }
    opsets = try OnnxFormat.opsets(m)
    documentation = try m.string("doc_string")
    for v in try m.messages("value_info") { valueInfo.append(try ValueInfoMessage(v)) }
    source = m
  }
}

extension AttributeMessage {
  init(_ m: ProtoMessage) throws(Diagnostic) {
    name = try m.string("name")
    source = m
    let number = Int(try m.enumNumber("type"))
    guard let kind = number == 0 ? Self.kindInUse(m) : OnnxAttributeKind(rawValue: number) else {
      throw .error(
        "onnx.attribute-kind", "attribute '\(name)' is of unknown kind \(number)", at: m.location("type"))
    }
    if m.has("ref_attr_name") {
      value = .reference(try m.string("ref_attr_name"), kind)
      return
    }
    switch kind {
    case .float: value = .float(try m.float("f"))
    case .int: value = .int(Int64(try m.int("i")))
    case .string: value = .string(try m.bytes("s").bytes)
    case .tensor:
      guard let t = try m.message("t") else { throw Self.missing(name, m) }
      value = .tensor(try TensorMessage(t))
    case .graph:
      guard let g = try m.message("g") else { throw Self.missing(name, m) }
      value = .graph(try GraphMessage(g))
    case .floats: value = .floats(try m.floats("floats"))
    case .ints: value = .ints(try m.ints("ints").map(Int64.init))
    case .strings:
      value = .strings(
        m.elements("strings").compactMap { if case .bytes(let b) = $0.value { b.bytes } else { nil } })
    case .tensors:
      var list: [TensorMessage] = []
      for t in try m.messages("tensors") { list.append(try TensorMessage(t)) }
      value = .tensors(list)
    case .graphs:
      var list: [GraphMessage] = []
      for g in try m.messages("graphs") { list.append(try GraphMessage(g)) }
      value = .graphs(list)
    case .sparseTensor:
      guard let t = try m.message("sparse_tensor") else { throw Self.missing(name, m) }
      value = .sparseTensor(try SparseTensorMessage(t))
    case .sparseTensors:
      var list: [SparseTensorMessage] = []
      for t in try m.messages("sparse_tensors") { list.append(try SparseTensorMessage(t)) }
      value = .sparseTensors(list)
    case .typeProto:
      guard let t = try m.message("tp") else { throw Self.missing(name, m) }
      value = .type(try TypeMessage(t))
    case .typeProtos:
      var list: [TypeMessage] = []
      for t in try m.messages("type_protos") { list.append(try TypeMessage(t)) }
      value = .types(list)
    case .undefined: throw Self.missing(name, m)
    }
  }

  private static func missing(_ name: String, _ m: ProtoMessage) -> Diagnostic {
    .error("onnx.attribute-empty", "attribute '\(name)' has no value", at: m.location())
  }

  /// Files of the first IR versions leave the kind out: the field that is set tells it.
  private static func kindInUse(_ m: ProtoMessage) -> OnnxAttributeKind? {
    let fields: [(String, OnnxAttributeKind)] = [
      ("f", .float), ("i", .int), ("s", .string), ("t", .tensor), ("g", .graph), ("floats", .floats),
      ("ints", .ints), ("strings", .strings), ("tensors", .tensors), ("graphs", .graphs),
    ]
    return fields.first { m.has($0.0) }?.1 ?? (m.has("ref_attr_name") ? .undefined : .ints)
  }
}

extension TensorMessage {
  init(_ m: ProtoMessage) throws(Diagnostic) {
    name = try m.string("name")
    dataType = try m.int("data_type")
    dims = try m.ints("dims").map(Int64.init)
    isSegment = m.has("segment")
    rest = m.without(
      "name", "data_type", "dims", "segment", "raw_data", "float_data", "int32_data", "string_data", "int64_data",
      "double_data", "uint64_data", "data_location", "external_data")
    payloadFields = ["raw_data", "float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data"]
      .filter { m.has($0) && (m.count($0) > 0) }
    if try m.enumNumber("data_location") == 1 {
      payload = .external(try entries(m, "external_data"))
      return
    }
    switch payloadFields.first {
    case "raw_data": payload = .raw(try m.bytes("raw_data"))
    case "float_data": payload = .floats(try m.bulk("float_data").contiguous())
    case "double_data": payload = .doubles(try m.bulk("double_data").contiguous())
    case "int32_data": payload = .int32s(try m.bulk("int32_data").contiguous())
    case "int64_data": payload = .int64s(try m.bulk("int64_data").contiguous())
    case "uint64_data": payload = .int64s(try m.bulk("uint64_data").contiguous())
    case "string_data":
      payload = .strings(
        m.elements("string_data").compactMap { if case .bytes(let b) = $0.value { .init(b.bytes) } else { nil } })
    default: payload = .none
    }
  }
}

extension SparseTensorMessage {
  init(_ m: ProtoMessage) throws(Diagnostic) {
    values = try TensorMessage(m.messageOrDefault("values"))
    indices = try TensorMessage(m.messageOrDefault("indices"))
    dims = try m.ints("dims").map(Int64.init)
  }
}

extension ValueInfoMessage {
  init(_ m: ProtoMessage) throws(Diagnostic) {
    name = try m.string("name")
    type = if let t = try m.message("type") { try TypeMessage(t) } else { nil }
    source = m
  }
}

extension TypeMessage {
  init(_ m: ProtoMessage) throws(Diagnostic) {
    if let t = try m.message("tensor_type") {
      self = .tensor(try t.int("elem_type"), try Self.shape(t))
    } else if let t = try m.message("sparse_tensor_type") {
      self = .sparseTensor(try t.int("elem_type"), try Self.shape(t))
    } else if let t = try m.message("sequence_type") {
      self = .sequence(try Self.nested(t, "elem_type"))
    } else if let t = try m.message("optional_type") {
      self = .optional(try Self.nested(t, "elem_type"))
    } else if let t = try m.message("map_type") {
      self = .map(key: try t.int("key_type"), value: try Self.nested(t, "value_type"))
    } else if let t = try m.message("opaque_type") {
      self = .opaque(domain: try t.string("domain"), name: try t.string("name"))
    } else {
      self = .none
    }
  }

  private static func nested(_ m: ProtoMessage, _ field: String) throws(Diagnostic) -> TypeMessage? {
    guard let t = try m.message(field) else { return nil }
    return try TypeMessage(t)
  }

  private static func shape(_ m: ProtoMessage) throws(Diagnostic) -> [DimensionMessage]? {
    guard let s = try m.message("shape") else { return nil }
    var out: [DimensionMessage] = []
    for d in try s.messages("dim") {
      if d.has("dim_value") {
        out.append(.value(Int64(try d.int("dim_value"))))
      } else {
        let name = try d.string("dim_param")
        out.append(name.isEmpty ? .unknown : .symbol(name))
      }
    }
    return out
  }
}
