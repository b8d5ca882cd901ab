import ByteSource
import Diagnostics
import Foundation
import ModelGraph
import TensorCore
import TestSupport
import Testing

@testable import OnnxFormat

@Suite struct ReaderTests {
  let x: (String, ValueType) = ("x", .tensor(.float32, [.symbol("N"), 3]))

  @Test func nodesOutOfOrderAreSorted() throws {
    let nodes = [Build.node("Neg", ["a"], ["y"]), Build.node("Abs", ["x"], ["a"])]
    let g = try Build.read(Build.model(Build.graph(nodes, inputs: [x], outputs: ["y"]), opset: 17))
    #expect(g.nodes.map(\.name) == ["Abs_a", "Neg_y"])
  }

  @Test(
    arguments: [
      ([("Neg", ["b"], ["a"]), ("Abs", ["a"], ["b"])], "onnx.cycle"),
      ([("Neg", ["nowhere"], ["a"])], "onnx.value-missing"),
      ([("Neg", ["x"], ["a"]), ("Abs", ["x"], ["a"])], "onnx.duplicate-name"),
      ([("Neg", ["x"], ["b"])], "onnx.output-missing"),
    ] as [([(String, [String], [String])], String)])
  func brokenGraphsAreRefused(nodes: [(String, [String], [String])], code: String) throws {
    let list = nodes.map { Build.node($0.0, $0.1, $0.2) }
    let m = Build.model(Build.graph(list, inputs: [x], outputs: ["a"]), opset: 17)
    let error = #expect(throws: Diagnostic.self) { try Build.read(m) }
    #expect(error?.code == code)
  }

  @Test func aBrokenNodeDoesNotHideTheNext() throws {
    let nodes = [
      Build.node("Concat", ["x", "x"], ["a"], [("axis", .int(9))]), Build.node("Relu", ["a"], ["r"]),
      Build.node("Transpose", ["x"], ["b"], [("perm", .ints([0, 5]))]),
    ]
    let sink = DiagnosticSink()
    let g = try Build.read(Build.model(Build.graph(nodes, inputs: [x], outputs: ["r", "b"]), opset: 17), sink: sink)
    try #require(sink.errors.count == 2)
    #expect(sink.errors[0].message.contains("Concat_a"))
    #expect(sink.errors[1].message.contains("Transpose_b"))
    #expect(g.outputs.count == 2)
  }

  @Test func missingAttributesAndInputsAreNamed() throws {
    let nodes = [Build.node("Cast", ["x"], ["a"]), Build.node("Gather", ["x"], ["b"])]
    let sink = DiagnosticSink()
    _ = try Build.read(Build.model(Build.graph(nodes, inputs: [x], outputs: ["a", "b"]), opset: 17), sink: sink)
    #expect(sink.errors.map(\.code) == ["onnx.attribute-missing", "onnx.input-count"])
  }

  @Test func functionsAreInlined() throws {
    var f = FunctionMessage()
    f.name = "Scaled"
    f.domain = "my"
    f.inputs = ["u", "v"]
    f.outputs = ["w"]
    f.attributes = ["slope"]
    f.opsets = [OpsetMessage(domain: "ai.onnx", version: 17)]
    f.nodes = [
      Build.node("LeakyRelu", ["u"], ["t"], [("alpha", .reference("slope", .float))]),
      Build.node("Add", ["t", "v"], ["w"]),
    ]
    let calls = [
      Build.node("Scaled", ["x", "x"], ["t"], [("slope", .float(0.25))], domain: "my"),
      Build.node("Scaled", ["t", "x"], ["y"], [("slope", .float(0.5))], domain: "my"),
    ]
    let g = try Build.read(
      Build.model(Build.graph(calls, inputs: [x], outputs: ["y"]), opset: 17, functions: [f]))
    let slopes = g.nodes.compactMap { n -> Float? in
      if case .leakyRelu(let s) = (n.op as? UnaryMap)?.function { s.value } else { nil }
    }
    #expect(slopes == [0.25, 0.5])
    #expect(g[g.outputs[0]]?.name == "y")
    try GraphVerifier.verify(g)
  }

  /// Thirty functions that each call the one before twice would be a billion nodes.
  @Test func functionsThatMultiplyAreRefusedBeforeTheyAreInlined() throws {
    var functions: [FunctionMessage] = []
    for k in 0..<30 {
      var f = FunctionMessage()
      (f.domain, f.name, f.inputs, f.outputs) = ("local", "f\(k)", ["a"], ["c"])
      f.opsets = [OpsetMessage(domain: "ai.onnx", version: 17), OpsetMessage(domain: "local", version: 1)]
      f.nodes =
        k == 0
        ? [Build.node("Abs", ["a"], ["c"])]
        : [
          Build.node("f\(k - 1)", ["a"], ["b"], domain: "local"),
          Build.node("f\(k - 1)", ["b"], ["c"], domain: "local"),
        ]
      functions.append(f)
    }
    let call = Build.node("f29", ["x"], ["y"], domain: "local")
    let m = Build.model(Build.graph([call], inputs: [x], outputs: ["y"]), opset: 17, functions: functions)
    #expect(#expect(throws: Diagnostic.self) { try Build.read(m) }?.code == "onnx.too-many-nodes")
  }

  /// A function that hands its input on: the call's name stays the name of the graph's output.
  @Test func valuesThatFunctionsHandOnKeepTheCallsName() throws {
    var f = FunctionMessage()
    (f.domain, f.name, f.inputs, f.outputs) = ("local", "pass", ["a"], ["a"])
    f.opsets = [OpsetMessage(domain: "ai.onnx", version: 17)]
    let call = Build.node("pass", ["x"], ["y"], domain: "local")
    let m = Build.model(Build.graph([call], inputs: [x], outputs: ["y"]), opset: 17, functions: [f])
    let g = try Build.read(m)
    #expect(g.outputs.compactMap { g[$0]?.name } == ["y"])
    #expect(g.inputs.compactMap { g[$0]?.name } == ["x"])
  }

  @Test func functionsThatCallThemselvesAreRefused() throws {
    var f = FunctionMessage()
    f.name = "Again"
    f.domain = "my"
    f.inputs = ["u"]
    f.outputs = ["w"]
    f.nodes = [Build.node("Again", ["u"], ["w"], domain: "my")]
    let m = Build.model(
      Build.graph([Build.node("Again", ["x"], ["y"], domain: "my")], inputs: [x], outputs: ["y"]), opset: 17,
      functions: [f])
    let error = #expect(throws: Diagnostic.self) { try Build.read(m) }
    #expect(error?.code == "onnx.function-recursion")
  }

  @Test func unknownOperatorsSurviveARoundTrip() throws {
    let attributes: [(String, AttributeValue)] = [
      ("a", .ints([3, 1])), ("b", .string([0xff, 0x41])),
      ("c", .tensor(TensorMessage(tensor: try floats([2, 3]), name: ""))),
      ("d", .floats([.nan, -0.0])),
    ]
    let n = Build.node("Odd", ["x", "", "x"], ["y", "z"], attributes, domain: "com.example")
    var m = Build.model(Build.graph([n], inputs: [x], outputs: ["y", "z"]), opset: 17)
    m.opsets.append(OpsetMessage(domain: "com.example", version: 3))
    let sink = DiagnosticSink()
    let g = try Build.read(m, sink: sink)
    #expect(sink.items.map(\.code) == ["onnx.unknown-operator"])
    let back = try g.written(opset: 17).message
    let odd = try #require(back.graph.nodes.first)
    #expect(odd.inputs == ["x", "", "x"])
    #expect(odd.outputs == ["y", "z"])
    #expect(odd.domain == "com.example")
    #expect(back.opsets.contains(OpsetMessage(domain: "com.example", version: 3)))
    let before = try n.encoded().bytes()
    var plain = odd
    plain.documentation = ""
    plain.metadata = []
    #expect(try plain.encoded().bytes() == before)
  }

  @Test(arguments: [
    ("../w.bin", "onnx.external-outside"), ("/etc/passwd", "onnx.external-outside"),
    ("a/../w.bin", "onnx.external-outside"),
    ("none.bin", "onnx.external-missing"), ("link.bin", "onnx.external-link"), ("sub", "onnx.external-not-a-file"),
    ("", "onnx.external-no-location"), ("short.bin", "onnx.external-range"),
  ])
  func externalDataStaysInTheFolder(location: String, code: String) throws {
    let folder = try TemporaryFolder()
    let inside = folder.url.appending(path: "model")
    try FileManager.default.createDirectory(at: inside.appending(path: "sub"), withIntermediateDirectories: true)
    try Data(count: 64).write(to: folder.url.appending(path: "w.bin"))
    try Data(count: 7).write(to: inside.appending(path: "short.bin"))
    try FileManager.default.createSymbolicLink(
      at: inside.appending(path: "link.bin"), withDestinationURL: folder.url.appending(path: "w.bin"))
    var t = TensorMessage()
    t.name = "w"
    t.dataType = 1
    t.dims = [2]
    t.payload = .external([EntryMessage(key: "location", value: location)])
    var g = Build.graph([Build.node("Identity", ["w"], ["y"])], inputs: [], outputs: ["y"])
    g.initializers = [t]
    let path = inside.appending(path: "m.onnx").path
    try Data(Build.model(g, opset: 17).encoded().bytes()).write(to: URL(filePath: path))
    let error = #expect(throws: Diagnostic.self) {
      try OnnxReader.read(ByteStorage.open(path), path: path, sink: DiagnosticSink())
    }
    #expect(error?.code == code)
    #expect(error?.message.contains("'w'") == true)
  }

  @Test func typedDataOfEveryKindIsRead() throws {
    let d = TensorDecoder(file: nil)
    func message(_ type: Int, _ dims: [Int64], _ p: TensorMessage.Payload) -> TensorMessage {
      var m = TensorMessage()
      m.dataType = type
      m.dims = dims
      m.payload = p
      return m
    }
    let ints = try ByteStorage.copying([0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0]).all
    #expect(try d.decode(message(3, [2], .int32s(ints))).values(Int8.self) == [-1, 2])
    #expect(try d.decode(message(9, [2], .int32s(ints))).ints() == [1, 1])
    #expect(try d.decode(message(10, [1, 2], .int32s(ints))).shape == [1, 2])
    let packed = try ByteStorage.copying([0x21, 0, 0, 0]).all
    #expect(try d.decode(message(22, [2], .int32s(packed))).ints() == [1, 2])
    // float6e2m3: one element a number, of which the low six bits count.
    #expect(try d.decode(message(27, [2], .int32s(ints))).unpackedCodes() == [0x3f, 0x02])
    let longs = try ByteStorage.copying([5, 0, 0, 0, 0, 0, 0, 0]).all
    #expect(try d.decode(message(12, [1], .int64s(longs))).values(UInt32.self) == [5])
    #expect(try d.decode(message(1, [0, 3], .none)).count == 0)
    #expect(throws: Diagnostic.self) { try d.decode(message(1, [2], .none)) }
    #expect(throws: Diagnostic.self) { try d.decode(message(1, [2], .int32s(ints))) }
    #expect(throws: Diagnostic.self) { try d.decode(message(99, [1], .raw(packed))) }
  }

  @Test func sparseTensorsBecomeDense() throws {
    let values = TensorMessage(tensor: try Tensor([Float(5), 7]), name: "s")
    let places = TensorMessage(tensor: try Tensor([Int64(0), 2, 1, 0], shape: [2, 2]), name: "")
    let d = TensorDecoder(file: nil)
    let t = try d.decode(SparseTensorMessage(values: values, indices: places, dims: [2, 3]), name: "s")
    #expect(try t.floats() == [0, 0, 5, 7, 0, 0])
    #expect(throws: Diagnostic.self) {
      try d.decode(SparseTensorMessage(values: values, indices: places, dims: [2, 2]), name: "s")
    }
    #expect(throws: Diagnostic.self) {
      try d.decode(SparseTensorMessage(values: values, indices: places, dims: [1 << 30, 1 << 30]), name: "s")
    }
  }

  @Test(arguments: SharedData.corpus("onnx-hostile")) func hostileFilesEndInAMessage(_ c: SharedData.Case) {
    let sink = DiagnosticSink()
    let result = Self.read(c.mainPath, sink)
    switch result {
    case .success(let m):
      let isForeign = m.graph.nodes.contains { $0.op is ForeignOperator }
      // What only running can refuse: a result too large to hold.
      let needsARun = c.name.hasSuffix("constantofshape-bomb")
      #expect(c.expect.contains("load") || c.expect.contains("run") || isForeign || sink.hasErrors || needsARun)
    case .failure(let d):
      #expect(c.expect.contains("reject") || c.expect.contains("unsupported"), "\(d.rendered)")
      #expect(!d.message.isEmpty)
      #expect(d.status == .dataError)
    }
  }

  static func read(_ path: String, _ sink: DiagnosticSink) -> Result<OnnxModel, Diagnostic> {
    do throws(Diagnostic) {
      return .success(try OnnxReader.read(ByteStorage.open(path), path: path, sink: sink))
    } catch { return .failure(error) }
  }
}
