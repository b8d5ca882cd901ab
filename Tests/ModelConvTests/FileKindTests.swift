import ByteSource
import Diagnostics
import Testing

@testable import ModelConv

@Suite struct FileKindTests {
  static func kind(_ bytes: [UInt8]) throws -> FileKind { FileKind.identify(try ByteStorage.copying(bytes).all) }
  static func kind(_ text: String) throws -> FileKind { try kind(Array(text.utf8)) }

  @Test(arguments: [
    ("layer { name: \"x\" type: \"ReLU\" }", FileKind.caffeText),
    ("# a comment\nname: \"net\"\nlayers { type: RELU }", .caffeText),
    ("input: \"data\"\ninput_dim: 1", .caffeText),
    ("layer\n{\n}", .caffeText),
    ("net: \"train.prototxt\"\nbase_lr: 0.01\n", .caffeSolver),
    ("train_net: 'a'\nmax_iter: 10", .caffeSolver),
    // A net may well have a layer called net, or a name that reads like a solver's field.
    ("name: \"base_lr: 1\"\nlayer { }", .caffeText),
    ("hello world", .unknown),
    ("{\"a\": 1}", .unknown),
  ])
  func texts(c: (String, FileKind)) throws { #expect(try Self.kind(c.0) == c.1) }

  @Test func emptyAndPictures() throws {
    #expect(try Self.kind([UInt8]()) == .empty)
    #expect(try Self.kind([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]) == .png)
    #expect(try Self.kind([0xff, 0xd8, 0xff, 0xe0]) == .jpeg)
    #expect(try Self.kind([0x93] + Array("NUMPY".utf8) + [1, 0]) == .weights(.npy))
    #expect(try Self.kind([0x89] + Array("HDF\r\n".utf8) + [0x1a, 0x0a]) == .weights(.hdf5))
  }

  /// name = "n" and one layer (field 100).
  static let caffemodel: [UInt8] = [0x0a, 1, 0x6e, 0xa2, 0x06, 3, 0x0a, 1, 0x61]
  /// name and one V1 layer (field 2).
  static let v1Caffemodel: [UInt8] = [0x0a, 1, 0x6e, 0x12, 3, 0x22, 1, 0x61]
  /// ir_version 8, producer "x", graph, opset_import.
  static let onnx: [UInt8] = [0x08, 8, 0x12, 1, 0x78, 0x3a, 2, 0x12, 0, 0x42, 2, 0x10, 17]
  /// num, channels, height, width, two floats.
  static let binaryproto: [UInt8] = [8, 1, 0x10, 1, 0x18, 1, 0x20, 2, 0x2a, 8, 0, 0, 0, 0, 0, 0, 0, 0]
  /// shape { dim: 2 } and two floats.
  static let shapedBlob: [UInt8] = [0x2a, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 3, 0x0a, 1, 2]
  /// dims 2, data_type FLOAT, name, raw_data.
  static let tensor: [UInt8] = [8, 2, 0x10, 1, 0x42, 1, 0x78, 0x4a, 8, 0, 0, 0, 0, 0, 0, 0, 0]
  /// iter 7, learned_net "a", one history blob.
  static let solverState: [UInt8] = [8, 7, 0x12, 1, 0x61, 0x1a, 2, 8, 1]

  @Test func protobufMessages() throws {
    #expect(try Self.kind(Self.caffemodel) == .caffeBinary)
    #expect(try Self.kind(Self.v1Caffemodel) == .caffeBinary)
    #expect(try Self.kind(Self.onnx) == .onnx)
    #expect(try Self.kind(Self.binaryproto) == .binaryproto)
    #expect(try Self.kind(Self.shapedBlob) == .binaryproto)
    #expect(try Self.kind(Self.tensor) == .onnxTensor)
    #expect(try Self.kind(Self.solverState) == .caffeSolverState)
  }

  @Test func cutOffMessagesKeepTheirKind() throws {
    #expect(try Self.kind(Array(Self.caffemodel.dropLast())) == .caffeBinary)
    #expect(try Self.kind(Array(Self.onnx.dropLast())) == .onnx)
  }

  @Test func noBytesTrap() throws {
    var state: UInt64 = 5
    for length in 1...64 {
      for _ in 0..<40 {
        let bytes = (0..<length).map { _ -> UInt8 in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return UInt8(truncatingIfNeeded: state >> 33)
        }
        _ = try Self.kind(bytes)
      }
    }
  }

  @Test func optionsGiveExtents() throws {
    var o = LoadOptions()
    o.shapes = ["data": ["N", "3", "224", "0"]]
    #expect(try o.dims()["data"]?.map(\.description) == ["N", "3", "224", "0"])
    o.shapes = ["data": ["-1"]]
    #expect(throws: Diagnostic.self) { try o.dims() }
    o.shapes = ["data": ["3x4"]]
    #expect(throws: Diagnostic.self) { try o.dims() }
    o.batch = "dynamic"
    #expect(try o.batchDim()?.description == "N")
  }

  @Test func commasJoinFiles() throws {
    #expect(Model.splitName("a.prototxt,b.caffemodel") == ["a.prototxt", "b.caffemodel"])
    #expect(Model.splitName("a.prototxt") == ["a.prototxt"])
  }
}

@Suite struct SuggestionTests {
  @Test func nearestName() {
    #expect(Suggestion.closest(to: "inspct", among: ["inspect", "init"]) == "inspect")
    #expect(Suggestion.closest(to: "vreify", among: ["verify", "init"]) == "verify")
    #expect(Suggestion.closest(to: "frobnicate", among: ["verify", "init"]) == nil)
    #expect(Suggestion.closest(to: "", among: ["a"]) == "a")
    #expect(Suggestion.closest(to: "x", among: [String]()) == nil)
  }
}
