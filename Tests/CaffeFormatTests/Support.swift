import ByteSource
import CaffeFormat
import Diagnostics
import Foundation
import ModelGraph

/// The repository's own fixtures.
enum Fixtures {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  struct Case: Decodable, Sendable, CustomStringConvertible {
    var id: String
    var weights: String?
    var phase: String?
    var level: Int?
    var stages: [String]?
    var inputs: [String: [Int]]?
    var outputs: [String: [Int]]?
    var layer_types: [String]?
    var message: String?
    var parser: String?
    var fails_at: String?
    var rtol: Double?
    var atol: Double?
    var description: String { id }
    var folder = ""

    enum CodingKeys: String, CodingKey {
      case id, weights, phase, level, stages, inputs, outputs, layer_types, message, parser, fails_at, rtol, atol
    }

    func bytes(_ name: String) throws -> ByteSlice {
      try ByteStorage.open(Fixtures.root.appendingPathComponent("\(folder)/\(id)/\(name)").path).all
    }

    var options: CaffeReadOptions {
      var o = CaffeReadOptions()
      o.state = NetState(phase: phase == "TRAIN" ? .train : .test, level: level ?? 0, stages: stages ?? [])
      for (name, shape) in inputs ?? [:] { o.shapes[name] = shape.map { Dim($0) } }
      return o
    }

    func read(_ sink: DiagnosticSink) throws -> CaffeModel {
      try CaffeReader.read(
        prototxt: bytes("deploy.prototxt"), weights: weights.map { try bytes($0) }, options: options, sink: sink)
    }
  }

  private struct List: Decodable { var cases: [Case] }

  static func cases(_ folder: String) -> [Case] {
    let file = root.appendingPathComponent("\(folder)/cases.json")
    guard let data = try? Data(contentsOf: file), let list = try? JSONDecoder().decode(List.self, from: data) else {
      return []
    }
    return list.cases.map {
      var c = $0
      c.folder = folder
      return c
    }
  }
}

/// A text as a file of that name.
func textFile(_ text: String, name: String = "net.prototxt") throws -> ByteSlice {
  try ByteStorage.copying(Array(text.utf8), path: name).all
}

/// Reads a net's text without weights.
func readNet(_ text: String, _ sink: DiagnosticSink, _ options: CaffeReadOptions = CaffeReadOptions()) throws
  -> CaffeModel
{
  try CaffeReader.read(prototxt: textFile(text), weights: nil, options: options, sink: sink)
}
