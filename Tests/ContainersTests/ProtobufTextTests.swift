import ByteSource
import Containers
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct ProtobufTextTests {
  @Test func readsATypicalLayer() throws {
    let (net, found) = try Proto.read(
      """
      name: "n"  # a comment
      input: "data"
      input_dim: 2 input_dim: 3
      layer {
        name: 'conv' type: "Con" "volution"
        bottom: "data" top: "conv"
        loss_weight: 1 loss_weight: .5f
        convolution_param {
          num_output: 0x10, kernel_size: [3, 05]; dilation: []
          bias_term: false
          weight_filler < type: "gaussian" std: 1e-2 >
          engine: CUDNN
        }
        include: { phase: 0 }
      }
      """)
    #expect(found.isEmpty, "\(found.map(\.rendered))")
    #expect(try net.string("name") == "n")
    #expect(try net.ints("input_dim") == [2, 3])
    let layer = try #require(try net.messages("layer").first)
    #expect(try layer.string("type") == "Convolution")
    #expect(try layer.floats("loss_weight") == [1, 0.5])
    let conv = try #require(try layer.message("convolution_param"))
    #expect(try conv.int("num_output") == 16)
    #expect(try conv.ints("kernel_size") == [3, 5])
    #expect(!conv.has("dilation"))
    #expect(try !conv.bool("bias_term"))
    #expect(try conv.enumName("engine") == "CUDNN")
    #expect(try conv.int("group") == 1)
    #expect(!conv.has("group"))
    let filler = try #require(try conv.message("weight_filler"))
    #expect(try filler.float("std") == 0.01)
    #expect(try filler.float("max") == 1)
    #expect(try filler.string("type") == "gaussian")
    #expect(try layer.messages("include")[0].enumName("phase") == "TRAIN")
    #expect(conv.location("bias_term").line == 10)
    #expect(conv.nameLocation("bias_term").column == 5)
    #expect(conv.location("kernel_size", 1).column == 40)
  }

  @Test(arguments: [
    ("t", true), ("true", true), ("True", true), ("1", true), ("f", false), ("False", false), ("0", false),
    ("0x1", true),
  ])
  func bools(_ written: String, _ value: Bool) throws {
    let (net, found) = try Proto.read("force_backward: \(written)")
    #expect(found.isEmpty)
    #expect(net.has("force_backward"))
    #expect(try net.bool("force_backward") == value)
  }

  @Test(
    arguments: [
      ("1", 1), ("-1.5", -1.5), ("2f", 2), ("1e39", Float.infinity), ("-INF", -Float.infinity), ("infinity", .infinity),
      (".25", 0.25), ("3.", 3), ("1e-3F", 1e-3), ("18446744073709551616", 18_446_744_073_709_551_616), ("- 4", -4),
    ] as [(String, Float)])
  func floats(_ written: String, _ value: Float) throws {
    let (message, found) = try Proto.read("power: \(written)", as: Proto.caffe.type("caffe.PowerParameter"))
    #expect(found.isEmpty, "\(found.map(\.rendered))")
    #expect(try message.float("power") == value)
  }

  @Test func notANumberIsAValue() throws {
    let (message, _) = try Proto.read("power: nan", as: Proto.caffe.type("caffe.PowerParameter"))
    #expect(try message.float("power").isNaN)
  }

  @Test(arguments: ["0x10", "010", "one", "\"1\"", "true"])
  func numbersAreDecimal(_ written: String) throws {
    try Proto.expectErrors(["wrong-value"], in: "power: ¶\(written)", as: Proto.caffe.type("caffe.PowerParameter"))
  }

  @Test(arguments: [
    ("input_dim", "2147483647", true), ("input_dim", "-2147483648", true), ("input_dim", "2147483648", false),
    ("input_dim", "-2147483649", false), ("input_dim", "0xffffffff", false), ("input_dim", "017", true),
  ])
  func integerRanges(_ field: String, _ written: String, _ fits: Bool) throws {
    if fits {
      #expect(try Proto.read("\(field): \(written)").found.isEmpty)
    } else {
      try Proto.expectErrors(["out-of-range"], in: "\(field): ¶\(written)")
    }
  }

  @Test func stringsKeepEscapes() throws {
    let (net, found) = try Proto.read(#"name: "a\n\x41\101\"\u00e9" 'é'"#)
    #expect(found.isEmpty)
    #expect(try net.string("name") == "a\nAA\"éé")
  }

  @Test func emptyTexts() throws {
    for text in ["", "\n", "# only a comment", "\t \r\n"] {
      let (net, found) = try Proto.read(text)
      #expect(found.isEmpty && net.setFields.isEmpty)
    }
  }

  @Test func allSyntaxErrorsInOneRun() throws {
    let found = try Proto.expectErrors(
      ["syntax", "syntax", "unknown-field", "syntax", "wrong-value", "syntax"],
      in: """
        name: "n"
        layer {
          name: ¶: "a"
          type: "ReLU"
        }
        layer {
          name ¶"b"
          type: "Pooling"
          pooling_param { ¶kernal_size: 3 }
          ¶bottom:
          top: "c"
        }
        layer { name: "d" relu_param { negative_slope: ¶"x" } }
        ¶}
        """)
    #expect(found[2].help == "did you mean 'kernel_size'?")
    #expect(found[4].message.contains("layer 'd'"))
  }

  @Test func missingBraceNamesBothEnds() throws {
    let found = try Proto.expectErrors(["unclosed"], in: "layer {\n  relu_param {\n  negative_slope: 1\n¶")
    #expect(found[0].notes == ["it was opened at line 2, column 14"])
  }

  /// A brace that is missing in the middle shows where the next block begins.
  @Test func missingBraceInTheMiddle() throws {
    let found = try Proto.expectErrors(
      ["unknown-field", "unclosed"], in: "layer {\n  name: 'a'\n¶layer {\n  name: 'b'\n}\n¶")
    #expect(found[0].help == "'layer' belongs to NetParameter: is a '}' missing before it?")
  }

  @Test func tabsCountAsOneColumn() throws {
    try Proto.expectErrors(["unknown-field"], in: "layer {\n\t\tname: \"é\"\t¶nmae: \"b\"\n}")
  }

  @Test func givenTwice() throws {
    let found = try Proto.expectErrors(
      ["given-twice", "given-twice"],
      in: "name: \"a\"\n¶name: \"b\"\nlayer { relu_param {} ¶relu_param {} }")
    #expect(found[0].notes == ["it was first given at line 1, column 1"])
  }

  @Test func requiredFields() throws {
    let found = try Proto.expectErrors(["missing-required"], in: "layer { name: \"c\" clip_param ¶{ min: -1 } }")
    #expect(found[0].message.contains("layer 'c'") && found[0].message.contains("'max'"))
  }

  @Test func wrongShapes() throws {
    try Proto.expectErrors(
      ["wrong-value", "wrong-value", "not-repeated", "missing-colon"],
      in: "name: ¶{ }\nlayer: ¶3\n¶debug_info: [true]\n¶input_dim [1, 2]")
  }

  @Test func unknownFieldsAreKept() throws {
    struct Keep: ProtoTextPolicy {
      func unknownField(_ field: ProtoTextField, in context: ProtoTextContext) -> ProtoUnknownDecision {
        #expect(context.path == ["layer 'x'"])
        return .keep
      }
    }
    let (net, found) = try Proto.read(
      "layer { name: 'x' [my.ext] { a: 1 } [type.example.com/a.B]: 3 my_param < a: [{ b: -inf }] > }", policy: Keep())
    #expect(found.isEmpty)
    let layer = try #require(try net.messages("layer").first)
    #expect(layer.unknown.map(\.label) == ["[my.ext]", "[type.example.com/a.B]", "my_param"])
    #expect(layer.unknown[2].place == .text(line: 1, column: 63))
  }

  @Test func aForksFieldIsReadByItsType() throws {
    struct Fork: ProtoTextPolicy {
      let field: ProtoField
      func unknownField(_ field: ProtoTextField, in context: ProtoTextContext) -> ProtoUnknownDecision {
        field.name == "roi_pooling_param" ? .typed(self.field) : .refuse
      }
    }
    let type = ProtoType(
      "caffe.ROIPoolingParameter",
      [
        ProtoField("pooled_h", 1, .optional, .uint32, defaultValue: .uint(7)),
        ProtoField("spatial_scale", 3, .optional, .float, defaultValue: .float(1)),
      ])
    let fork = Fork(field: ProtoField("roi_pooling_param", 8_266_711, .optional, .message, messageType: type))
    let (net, found) = try Proto.read("layer { roi_pooling_param { spatial_scale: 0.0625 } }", policy: fork)
    #expect(found.isEmpty)
    let roi = try #require(try net.messages("layer")[0].message("roi_pooling_param"))
    #expect(try roi.int("pooled_h") == 7)
    #expect(try roi.float("spatial_scale") == 0.0625)
    #expect(try Proto.read("layer { roi_pooling_param { x: 1 } }", policy: fork).found.count == 1)
  }

  @Test func askingForWhatIsNotThereThrows() throws {
    let net = ProtoMessage(Proto.net)
    #expect(throws: Diagnostic.self) { try net.int("nonsense") }
    #expect(throws: Diagnostic.self) { try net.int("name") }
    #expect(throws: Diagnostic.self) { try net.string("layer") }
    #expect(try net.messages("layer").isEmpty)
  }

  // MARK: Caffe's own cases

  static let folder = SharedData.root.appending(path: "Tests/Fixtures")

  static func prototxts(_ kind: String) -> [URL] {
    var folders = [folder.appending(path: kind)]
    if let shared = SharedData.folder { folders = [shared.appending(path: "fixtures/\(kind)")] }
    return folders.flatMap { folder in
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return names.sorted().map { folder.appending(path: "\($0)/deploy.prototxt") }
        .filter { FileManager.default.fileExists(atPath: $0.path) }
    }
  }

  @Test(arguments: ["caffe-layers", "caffe-nets", "caffe-real"])
  func acceptsWhatCaffeAccepts(_ kind: String) throws {
    let files = Self.prototxts(kind)
    #expect(kind != "caffe-layers" || files.count > 100)
    for file in files {
      let sink = DiagnosticSink()
      _ = ProtoTextReader(file: file.path, sink: sink).read(try ByteStorage.open(file.path).all, as: Proto.net)
      #expect(sink.items.isEmpty, "\(file.path): \(sink.items.map(\.rendered))")
    }
  }

  /// What Caffe's own parser refuses is refused here, on the line it names or, where its position is that of the
  /// token after, on the line before.
  @Test(arguments: [
    ("clip_without_max", "missing-required", 9, "clip_param"), ("text_unknown_field", "unknown-field", 13, "slope"),
    ("text_unknown_param_block", "unknown-field", 13, "conv_param"), ("text_missing_brace", "unclosed", 9, "closed"),
    ("text_unquoted_string", "wrong-value", 8, "ReLU"), ("text_enum_unknown", "unknown-value", 13, "AVERAGE"),
    ("text_message_twice", "given-twice", 14, "pooling_param"),
    ("text_number_overflow", "out-of-range", 13, "4294967296"),
    ("text_negative_unsigned", "wrong-value", 13, "got -2"),
  ])
  func refusesWhatCaffeRefuses(_ id: String, _ code: String, _ line: Int, _ word: String) throws {
    let path = Self.folder.appending(path: "caffe-rejects/\(id)/deploy.prototxt").path
    let sink = DiagnosticSink()
    _ = ProtoTextReader(file: path, sink: sink).read(try ByteStorage.open(path).all, as: Proto.net)
    #expect(sink.items.map(\.code) == ["protobuf.text." + code], "\(sink.items.map(\.rendered))")
    if code != "missing-required" { #expect(sink.items.first?.location.line == line) }
    #expect(sink.items.first?.message.contains(word) == true)
  }
}
