import ByteSource
import Containers
import Diagnostics
import Foundation
import TestSupport
import Testing

/// Files that others wrote.
@Suite struct ProtobufCorpusTests {
  static func onnxFiles(_ kind: String, limit: Int) -> [String] {
    guard let shared = SharedData.folder else { return [] }
    let base = shared.appending(path: "corpus/\(kind)")
    let walker = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil)
    var files: [String] = []
    for case let url as URL in walker ?? FileManager.DirectoryEnumerator() where url.pathExtension == "onnx" {
      files.append(url.path)
    }
    let step = max(1, files.count / limit)
    return files.sorted().enumerated().filter { $0.offset % step == 0 }.map(\.element)
  }

  @Test(arguments: [
    "onnx-real", "onnx-structure", "onnx-node-1.23.2", "onnx-simple-1.23.2", "onnx-torch", "onnx-tf2onnx",
    "onnx-pytorch-operator-1.23.2",
  ])
  func onnxModels(_ kind: String) throws {
    let type = Proto.onnx.type("onnx.ModelProto")
    let files = Self.onnxFiles(kind, limit: 60)
    if files.isEmpty { print("skipped: no \(kind) beside the package") }
    for path in files {
      let model = try ProtobufReader().read(try ByteStorage.open(path).all, as: type)
      #expect(model.has("graph"), "\(path)")
      #expect(try model.int("ir_version") > 0, "\(path)")
      let again = try model.encoded().bytes()
      let reread = try ProtobufReader().read(try Proto.slice(again), as: type)
      #expect(try reread.encoded().bytes() == again, "\(path)")
      let direct = try ProtobufReader().read(try Proto.slice(again), as: Proto.direct(type))
      #expect(try direct.encoded().bytes() == again, "\(path)")
    }
  }

  @Test func hostileOnnxFilesAreReadOrRefused() throws {
    for path in Self.onnxFiles("onnx-hostile", limit: 1000) {
      do throws(Diagnostic) {
        _ = try ProtobufReader().read(try ByteStorage.open(path).all, as: Proto.onnx.type("onnx.ModelProto"))
      } catch { #expect(!error.message.isEmpty) }
    }
  }
}
