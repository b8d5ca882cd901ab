import ByteSource
import Containers
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct ProtobufWireTests {
  static let blob = Proto.caffe.type("caffe.BlobProto")
  static let reader = ProtobufReader()

  /// A net with two layers: a convolution with two blobs (one in doubles), and a clip.
  static func net() -> ProtobufBuilder {
    var shape = ProtobufBuilder()
    shape.packed(1, [2, 3, 1, 5] as [Int64])
    var weights = ProtobufBuilder()
    weights.message(7, shape)
    weights.packed(5, (0..<30).map { Float($0) / 4 })
    var bias = ProtobufBuilder()
    bias.int(1, 1)
    bias.int(4, 2)
    var doubles: [UInt8] = []
    for v in [0.1, -2.5] { withUnsafeBytes(of: v.bitPattern) { doubles += $0 } }
    bias.bytes(8, doubles)
    var conv = ProtobufBuilder()
    conv.varint(1, 2)
    for k in [1, 5] { conv.varint(4, UInt64(k)) }
    conv.bool(2, false)
    var layer = ProtobufBuilder()
    layer.string(1, "conv é")
    layer.string(2, "Convolution")
    layer.string(3, "data")
    layer.string(4, "conv")
    layer.float(5, 0.5)
    layer.message(7, weights)
    layer.message(7, bias)
    layer.int(10, 1)
    layer.message(106, conv)
    var clip = ProtobufBuilder()
    clip.float(1, -1)
    clip.float(2, 1)
    var second = ProtobufBuilder()
    second.string(1, "clip")
    second.message(148, clip)
    var net = ProtobufBuilder()
    net.string(1, "n")
    net.int(4, -7)
    net.message(100, layer)
    net.message(100, second)
    return net
  }

  @Test func readsANet() throws {
    let bytes = try Self.net().bytes()
    #expect(bytes.count == Self.net().byteCount)
    let net = try Self.reader.read(try Proto.slice(bytes), as: Proto.net)
    #expect(try net.string("name") == "n")
    #expect(try net.ints("input_dim") == [-7])
    #expect(net.count("layer") == 2 && net.unknown.isEmpty)
    let layer = try net.messages("layer")[0]
    #expect(try layer.string("name") == "conv é")
    #expect(try layer.strings("bottom") == ["data"])
    #expect(try layer.floats("loss_weight") == [0.5])
    #expect(try layer.enumName("phase") == "TEST")
    let conv = try #require(try layer.message("convolution_param"))
    #expect(try conv.ints("kernel_size") == [1, 5])
    #expect(try !conv.bool("bias_term") && conv.int("group") == 1)
    #expect(!conv.has("group") && conv.has("bias_term"))
    let blobs = try layer.messages("blobs")
    #expect(try blobs[0].message("shape")?.ints("dim") == [2, 3, 1, 5])
    let weights = try blobs[0].bulk("data")
    #expect(weights.count == 30 && weights.isInPlace && weights.byteCount == 120)
    #expect(try weights.doubles()[5] == 1.25)
    #expect(try blobs[1].doubles("double_data") == [0.1, -2.5])
    #expect(try blobs[1].int("width") == 2 && blobs[1].int("height") == 0)
    #expect(try net.messages("layer")[1].messageOrDefault("clip_param").float("min") == -1)
    #expect(net.location("layer", 1).byteOffset == layer.wire.map { $0.offset + $0.count + 3 })
  }

  /// Every way a file may hold one repeated field gives the same numbers.
  @Test func layoutsOfRepeatedNumbers() throws {
    var packed = ProtobufBuilder()
    packed.packed(5, [1, 2, 3, 4, 5] as [Float])
    var single = ProtobufBuilder()
    for v in [1, 2, 3, 4, 5] as [Float] { single.float(5, v) }
    var pieces = ProtobufBuilder()
    pieces.packed(5, [1] as [Float])
    pieces.packed(5, [] as [Float])
    pieces.packed(5, [2, 3] as [Float])
    pieces.float(5, 4)
    pieces.float(6, 9)
    pieces.float(5, 5)
    for (builder, inPlace, runs) in [(packed, true, 1), (single, false, 1), (pieces, false, 4)] {
      let blob = try Self.reader.read(try Proto.slice(try builder.bytes()), as: Self.blob)
      let bulk = try blob.bulk("data")
      #expect(try bulk.doubles() == [1, 2, 3, 4, 5])
      #expect(bulk.count == 5 && bulk.isInPlace == inPlace && bulk.runs.count == runs)
      #expect(try bulk.contiguous().count == 20)
    }
  }

  @Test func emptyAndTinyBulk() throws {
    var empty = ProtobufBuilder()
    empty.packed(5, [] as [Float])
    let none = try Self.reader.read(try Proto.slice([]), as: Self.blob)
    let blob = try Self.reader.read(try Proto.slice(try empty.bytes()), as: Self.blob)
    #expect(try !none.has("data") && none.bulk("data").count == 0 && none.bulk("data").contiguous().isEmpty)
    #expect(try blob.has("data") && blob.bulk("data").count == 0 && blob.bulk("data").isInPlace)
    var one = ProtobufBuilder()
    one.float(5, .nan)
    let bulk = try Self.reader.read(try Proto.slice(try one.bytes()), as: Self.blob).bulk("data")
    #expect(try bulk.count == 1 && bulk.doubles()[0].isNaN)
  }

  @Test func varintsOfAllWidths() throws {
    let type = Proto.onnx.type("onnx.TensorProto")
    let values: [Int64] = [0, 1, -1, .max, .min, 300, 1 << 35]
    var b = ProtobufBuilder()
    b.packed(7, values)
    b.packed(5, [-1, 2_147_483_647, -2_147_483_648] as [Int64])
    b.int(1, 5)
    b.int(1, -3)
    b.bytes(11, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 7])
    let tensor = try Self.reader.read(try Proto.slice(try b.bytes()), as: type)
    #expect(try tensor.ints("int64_data") == values.map { Int($0) })
    #expect(try tensor.ints("int32_data") == [-1, 2_147_483_647, -2_147_483_648])
    #expect(try tensor.ints("dims") == [5, -3])
    #expect(
      try tensor.bulk("uint64_data").contiguous().bytes == [UInt8](repeating: 255, count: 8) + [7] + [
        0, 0, 0, 0, 0, 0, 0,
      ])
    #expect(try tensor.encoded().bytes().count == b.byteCount)
    #expect(try Self.reader.read(try Proto.slice(try tensor.encoded().bytes()), as: type).ints("dims") == [5, -3])
  }

  @Test func groupsAndUnknownFieldsAreSetAside() throws {
    var b = ProtobufBuilder()
    b.string(1, "n")
    b.varint(77, 5)
    b.raw(try Proto.slice([0xf3, 0x04, 0x0b, 0x08, 1, 0x12, 2, 9, 9, 0x0c, 0xf4, 0x04]))
    b.string(5, "not a bool")
    let net = try Self.reader.read(try Proto.slice(try b.bytes()), as: Proto.net)
    #expect(net.unknown.map(\.label) == ["77", "78", "5"])
    guard case .wire(let group, nil) = net.unknown[1], case .wire(_, let problem?) = net.unknown[2] else {
      Issue.record("groups and mismatches are wire fields")
      return
    }
    #expect(group.type == .startGroup && group.payload.bytes == [0x0b, 0x08, 1, 0x12, 2, 9, 9, 0x0c])
    #expect(problem.code == "protobuf.wrong-wire-type" && problem.message.contains("force_backward"))
    #expect(try net.encoded().bytes() == b.bytes())
  }

  @Test func repeatedSingularMessagesMerge() throws {
    var first = ProtobufBuilder()
    first.varint(1, 3)
    first.varint(4, 7)
    var second = ProtobufBuilder()
    second.varint(4, 9)
    second.varint(5, 2)
    var layer = ProtobufBuilder()
    layer.message(106, first)
    layer.string(1, "a")
    layer.message(106, second)
    layer.string(1, "b")
    let message = try Self.reader.read(try Proto.slice(try layer.bytes()), as: Proto.caffe.type("caffe.LayerParameter"))
    let conv = try #require(try message.message("convolution_param"))
    #expect(try message.string("name") == "b" && message.count("convolution_param") == 1)
    #expect(try conv.int("num_output") == 3 && conv.int("group") == 2 && conv.ints("kernel_size") == [7, 9])
  }

  @Test func aOneofHoldsItsLastMember() throws {
    var type = ProtobufBuilder()
    var tensor = ProtobufBuilder()
    tensor.int(1, 1)
    var inner = ProtobufBuilder()
    inner.message(1, tensor)
    var sequence = ProtobufBuilder()
    sequence.message(1, inner)
    type.message(1, tensor)
    type.message(4, sequence)
    let read = try Self.reader.read(try Proto.slice(try type.bytes()), as: Proto.onnx.type("onnx.TypeProto"))
    #expect(read.setFields.map(\.name) == ["sequence_type"])
    #expect(try read.message("sequence_type")?.message("elem_type")?.message("tensor_type")?.int("elem_type") == 1)
  }

  @Test func damagedParametersAreIsolated() throws {
    var layer = ProtobufBuilder()
    layer.string(1, "l")
    layer.bytes(106, [0x0a, 0x7f])
    layer.message(148, ProtobufBuilder())
    var blob = ProtobufBuilder()
    blob.packed(5, [1.5] as [Float])
    layer.message(7, blob)
    var net = ProtobufBuilder()
    net.message(100, layer)
    let bytes = try Proto.slice(try net.bytes())
    #expect(throws: Diagnostic.self) { try Self.reader.read(bytes, as: Proto.net) }
    let lenient = ProtobufReader { type, field in type.name == "caffe.LayerParameter" && field.number >= 100 }
    let read = try lenient.read(bytes, as: Proto.net).messages("layer")[0]
    #expect(try read.messages("blobs")[0].floats("data") == [1.5])
    #expect(read.unknown.map(\.label) == ["106", "148"])
    #expect(!read.has("convolution_param"))
  }

  @Test func forksGiveANumberAnotherMeaning() throws {
    var bn = ProtobufBuilder()
    var filler = ProtobufBuilder()
    filler.string(1, "constant")
    bn.message(1, filler)
    bn.float(4, 1e-3)
    var layer = ProtobufBuilder()
    layer.message(137, bn)
    layer.varint(900, 3)
    var message = try Self.reader.read(
      try Proto.slice(try layer.bytes()), as: Proto.caffe.type("caffe.LayerParameter"))
    #expect(message.has("embed_param"))
    let type = ProtoType(
      "yjxiong.BNParameter",
      [
        ProtoField(
          "slope_filler", 1, .optional, .message, messageType: Proto.caffe.type("caffe.FillerParameter")),
        ProtoField("eps", 4, .optional, .float, defaultValue: .float(1e-5)),
      ])
    let field = ProtoField("bn_param", 137, .optional, .message, messageType: type)
    #expect(try Self.reader.adopt(field, in: &message))
    #expect(!message.has("embed_param"))
    let read = try #require(try message.message("bn_param"))
    #expect(try read.float("eps") == 1e-3)
    #expect(try read.message("slope_filler")?.string("type") == "constant")
    #expect(try Self.reader.adopt(ProtoField("engine", 900, .optional, .string), in: &message) == false)
    #expect(try Self.reader.adopt(ProtoField("n", 900, .optional, .int32), in: &message))
    #expect(try message.int("n") == 3 && message.unknown.isEmpty)
  }

  @Test func encodingReadsBackTheSame() throws {
    let bytes = try Self.net().bytes()
    let net = try Self.reader.read(try Proto.slice(bytes), as: Proto.net)
    let again = try net.encoded().bytes()
    #expect(again.count == bytes.count)
    let reread = try Self.reader.read(try Proto.slice(again), as: Proto.net)
    #expect(try reread.encoded().bytes() == again)
    let layer = try reread.messages("layer")[0]
    #expect(try layer.messages("blobs")[0].bulk("data").doubles().last == 7.25)
  }

  @Test func streamedPayloadsKeepTheirPromise() throws {
    var inner = ProtobufBuilder()
    inner.payload(
      5,
      .stream(count: 8) { write throws(Diagnostic) in
        for v in [1, 2] as [Float] {
          try withUnsafeBytes(of: v.bitPattern) { (b) throws(Diagnostic) in try write(b) }
        }
      })
    inner.int(1, 2)
    var outer = ProtobufBuilder()
    outer.message(1, inner)
    let vector = try Self.reader.read(
      try Proto.slice(try outer.bytes()), as: Proto.caffe.type("caffe.BlobProtoVector"))
    #expect(try vector.messages("blobs")[0].floats("data") == [1, 2])
    let folder = try TemporaryFolder()
    let file = try FileWriter(folder.path("m"))
    try outer.write(to: file)
    try file.commit()
    #expect(try ByteStorage.open(folder.path("m")).all.bytes == outer.bytes())

    var liar = ProtobufBuilder()
    liar.payload(5, .stream(count: 8) { _ throws(Diagnostic) in })
    #expect(throws: Diagnostic.self) { try liar.bytes() }
  }

  /// Real files: what protobuf-c decodes, the direct decoder decodes too, and writing gives the file back.
  @Test func realFiles() throws {
    guard let shared = SharedData.folder else { return print("skipped: no fixtures beside the package") }
    for kind in ["caffe-layers", "caffe-real", "caffe-nets"] {
      let base = shared.appending(path: "fixtures/\(kind)")
      for id in try FileManager.default.contentsOfDirectory(atPath: base.path).sorted() {
        let folder = base.appending(path: id).path
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasSuffix(".caffemodel") {
          let bytes = try ByteStorage.open(folder + "/" + name).all
          if bytes.starts(with: [0x89, 0x48]) { continue }
          let net = try Self.reader.read(bytes, as: Proto.net)
          #expect(net.count("layer") + net.count("layers") > 0, "\(id)")
          let again = try net.encoded().bytes()
          let reread = try Self.reader.read(try Proto.slice(again), as: Proto.net)
          #expect(try reread.encoded().bytes() == again, "\(id)")
          #expect(try Self.reader.read(bytes, as: Proto.direct(Proto.net)).encoded().bytes() == again, "\(id)")
        }
      }
    }
  }
}

extension Proto {
  /// The same type without protobuf-c's descriptor: its messages are decoded by the package's own reader.
  static func direct(_ type: ProtoType) -> ProtoType { ProtoType(type.name, type.fields) }
}
