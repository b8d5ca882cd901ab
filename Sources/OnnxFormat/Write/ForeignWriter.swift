import ByteSource
import Containers
import Diagnostics
import ModelGraph
import TensorCore

/// Writes operators that came from an ONNX file without a neutral meaning: as they were.
enum ForeignWriter {
  static func write(_ op: ForeignOperator, to e: OnnxEmitter) throws(Diagnostic) {
    guard op.domain != "caffe", !op.domain.hasPrefix("caffe.") else {
      throw e.refuse(
        "onnx.foreign-operator", "layer type \(op.type) is not known, so it cannot be said in ONNX",
        help: "remove the layer with --drop, or cut the model before it with --to-blob")
    }
    if OnnxCatalogue.knows(domain: op.domain, name: op.type), op.domain == "ai.onnx" {
      let here = OnnxCatalogue.schema(domain: op.domain, name: op.type, opset: e.opset)?.since
      let there = OnnxCatalogue.schema(domain: op.domain, name: op.type, opset: op.version)?.since
      guard here == there else {
        throw e.refuse(
          "onnx.version-change", "\(op.type) of operator set \(op.version) cannot be carried to \(e.opset)",
          help: "use --opset \(op.version)")
      }
    }
    let first = e.node.outputs.lazy.compactMap { $0 }.first.flatMap { e.graph[$0] }
    var m = NodeMessage()
    m.name = e.uniqueNodeName(e.node.name)
    m.type = op.type
    m.domain = op.domain
    var captures: [String] = []
    for f in op.attributes {
      if f.name == ForeignImporter.capturesField, case .strings(let names) = f.value {
        captures = names.map(\.string)
        continue
      }
      m.attributes.append(AttributeMessage(name: f.name, value: try value(f.value, e)))
    }
    if let first, let source = e.notes?.nodes[e.key(first)]?.foreign, source.type == op.type,
      source.domain == op.domain
    {
      m.attributes = source.attributes
      m.overload = source.overload
    }
    let operands = e.node.inputs.count - min(captures.count, e.node.inputs.count)
    m.inputs = (0..<operands).map { e.input($0) }
    for (k, name) in captures.enumerated() where operands + k < e.node.inputs.count {
      try keepName(name, of: e.input(operands + k), e)
    }
    m.outputs = e.node.outputs.indices.map { e.output($0) }
    e.describe(&m)
    e.append(m, domainVersion: op.domain == "ai.onnx" ? nil : op.version)
  }

  /// Encoded bodies use a value by the name that it had in the file.
  private static func keepName(_ wanted: String, of present: String, _ e: OnnxEmitter) throws(Diagnostic) {
    guard wanted != present, e.keptNames.insert(wanted).inserted else { return }
    guard e.unusedName(wanted) == wanted else {
      throw e.refuse(
        "onnx.foreign-capture", "its body uses '\(wanted)', a name that now means another value",
        help: "convert with --no-rewrite")
    }
    var m = NodeMessage()
    m.type = "Identity"
    m.name = e.uniqueNodeName(wanted)
    m.inputs = [present]
    m.outputs = [wanted]
    e.append(m, domainVersion: nil)
  }

  private static func value(_ v: ForeignAttribute, _ e: OnnxEmitter) throws(Diagnostic) -> AttributeValue {
    switch v {
    case .int(let i): return .int(i)
    case .float(let f): return .float(f.value)
    case .string(let s): return .string(s.bytes)
    case .ints(let l): return .ints(l)
    case .floats(let l): return .floats(l.map(\.value))
    case .strings(let l): return .strings(l.map(\.bytes))
    case .bool(let b): return .int(b ? 1 : 0)
    case .tensor(let t): return .tensor(TensorMessage(tensor: t.tensor, name: ""))
    case .encoded(let bytes):
      let m = try ProtobufReader().read(ByteStorage.copying(bytes).all, as: OnnxSchema.attribute)
      return try AttributeMessage(m).value
    case .graph, .graphs, .message:
      throw e.refuse("onnx.foreign-attribute", "an attribute of another format cannot be said in ONNX")
    }
  }
}
