import ByteSource
import Containers
import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import CaffeFormat

@Suite struct ForkTests {
  static func read(_ text: String, preferred: String? = nil) throws -> (net: ProtoMessage, found: [Diagnostic]) {
    let sink = DiagnosticSink()
    let reader = ProtoTextReader(file: "n.prototxt", sink: sink, policy: CaffeForkPolicy(preferred: preferred))
    return (reader.read(try ByteStorage.copying(Array(text.utf8)).all, as: CaffeSchema.net), sink.items)
  }

  @Test func theWholeTableIsUnderstood() {
    let parser = CaffeForkParser.parse(CaffeForkTable.text)
    #expect(parser.problems == [])
    #expect(parser.forks.count > 20)
    #expect(Set(parser.forks.map(\.name)).count == parser.forks.count)
    for fork in parser.forks {
      #expect(!fork.title.isEmpty && !fork.fields.isEmpty || !fork.names.isEmpty, "\(fork.name)")
      for (message, fields) in fork.fields {
        #expect(!CaffeSchema.all.type("caffe." + message).fields.isEmpty, "\(fork.name): \(message)")
        #expect(Set(fields.map(\.number)).count == fields.count, "\(fork.name).\(message): a number twice")
        #expect(Set(fields.map(\.name)).count == fields.count, "\(fork.name).\(message): a name twice")
      }
    }
  }

  @Test func badLinesOfATableAreNamed() {
    let parser = CaffeForkParser.parse(
      "fork a: b\nextend LayerParameter\n  x = y : int32\n  z = 3 : Nothing\nwhat\nuse c")
    #expect(parser.problems.count == 4)
  }

  /// Spot checks of numbers that the forks' own files give.
  @Test(arguments: [
    ("ssd", "prior_box_param", 203), ("opencv", "prior_box_param", 150), ("openvino", "prior_box_param", 212),
    ("segnet", "upsample_param", 137), ("pspnet", "bn_param", 137), ("segnet", "bn_param", 45),
    ("intel", "reorg_param", 159), ("ncnn", "roi_pooling_param", 8_266_711), ("mobilenet-yolo", "norm_param", 206),
    ("flownet2", "correlation_param", 150), ("caffe2onnx", "relu6_param", 100_000), ("huawei", "relu6_param", 2060),
  ])
  func numbers(_ fork: String, _ field: String, _ number: UInt32) {
    #expect(CaffeForks.fork(fork)?.field(field, of: "LayerParameter")?.number == number)
  }

  /// Two forks give these names one number.
  @Test(arguments: ["DIV", "STOCHASTIC_SUM"])
  func valuesOfOneNumberKeepTheirNames(_ name: String) throws {
    let (message, found) = try Self.read("layer { name: 'e' type: 'Eltwise' eltwise_param { operation: \(name) } }")
    #expect(found.map(\.rendered) == [])
    let net = try CaffeNet(message, sink: DiagnosticSink())
    #expect(try CaffeWriter.prototxt(net).contains("operation: \(name)"))
    let layer = try #require(net.layers.first)
    #expect(layer.parameters("eltwise_param").name(of: "operation") == name)
    #expect(try CaffeForks.withFileNumbers(layer.message).message("eltwise_param")?.enumNumber("operation") == 3)
    #expect(CaffeForks.valueName(3, in: "caffe.EltwiseParameter.EltwiseOp") == nil)
  }

  @Test func defaultsBelongToAFork() throws {
    func clip(_ fork: String) throws -> Bool {
      let type = try #require(CaffeForks.fork(fork)?.field("prior_box_param", of: "LayerParameter")?.messageType)
      return try ProtoMessage(type).bool("clip")
    }
    #expect(try clip("opencv") == true && clip("ssd") == false)
    let norm = try #require(CaffeForks.fork("ssd")?.field("norm_param", of: "LayerParameter")?.messageType)
    #expect(try ProtoMessage(norm).float("eps") == 1e-10 && ProtoMessage(norm).bool("across_spatial"))
  }

  @Test func textsOfForksAreRead() throws {
    let (net, found) = try Self.read(
      """
      layer { name: "p" type: "PriorBox"
        prior_box_param { min_size: 30 aspect_ratio: [2, 3] variance: 0.1 offset: 0.5 } }
      layer { name: "u" type: "Upsample" upsample_param { scale: 2 pad_out_h: true } }
      layer { name: "v" type: "Upsample" upsample_param { scale: 2.5 } }
      layer { name: "d" type: "DetectionOutput"
        detection_output_param { nms_param { nms_threshold: 0.45 } code_type: CENTER_SIZE } }
      layer { name: "c" type: "Convolution" convolution_param { num_output: 2 kernel_size: 3 hole: 2 } }
      """)
    #expect(found.map(\.rendered).filter { !$0.contains("'v'") } == [])
    let layers = try net.messages("layer")
    #expect(try layers[0].message("prior_box_param")?.floats("aspect_ratio") == [2, 3])
    #expect(try layers[1].message("upsample_param")?.bool("pad_out_h") == true)
    #expect(try layers[3].message("detection_output_param")?.enumName("code_type") == "CENTER_SIZE")
    #expect(try layers[4].message("convolution_param")?.int("hole") == 2)
    #expect(
      try Self.read("layer { type: 'Upsample' upsample_param { scale: 2.5 } }", preferred: "caffe2onnx").found.isEmpty)
  }

  @Test func typosAreStillErrors() throws {
    #expect(try Self.read("layer { type: 'ReLU' relu_parm { } }").found.map(\.help) == ["did you mean 'relu_param'?"])
    #expect(try Self.read("layer { type: 'PriorBox' prior_box_param { min_sise: 3 } }").found.count == 1)
    #expect(try Self.read("layer { type: 'ReLU' foo: 3 }").found.count == 1)
  }

  @Test func blocksOfUnknownLayersAreKept() throws {
    let (net, found) = try Self.read("layer { type: 'MyLayer' my_param { a: 1 b { c: x } } }")
    #expect(found.isEmpty)
    #expect(try net.messages("layer")[0].unknown.map(\.label) == ["my_param"])
    #expect(try Self.read("layer { type: 'Reverse' reverse_param { anything: 1 } }").found.isEmpty)
  }

  @Test func namesThatForksAddToEnumerations() throws {
    func type(_ text: String) throws -> String? {
      let (net, found) = try Self.read(text)
      #expect(found.map(\.rendered) == [])
      return try CaffeNet(net, sink: DiagnosticSink()).layers.first?.type
    }
    #expect(try type("layers { name: 'c' type: CROP bottom: 'a' bottom: 'b' top: 'c' }") == "Crop")
    #expect(
      try type("layers { name: 'c' type: UPSAMPLE bottom: 'a' top: 'c' upsample_param { scale: 2 } }") == "Upsample")
    #expect(try type("layers { name: 'c' type: IMAGE_SEG_DATA top: 'c' }") == "ImageSegData")
    #expect(try type("layers { name: 'c' type: INTERP interp_param { zoom_factor: 8 } }") == "Interp")
    #expect(
      try type("layers { type: MULTI_STAGE_MEANFIELD multi_stage_meanfield_param { num_iterations: 5 } }")
        == "MultiStageMeanfield")
    #expect(
      try type("layers { type: CONVOLUTION3D convolution_param { num_output: 2 kernel_size: 3 kernel_depth: 3 } }")
        == "Convolution3D")
    #expect(try Self.read("layers { type: CROPP }").found.count == 1)
    #expect(try Self.read("layers { type: RELU relu_parm { } }").found.count == 1)
  }

  /// Forks give one number of the older form several names.
  @Test(arguments: [
    (40, 2, "Crop"), (40, 1, "Upsample"), (39, 1, "Deconvolution"), (39, 0, "ImageSegData"), (61, 1, "ReLU6"),
  ])
  func numbersOfTheOlderForm(_ number: UInt64, _ bottoms: Int, _ type: String) throws {
    var layer = ProtobufBuilder()
    for i in 0..<bottoms { layer.string(2, "b\(i)") }
    layer.string(3, "t")
    layer.string(4, "name")
    layer.varint(5, number)
    var net = ProtobufBuilder()
    net.message(2, layer)
    let read = try CaffeReader.readNet(binary: try ByteStorage.copying(try net.bytes()).all, sink: DiagnosticSink())
    #expect(read.layers.map(\.type) == [type])
  }

  /// A fork's block in a binary file of the older form: DeepLab v1's interp_param stands under 43.
  @Test func forksBlocksOfTheOlderForm() throws {
    var block = ProtobufBuilder()
    block.varint(1, 9)
    block.varint(2, 7)
    var layer = ProtobufBuilder()
    layer.string(2, "b")
    layer.string(3, "t")
    layer.string(4, "up")
    layer.varint(5, 41)
    layer.message(43, block)
    var net = ProtobufBuilder()
    net.message(2, layer)
    let read = try CaffeReader.readNet(binary: try ByteStorage.copying(try net.bytes()).all, sink: DiagnosticSink())
    #expect(read.fork == "deeplab-v1")
    #expect(read.layers.map(\.type) == ["Interp"])
    #expect(read.layers[0].parameters("interp_param").int("height") == 9)
  }

  /// A block that does not decode as the schema says must not cost the blobs.
  @Test func blobsOutliveOtherForksBlocks() throws {
    var blob = ProtobufBuilder()
    blob.varint(1, 1)
    blob.varint(2, 1)
    blob.varint(3, 1)
    blob.varint(4, 2)
    blob.float(5, 1.5)
    blob.float(5, -2)
    // PSPNet's bn_param stands under BVLC's embed_param, with a float where that has a number.
    var bn = ProtobufBuilder()
    bn.float(3, 1e-5)
    var layer = ProtobufBuilder()
    layer.string(1, "bn")
    layer.string(2, "BN")
    layer.message(7, blob)
    layer.message(137, bn)
    var net = ProtobufBuilder()
    net.message(100, layer)
    let bytes = try ByteStorage.copying(try net.bytes()).all
    let weights = try CaffeReader.readWeights(bytes, sink: DiagnosticSink())
    #expect(try weights.layers.first?.blobs.first??.tensor?.floats() == [1.5, -2])
    let read = try CaffeReader.readNet(binary: bytes, sink: DiagnosticSink())
    #expect(read.fork != nil)
    #expect(read.layers[0].parameters("bn_param").isPresent)
  }

  @Test func theForkOfATextIsTold() throws {
    let (net, _) = try Self.read(
      "layer { type: 'Correlation' correlation_param { kernel_size: 1 max_displacement: 4 } }")
    #expect(try CaffeNet(net, sink: DiagnosticSink()).fork == "flownet2")
    #expect(try CaffeNet(Self.read("layer { type: 'ReLU' }").net, sink: DiagnosticSink()).fork == nil)
  }

  /// A net as it stands in a caffemodel written from its text, and whether all of its blocks are explained.
  static func alone(_ text: String) throws -> (net: CaffeNet, isExplained: Bool) {
    let sink = DiagnosticSink()
    let net = try CaffeReader.readNet(text: try ByteStorage.copying(Array(text.utf8)).all, sink: sink)
    let written = try CaffeWriter.caffemodel(name: "n", layers: net.layers, blobs: []).bytes()
    let back = try CaffeReader.readNet(binary: try ByteStorage.copying(written).all, sink: sink)
    let isKnown = back.layers.allSatisfy { layer in
      let blocks = layer.message.setFields.compactMap { (try? layer.message.messages($0.name)) }.joined()
      return layer.message.unknown.isEmpty && blocks.allSatisfy(\.unknown.isEmpty)
    }
    return (back, isKnown)
  }

  /// Blocks of a text that several forks have are taken from one fork where it has them all.
  @Test func oneForkExplainsAWholeText() throws {
    let (net, isExplained) = try Self.alone(
      """
      layer { name: "b" type: "BN" bottom: "x" top: "b" bn_param { frozen: true slope_filler { value: 1 } } }
      layer { name: "i" type: "Interp" bottom: "b" top: "i" interp_param { height: 9 width: 7 } }
      """)
    #expect(isExplained)
    #expect(try net.layers[0].message.message("bn_param")?.bool("frozen") == true)
    #expect(try net.layers[1].message.message("interp_param")?.int("width") == 7)
  }

  /// Fields that a fork adds to BVLC's own blocks speak for it as well, where nothing else does.
  @Test func fieldsInKnownBlocksAreExplained() throws {
    let (net, isExplained) = try Self.alone(
      """
      layer { name: "c" type: "Convolution" bottom: "x" top: "c"
        convolution_param { num_output: 2 kernel_size: 3 pad_type: 1 pad_l: 1 pad_r: 2 } }
      layer { name: "r" type: "Reshape" bottom: "c" top: "r" reshape_param { pixelshuffler: 2 } }
      """)
    #expect(isExplained)
    #expect(try net.layers[0].message.message("convolution_param")?.int("pad_r") == 2)
    #expect(try net.layers[1].message.message("reshape_param")?.int("pixelshuffler") == 2)
  }

  /// No fork has both of these layers.
  @Test func layersOfTwoForksInOneNet() throws {
    let (net, isExplained) = try Self.alone(
      """
      layer { name: "p" type: "PriorBox" bottom: "x" bottom: "d" top: "p"
        prior_box_param { min_size: 30 aspect_ratio: 2 variance: 0.1 } }
      layer { name: "n" type: "Normalize" bottom: "x" top: "n" norm_param { across_spatial: false } }
      layer { name: "c" type: "Correlation" bottom: "x" bottom: "y" top: "c"
        correlation_param { kernel_size: 1 max_displacement: 4 pad: 4 } }
      """)
    #expect(isExplained)
    #expect(try net.layers[0].message.message("prior_box_param")?.floats("min_size") == [30])
    #expect(try net.layers[2].message.message("correlation_param")?.int("max_displacement") == 4)
  }

  /// A caffemodel alone: the fork is found by what its layers hold, and the layers get its fields.
  @Test(arguments: [("ssd", 203, 202), ("openvino", 212, 154), ("opencv", 150, 148)] as [(String, UInt32, UInt32)])
  func profilesAreFound(_ name: String, _ priorBox: UInt32, _ permute: UInt32) throws {
    var prior = ProtobufBuilder()
    prior.float(1, 30)
    prior.float(10, 8)
    var order = ProtobufBuilder()
    for axis in [0, 2, 3, 1] { order.varint(1, UInt64(axis)) }
    var net = ProtobufBuilder()
    for (type, number, block) in [("PriorBox", priorBox, prior), ("Permute", permute, order)] {
      var layer = ProtobufBuilder()
      layer.string(1, type.lowercased())
      layer.string(2, type)
      layer.message(number, block)
      net.message(100, layer)
    }
    var message = try ProtobufReader { _, field in field.name.hasSuffix("_param") }
      .read(try ByteStorage.copying(try net.bytes()).all, as: CaffeSchema.net)
    let fork = try #require(CaffeForkProfile.detect(message))
    #expect(fork.field("prior_box_param", of: "LayerParameter")?.number == priorBox, "\(fork.name) for \(name)")
    try CaffeForkProfile.apply(fork, to: &message)
    let layers = try message.messages("layer")
    #expect(try layers[0].message("prior_box_param")?.float("step") == 8)
    #expect(try layers[1].message("permute_param")?.ints("order") == [0, 2, 3, 1])
    #expect(layers.allSatisfy { $0.unknown.isEmpty })
    let sink = DiagnosticSink()
    _ = try CaffeReader.readNet(binary: try ByteStorage.copying(try net.bytes()).all, sink: sink)
    #expect(sink.items.map(\.code).contains("caffe.fork.detected"))
    #expect(throws: Diagnostics.self) {
      try CaffeReader.readNet(binary: try ByteStorage.copying(try net.bytes()).all, fork: "sdd", sink: sink)
    }
  }

  @Test func plainNetsHaveNoProfile() throws {
    guard let shared = SharedData.folder else { return print("skipped: no fixtures beside the package") }
    let path = shared.appending(path: "fixtures/caffe-nets/bvlc_googlenet")
    for name in try FileManager.default.contentsOfDirectory(atPath: path.path) where name.hasSuffix(".caffemodel") {
      let net = try ProtobufReader().read(try ByteStorage.open(path.path + "/" + name).all, as: CaffeSchema.net)
      #expect(CaffeForkProfile.detect(net) == nil)
    }
  }
}

extension CaffeFork: Equatable {
  /// By name.
  public static func == (a: CaffeFork, b: CaffeFork) -> Bool { a.name == b.name }
}
