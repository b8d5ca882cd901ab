import Foundation
import Testing

@testable import ModelConv

/// What translators declare of themselves against what an example of each type does.
@Suite struct LayerSupportTests {
  /// A folder that goes with the test.
  private final class Folder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("layers-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
  }

  @Test func everyTypeHasAnExample() {
    let listed = Set(Capabilities.layers.map(\.type))
    let shown = Set(LayerExample.all.map(\.type))
    #expect(listed.subtracting(shown).sorted() == [], "types without an example")
    #expect(shown.subtracting(listed).sorted() == [], "examples of types that are not known")
    #expect(LayerExample.all.count == shown.count)
  }

  @Test(arguments: LayerExample.all)
  func examplesDoWhatIsDeclared(_ example: LayerExample) throws {
    let folder = try Folder()
    let path = folder.path("net.prototxt")
    try example.prototxt().write(toFile: path, atomically: true, encoding: .utf8)
    let declared = try #require(Capabilities.layers.first { $0.type == example.type })
    var options = LoadOptions()
    options.shapes = example.shapes
    let model = try Model.load([path], options: options)
    let odd = model.findings.filter { $0.code == "caffe.layer.unknown-type" || $0.code == "caffe.fork.unknown-block" }
    #expect(odd.map(\.message) == [])

    // Exported, opened again, run beside the source.
    let exports = Result { try Converter().writeONNX(model, to: folder.path("net.onnx")) }
    switch exports {
    case .success(let report):
      #expect(declared.exports)
      if declared.runs { #expect(report.passes && report.verification != nil, "\(String(describing: report))") }
    case .failure(let error): #expect(!declared.exports, "\(error)")
    }

    // Written as Caffe: the layer is there again, and computes the same.
    let written = folder.path("again.prototxt")
    let report = try Converter().writeCaffe(model, to: written)
    if declared.runs { #expect(report.verification?.passes == true) }
    #expect(try String(contentsOfFile: written, encoding: .utf8).contains("type: \"\(example.type)\""))
  }

  @Test func thePageOfTheDocumentationIsCurrent() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/ModelConv/ModelConv.docc/CaffeLayers.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(text == Capabilities.layersPage + "\n", "`make docs` writes it anew")
  }
}
