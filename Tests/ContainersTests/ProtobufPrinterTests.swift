import ByteSource
import Containers
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct ProtobufPrinterTests {
  @Test func canonicalText() throws {
    let (net, found) = try Proto.read(
      """
      layer < type: 'Pooling', name: "p\\"\\\\\\n\\001é" loss_weight: [1, -0.1, inf, nan, 1e-10, 16777216]
        pooling_param { pool: AVE kernel_size: 0x3 global_pooling: f } >
      name: "n" input_dim: [4294967, -2] force_backward: t
      """)
    #expect(found.isEmpty)
    let text = try ProtoTextPrinter().print(net)
    #expect(
      text == """
        name: "n"
        input_dim: 4294967
        input_dim: -2
        force_backward: true
        layer {
          name: "p\\"\\\\\\n\\001é"
          type: "Pooling"
          loss_weight: 1
          loss_weight: -0.1
          loss_weight: inf
          loss_weight: nan
          loss_weight: 1e-10
          loss_weight: 16777216
          pooling_param {
            pool: AVE
            kernel_size: 3
            global_pooling: false
          }
        }

        """)
  }

  @Test func floatsReadBackBitByBit() throws {
    var random = Seeded(state: 3)
    let type = Proto.caffe.type("caffe.PowerParameter")
    for _ in 0..<2000 {
      let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
      if value.isNaN { continue }
      var message = ProtoMessage(type)
      try message.set("power", .float(value))
      let (again, found) = try Proto.read(try ProtoTextPrinter().print(message), as: type)
      #expect(try found.isEmpty && again.float("power").bitPattern == value.bitPattern)
    }
  }

  @Test func bytesReadBack() throws {
    let type = Proto.caffe.type("caffe.Datum")
    var message = ProtoMessage(type)
    let bytes = (0...255).map { UInt8($0) } + [0x31, 0x37, 0xff, 0x37]
    try message.set("data", .bytes(try Proto.slice(bytes)))
    let (again, found) = try Proto.read(try ProtoTextPrinter().print(message), as: type)
    #expect(try found.isEmpty && again.bytes("data").bytes == bytes)
  }

  @Test func unknownFieldsOfATextStay() throws {
    struct Keep: ProtoTextPolicy {
      func unknownField(_ field: ProtoTextField, in context: ProtoTextContext) -> ProtoUnknownDecision { .keep }
    }
    let written = "layer { [a.b] { x: -1 s: 'q' } my: [1.5f, WORD] }"
    let (net, _) = try Proto.read(written, policy: Keep())
    let text = try ProtoTextPrinter().print(net)
    #expect(
      text == "layer {\n  [a.b] {\n    x: -1\n    s: \"q\"\n  }\n  my: 1.5f\n  my: WORD\n}\n")
    #expect(try ProtoTextPrinter().print(Proto.read(text, policy: Keep()).message) == text)
  }

  /// Texts of the fixtures, printed and read again, print the same; so do binary nets.
  @Test func roundTrips() throws {
    for file in ProtobufTextTests.prototxts("caffe-layers") {
      let text = try String(contentsOf: file, encoding: .utf8)
      let printed = try ProtoTextPrinter().print(try Proto.read(text).message)
      let (again, found) = try Proto.read(printed)
      #expect(found.isEmpty, "\(file.path)")
      #expect(try ProtoTextPrinter().print(again) == printed, "\(file.path)")
    }
    let net = try ProtobufReader().read(try Proto.slice(try ProtobufWireTests.net().bytes()), as: Proto.net)
    let printed = try ProtoTextPrinter().print(net)
    let (again, found) = try Proto.read(printed)
    #expect(found.isEmpty)
    #expect(try again.messages("layer")[0].messages("blobs")[0].bulk("data").doubles().last == 7.25)
    #expect(try again.encoded().bytes().count == ProtobufWireTests.net().byteCount)
    let bare = try ProtoTextPrinter(omitting: ["blobs"]).print(net)
    #expect(!bare.contains("blobs") && !bare.contains("data: 0") && bare.contains("bottom: \"data\""))
  }
}
