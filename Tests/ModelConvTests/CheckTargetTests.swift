import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import ModelConv

@Suite struct CheckTargetTests {
  @Test(arguments: FormatRegistry.formats.filter(\.writes).map(\.name))
  func everyWritableFormatIsATarget(name: String) throws {
    let report = try Model.check(DigitsTests.files, options: LoadOptions(), target: name)
    let isSingle = FormatRegistry.named(name)?.holds == "tensor"
    #expect(report.passes == !isSingle, "\(name): \(report.findings.map(\.rendered))")
    if isSingle { #expect(report.findings.contains { $0.code == "check.one-tensor" }) }
  }

  @Test(arguments: ["pickle", "onxx", ""])
  func whatIsNotWrittenIsRefused(name: String) throws {
    let error = #expect(throws: ModelConvError.self) {
      try Model.check(DigitsTests.files, options: LoadOptions(), target: name)
    }
    #expect(error?.exitStatus == 64)
  }

  @Test func weightsAloneAreNoNetwork() throws {
    let report = try Model.check([DigitsTests.path("io.npz")], options: LoadOptions(), target: "onnx")
    #expect(report.findings.map(\.code) == ["model.no-network"])
    #expect(try Model.check([DigitsTests.path("io.npz")], options: LoadOptions(), target: "hdf5").passes)
  }

  @Test func differencesAcrossFormats() throws {
    let folder = try TemporaryFolder()
    _ = try Converter().writeONNX(try Model.load(DigitsTests.files), to: folder.path("d.onnx"))
    let caffe = try Model.load(DigitsTests.files)
    let same = try caffe.difference(to: try Model.load([folder.path("d.onnx")]))
    #expect(same.changedTensors.isEmpty && same.addedTensors.isEmpty && same.removedTensors.isEmpty)
    #expect(same.equalTensors == 8)
    #expect(same.isEmpty, "\(same)")
    #expect(same.equalLayers == 10)
    _ = try caffe.writeWeights(as: try #require(FormatRegistry.named("npz")), to: folder.path("d.npz"))
    #expect(try caffe.difference(to: try Model.load([folder.path("d.npz")])).isEmpty)
    #expect(try Model.check([DigitsTests.path("digits.caffemodel")], options: LoadOptions(), target: "npz").passes)
    #expect(try !Model.check([DigitsTests.path("digits.caffemodel")], options: LoadOptions(), target: "onnx").passes)
  }
}
