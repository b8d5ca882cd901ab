import ByteSource
import Containers
import Diagnostics
import Foundation
import ModelGraph
import TensorCore
import TestSupport

@testable import OnnxFormat

/// Messages built by hand, and graphs read from them.
enum Build {
  static func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [(String, AttributeValue)] = [],
    domain: String = "ai.onnx"
  ) -> NodeMessage {
    var n = NodeMessage()
    n.type = type
    n.domain = domain
    n.inputs = inputs
    n.outputs = outputs
    n.name = "\(type)_\(outputs.first ?? "")"
    n.attributes = attributes.map { AttributeMessage(name: $0.0, value: $0.1) }
    return n
  }

  static func value(_ name: String, _ type: ValueType) -> ValueInfoMessage {
    ValueInfoMessage(name: name, type: OnnxTypes.message(type))
  }

  static func graph(
    _ nodes: [NodeMessage], inputs: [(String, ValueType)], outputs: [String], constants: [(String, Tensor)] = []
  ) -> GraphMessage {
    var g = GraphMessage()
    g.name = "g"
    g.nodes = nodes
    g.inputs = inputs.map { value($0.0, $0.1) }
    g.outputs = outputs.map { ValueInfoMessage(name: $0, type: nil) }
    g.initializers = constants.map { TensorMessage(tensor: $0.1, name: $0.0) }
    return g
  }

  static func model(_ g: GraphMessage, opset: Int, functions: [FunctionMessage] = []) -> ModelMessage {
    var m = ModelMessage()
    m.irVersion = max(3, OnnxCatalogue.irVersion(opset: opset))
    m.opsets = [OpsetMessage(domain: "ai.onnx", version: opset)]
    m.graph = g
    m.functions = functions
    return m
  }

  static func bytes(_ m: ModelMessage) throws -> ByteStorage { try ByteStorage.copying(m.encoded().bytes()) }

  /// Encodes the message and reads it as a file would be read.
  static func read(_ m: ModelMessage, sink: DiagnosticSink = DiagnosticSink()) throws -> Graph {
    try OnnxReader.read(bytes(m), path: nil, sink: sink).graph
  }

  /// One node on the given inputs, read at an operator set.
  static func read(
    _ type: String, opset: Int, inputs: [(String, ValueType)], constants: [(String, Tensor)] = [], outputs: Int = 1,
    _ attributes: [(String, AttributeValue)] = []
  ) throws -> Graph {
    let names = (0..<outputs).map { "y\($0)" }
    let operands = inputs.map(\.0) + constants.map(\.0)
    return try read(
      model(
        graph([node(type, operands, names, attributes)], inputs: inputs, outputs: names, constants: constants),
        opset: opset))
  }
}

extension Graph {
  /// Writes the graph and reads the file again.
  func written(opset: Int, options: OnnxWriteOptions? = nil) throws -> (graph: Graph, message: ModelMessage) {
    let folder = try TemporaryFolder()
    let path = folder.path("m.onnx")
    var o = options ?? OnnxWriteOptions()
    o.opset = opset
    _ = try OnnxWriter.write(self, to: path, options: o, sink: DiagnosticSink())
    let storage = try ByteStorage.open(path)
    let message = try ModelMessage(ProtobufReader().read(storage.all, as: OnnxSchema.model))
    let sink = DiagnosticSink()
    let model = try OnnxReader.read(storage, path: path, sink: sink)
    try sink.throwIfErrors()
    try GraphVerifier.verify(model.graph)
    return (model.graph, message)
  }

  /// The graph's lines without names of constants' sources.
  var operators: [String] { nodes.map { $0.op.operatorName } }
}

func floats(_ shape: [Int], seed: Int = 1) throws -> Tensor {
  let n = shape.reduce(1, *)
  return try Tensor((0..<n).map { Float(($0 * 7919 + seed * 104729) % 1009) / 1009 - 0.5 }, shape: shape)
}

extension GraphEditor {
  /// Inserts a node and gives its first result.
  mutating func add(_ op: any Operator, _ inputs: [ValueID?], _ name: String) throws -> ValueID {
    guard let id = try insert(op, inputs, name: name).first ?? nil else {
      throw Diagnostic.error("test.no-result", "\(name) has no result")
    }
    return id
  }
}
