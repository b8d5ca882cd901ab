import ByteSource
import CCaffeProto
import COnnxProto
import Containers
import Diagnostics
import Foundation
import TestSupport
import Testing

/// The schemas, and short ways to read texts and bytes with them.
enum Proto {
  static let caffe = ProtoSchema([
    mc_caffe_net_parameter(), mc_caffe_solver_parameter(), mc_caffe_solver_state(), mc_caffe_blob_proto_vector(),
    mc_caffe_datum(),
  ])
  static let onnx = ProtoSchema([
    mc_onnx_model_proto(), mc_onnx_tensor_proto(), mc_onnx_sequence_proto(), mc_onnx_optional_proto(),
  ])
  static let net = caffe.type("caffe.NetParameter")

  static func slice(_ bytes: [UInt8]) throws -> ByteSlice { try ByteStorage.copying(bytes, path: "m.bin").all }
  static func slice(_ text: String) throws -> ByteSlice {
    try ByteStorage.copying(Array(text.utf8), path: "n.prototxt").all
  }

  /// A text read by a type: the message and everything reported.
  static func read(
    _ text: String, as type: ProtoType = net, policy: any ProtoTextPolicy = StrictTextPolicy()
  ) throws -> (message: ProtoMessage, found: [Diagnostic]) {
    let sink = DiagnosticSink()
    let message = ProtoTextReader(file: "n.prototxt", sink: sink, policy: policy).read(try slice(text), as: type)
    return (message, sink.items)
  }

  /// Removes the markers `¶` from a text; gives the line and column of what stood behind each.
  static func unmark(_ marked: String) -> (text: String, places: [[Int]]) {
    var text = ""
    var places: [[Int]] = []
    var line = 1
    var column = 1
    for c in marked.unicodeScalars {
      if c == "¶" {
        places.append([line, column])
        continue
      }
      text.unicodeScalars.append(c)
      if c == "\n" {
        line += 1
        column = 1
      } else {
        column += String(c).utf8.count
      }
    }
    return (text, places)
  }

  /// Reads a text with markers: each error must stand at a marker, in this order, with these codes.
  @discardableResult
  static func expectErrors(
    _ codes: [String], in marked: String, as type: ProtoType = net,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws -> [Diagnostic] {
    let (text, places) = unmark(marked)
    let found = try read(text, as: type).found.sorted {
      ($0.location.line ?? 0, $0.location.column ?? 0) < ($1.location.line ?? 0, $1.location.column ?? 0)
    }
    #expect(found.map(\.code) == codes.map { "protobuf.text." + $0 }, sourceLocation: sourceLocation)
    #expect(
      found.map { [$0.location.line ?? 0, $0.location.column ?? 0] } == places, "\(found.map(\.rendered))",
      sourceLocation: sourceLocation)
    #expect(
      found.allSatisfy { $0.severity == .error && $0.location.file == "n.prototxt" }, sourceLocation: sourceLocation)
    return found
  }
}

/// A generator with a fixed course.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
