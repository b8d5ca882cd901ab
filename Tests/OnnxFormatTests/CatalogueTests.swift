import Foundation
import ModelGraph
import Testing
import TestSupport

@testable import OnnxFormat

@Suite struct CatalogueTests {
  @Test func versionsAreThoseOfTheFacts() {
    #expect(OnnxCatalogue.versions(domain: "ai.onnx", name: "Conv") == [1, 11, 22])
    #expect(OnnxCatalogue.versions(domain: "", name: "Softmax") == [1, 11, 13])
    #expect(OnnxCatalogue.schema(domain: "ai.onnx", name: "Softmax", opset: 12)?.since == 11)
    #expect(OnnxCatalogue.schema(domain: "ai.onnx", name: "Gelu", opset: 19) == nil)
    #expect(OnnxCatalogue.newestOpset == 28)
  }

  @Test(arguments: [(1, 3), (8, 3), (9, 4), (13, 7), (17, 8), (19, 9), (21, 10), (28, 14)])
  func irVersionsFollowOperatorSets(opset: Int, ir: Int) { #expect(OnnxCatalogue.irVersion(opset: opset) == ir) }

  @Test func attributesHaveKindsAndDefaults() throws {
    let conv = try #require(OnnxCatalogue.schema(domain: "ai.onnx", name: "Conv", opset: 17))
    #expect(conv.attribute("group")?.defaultText == "1")
    #expect(conv.attribute("pads")?.kind == .ints)
    #expect(conv.inputCount.least == 2)
    #expect(conv.inputCount.most == 3)
    let loop = try #require(OnnxCatalogue.schema(domain: "ai.onnx", name: "Loop", opset: 17))
    #expect(loop.attribute("body")?.isRequired == true)
    #expect(loop.inputCount.most == nil)
    #expect(conv.accepts("tensor(float)", input: 0))
    #expect(!conv.accepts("tensor(int64)", input: 0))
    #expect(!conv.accepts("tensor(bfloat16)", input: 0))
  }

  /// The literal in the sources is the file beside the schemas.
  @Test func factsAreOneText() throws {
    let url = SharedData.root.appending(path: "Schemas/onnx-operators.txt")
    #expect(try String(contentsOf: url, encoding: .utf8) == OnnxOperatorFacts.text + "\n")
  }

  @Test func importersAreOfKnownOperators() {
    for key in OnnxOperators.importers.keys {
      let parts = key.split(separator: "|").map(String.init)
      #expect(OnnxCatalogue.knows(domain: parts[0], name: parts[1]), "\(key)")
    }
  }

  /// Operators without an importer, each with its reason; one that gets an importer must leave the list.
  static let foreign: [String: String] = [:]

  @Test func everyOperatorIsImportedOrListed() {
    for (domain, name) in OnnxCatalogue.names {
      let key = "\(domain)|\(name)"
      let isImported = OnnxOperators.importers[key] != nil
      #expect(isImported || Self.foreign[key] != nil, "\(key) has no importer")
      #expect(!(isImported && Self.foreign[key] != nil), "\(key) has an importer now")
    }
  }

  /// Every neutral operator can be said in ONNX, directly or lowered.
  @Test func everyNeutralOperatorIsExportedOrLowered() {
    for op in OperatorCatalog.all + OperatorCatalog.awaitingKernels {
      #expect(op is any OnnxExportable.Type || op is any OnnxLegalisable.Type, "\(op.operatorName)")
    }
  }
}
