import ByteSource
import Containers
import Diagnostics
import Foundation
import TestSupport
import Testing

/// Bytes that nobody wrote in good faith: they may be refused, never trap, hang or eat memory.
@Suite struct ProtobufHostileTests {
  /// Reads and touches everything that was read.
  static func exhaust(_ bytes: [UInt8], as type: ProtoType, _ reader: ProtobufReader = ProtobufReader()) throws {
    do throws(Diagnostic) {
      let message = try reader.read(try ByteStorage.copying(bytes).all, as: type)
      _ = try message.encoded().bytes()
    } catch {
      #expect(!error.message.isEmpty)
    }
  }

  @Test func truncatedAtEveryByte() throws {
    let bytes = try ProtobufWireTests.net().bytes()
    for n in 0..<bytes.count { try Self.exhaust(Array(bytes[0..<n]), as: Proto.net) }
  }

  @Test func everyByteDisturbed() throws {
    let bytes = try ProtobufWireTests.net().bytes()
    let lenient = ProtobufReader { _, field in field.number >= 100 }
    for i in bytes.indices {
      for flip in [0x01, 0x04, 0x80, 0xff] as [UInt8] {
        var damaged = bytes
        damaged[i] ^= flip
        try Self.exhaust(damaged, as: Proto.net)
        try Self.exhaust(damaged, as: Proto.net, lenient)
        try Self.exhaust(damaged, as: Proto.direct(Proto.net))
      }
    }
  }

  @Test func randomBytes() throws {
    var random = Seeded(state: 7)
    let types = [Proto.net, Proto.onnx.type("onnx.ModelProto"), Proto.onnx.type("onnx.SequenceProto")]
    for _ in 0..<3000 {
      let count = Int.random(in: 0..<80, using: &random)
      // Small bytes make valid tags and lengths likely.
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...(Bool.random(using: &random) ? 255 : 24), using: &random)
      }
      for type in types { try Self.exhaust(bytes, as: type) }
    }
  }

  @Test(
    arguments: [
      ([0x00], "protobuf.bad-tag"), ([0x0f, 0x01], "protobuf.bad-tag"), ([0x80], "bytes.truncated"),
      ([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], "protobuf.bad-length"),
      ([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], "bytes.varint-overflow"),
      ([0x0a, 0x05, 0x41], "protobuf.bad-length"), ([0x0c], "protobuf.bad-group"),
      ([0x0b, 0x14], "protobuf.bad-group"),
      ([0x0b], "bytes.truncated"), ([0x0a, 0x01, 0x00], "protobuf.string-with-nul"),
    ] as [([UInt8], String)])
  func refusals(_ bytes: [UInt8], _ code: String) throws {
    let slice = try Proto.slice(bytes)
    #expect { try ProtobufReader().read(slice, as: Proto.net) } throws: { ($0 as? Diagnostic)?.code == code }
  }

  @Test func packedNumbersMustBeWhole() throws {
    for bytes in [[0x2a, 3, 0, 0, 0], [0x42, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0x3a, 3, 0x0a, 1, 0x80]] as [[UInt8]] {
      let slice = try Proto.slice(bytes)
      #expect { try ProtobufReader().read(slice, as: ProtobufWireTests.blob) } throws: {
        ($0 as? Diagnostic)?.code == "protobuf.packed-length"
      }
    }
  }

  @Test func nestingIsLimited() throws {
    // NodeProto.attribute in GraphProto.node in AttributeProto.g, from the inside: three levels a round.
    var bytes: [UInt8] = []
    for _ in 0..<2000 {
      for tag in [0x2a, 0x0a, 0x32] as [UInt8] {
        var head: [UInt8] = [tag]
        var n = bytes.count
        while n > 0x7f {
          head.append(UInt8(n & 0x7f) | 0x80)
          n >>= 7
        }
        head.append(UInt8(n))
        bytes = head + bytes
      }
    }
    let slice = try Proto.slice(bytes)
    #expect { try ProtobufReader().read(slice, as: Proto.onnx.type("onnx.AttributeProto")) } throws: {
      ($0 as? Diagnostic)?.code == "protobuf.too-deep"
    }
    // Groups in groups.
    let groups = try Proto.slice([UInt8](repeating: 0x0b, count: 100_000))
    #expect { try ProtobufReader().read(groups, as: Proto.net) } throws: {
      ($0 as? Diagnostic)?.code == "protobuf.too-deep"
    }
  }

  /// 3 MB of empty layers: one million of them, and the same in strings, are refused before they cost memory.
  @Test func amplificationIsLimited() throws {
    var limits = ProtobufLimits()
    limits.structBytes = 16 << 20
    limits.values = 50_000
    let layers = try Proto.slice(Array(repeatElement([0xa2, 0x06, 0x00] as [UInt8], count: 1_000_000).joined()))
    let strings = try Proto.slice(Array(repeatElement([0x1a, 0x00] as [UInt8], count: 100_000).joined()))
    let unknown = try Proto.slice(Array(repeatElement([0xf8, 0x06, 0x00] as [UInt8], count: 100_000).joined()))
    for slice in [layers, strings, unknown] {
      #expect { try ProtobufReader(limits: limits).read(slice, as: Proto.net) } throws: {
        ($0 as? Diagnostic)?.code == "protobuf.too-many-fields"
      }
    }
  }

  // MARK: Texts

  static let sample = """
    name: "n" layer { name: 'a' type: "X" loss_weight: [1, -2.5e3f] include < phase: TEST not_stage: "s" >
      blobs { data: 1 data: inf } [ext.x] { a: "\\x41\\101" 'b' } } # end
    """

  static func parse(_ bytes: [UInt8]) throws -> [Diagnostic] {
    let sink = DiagnosticSink()
    _ = ProtoTextReader(file: nil, sink: sink).read(try ByteStorage.copying(bytes).all, as: Proto.net)
    return sink.items
  }

  @Test func textTruncatedAtEveryByte() throws {
    let bytes = Array(Self.sample.utf8)
    for n in 0..<bytes.count { _ = try Self.parse(Array(bytes[0..<n])) }
  }

  @Test func textWithEveryByteReplaced() throws {
    let bytes = Array(Self.sample.utf8)
    for i in bytes.indices {
      for c in [0, 9, 10, 34, 35, 39, 45, 58, 60, 62, 91, 92, 93, 123, 125, 255] as [UInt8] {
        var damaged = bytes
        damaged[i] = c
        _ = try Self.parse(damaged)
      }
    }
  }

  @Test func randomTexts() throws {
    var random = Seeded(state: 11)
    let pieces = [
      "layer", "{", "}", "<", ">", "[", "]", ":", "-", "1", "0x", "1e", "\"a\"", "'", "\n", ",", ";", "name", "#", "\\",
      "inf",
      "[a.b/c]", "bias_term", "099", "\u{0}", "é",
    ]
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0..<30, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
      _ = try Self.parse(Array(text.joined(separator: Bool.random(using: &random) ? " " : "").utf8))
    }
  }

  @Test func textNestingIsLimited() throws {
    for (open, count) in [("layer {", 100_000), ("a <", 100_000), ("a: [{ b: [{ ", 50_000)] {
      let found = try Self.parse(Array(String(repeating: open, count: count).utf8))
      #expect(found.contains { $0.code == "protobuf.text.too-deep" })
    }
  }

  @Test func textValuesAreLimited() throws {
    var limits = ProtoTextLimits()
    limits.values = 1000
    let sink = DiagnosticSink()
    let text = ProtoTextParser.parse(
      try Proto.slice("input_dim: [" + String(repeating: "1,", count: 5000) + "1]"), sink: sink, limits: limits)
    #expect(sink.items.map(\.code) == ["protobuf.text.too-many-values"] && text.fields.isEmpty)
  }
}
