import Diagnostics
import Foundation
import ModelGraph
import TensorCore
import TestSupport
import Testing
import WeightFormats

@testable import ModelConv

/// The whole way on the sample network: files, graph, executor, ONNX, back.
@Suite struct DigitsTests {
  static let folder = SharedData.root.appending(path: "Samples/digits")
  static func path(_ name: String) -> String { folder.appending(path: name).path }
  static let files = [path("deploy.prototxt"), path("digits.caffemodel")]

  @Test func inspection() throws {
    let found = try Model.load(Self.files).inspect()
    #expect(found.format == "caffe")
    #expect(found.inputs.map(\.name) == ["data"])
    #expect(found.inputs.first?.shape == ["10", "1", "8", "8"])
    #expect(found.outputs.map(\.name) == ["prob"])
    #expect(found.totals.parameters == 13_706)
    // 16·9·64 + 32·16·9·16 + 64·128 + 10·64 multiply-adds a picture.
    #expect(found.totals.multiplyAdds == 10 * (9_216 + 73_728 + 8_192 + 640))
    #expect(found.layers.first { $0.name == "conv2" }?.parameters == 32 * 16 * 9 + 32)
  }

  @Test func recordedValuesAgree() throws {
    let report = try Model.verify(
      Self.files, options: LoadOptions(), fixtures: Self.path("io.npz"), tolerance: Tolerance()
    ) { _ in }
    #expect(report.passes)
    #expect(report.cases.flatMap(\.comparisons).count >= 2)
  }

  @Test func disturbedValueIsFound() throws {
    let folder = try TemporaryFolder()
    var bag = try TensorFile.read(file: Self.path("io.npz")).entries.map { (key: $0.path, tensor: $0.tensor) }
    let i = try #require(bag.firstIndex { $0.key == "out:prob" })
    var v = try bag[i].tensor.floats()
    v[37] += 0.01
    bag[i].tensor = try Tensor(v, shape: bag[i].tensor.shape)
    try Npz.write(bag, path: folder.path("io.npz"))
    let report = try Model.verify(
      Self.files, options: LoadOptions(), fixtures: folder.path("io.npz"), tolerance: Tolerance()
    ) { _ in }
    #expect(!report.passes)
    #expect(report.cases[0].comparisons.first { $0.name == "prob" && !$0.passes }?.worst?.index == [3, 7])
  }

  @Test(arguments: [9, 13, 17, 21])
  func conversionProvesItself(opset: Int) throws {
    let folder = try TemporaryFolder()
    var options = ConversionOptions()
    options.opset = opset
    options.samples = 2
    let out = folder.path("d.onnx")
    let report = try Converter(options: options).writeONNX(try Model.load(Self.files), to: out)
    #expect(report.passes)
    #expect(report.verification?.samples == 2)
    #expect(try Model.load([out]).inspect().outputs.map(\.name) == ["prob"])
    let again = folder.path("e.onnx")
    _ = try Converter(options: options).writeONNX(try Model.load(Self.files), to: again)
    #expect(try Data(contentsOf: URL(filePath: out)) == Data(contentsOf: URL(filePath: again)))
  }

  @Test func halfPrecisionIsLooser() throws {
    let folder = try TemporaryFolder()
    var options = ConversionOptions()
    options.dtype = "float16"
    let report = try Converter(options: options).writeONNX(try Model.load(Self.files), to: folder.path("h.onnx"))
    #expect(report.passes)
    #expect((report.verification?.outputs.first?.maxAbsolute ?? 0) > 0)
  }

  @Test func freeBatch() throws {
    let folder = try TemporaryFolder()
    var load = LoadOptions()
    load.batch = "dynamic"
    let report = try Converter().writeONNX(try Model.load(Self.files, options: load), to: folder.path("n.onnx"))
    #expect(report.passes)
    #expect(try Model.load([folder.path("n.onnx")]).inspect().inputs.first?.shape?.first == "N")
  }

  @Test func parityFindsTheFirstDifference() throws {
    let folder = try TemporaryFolder()
    let out = folder.path("d.onnx")
    _ = try Converter().writeONNX(try Model.load(Self.files), to: out)
    let same = try Model.load([out]).compare(with: try Model.load(Self.files))
    #expect(same.passes)
    #expect(same.layers.map(\.name).contains("conv2"))
    // Without its weights the net keeps its fillers: everything from conv1 on differs.
    let other = try Model.load([Self.files[0]]).compare(with: try Model.load([out]))
    #expect(!other.passes)
    #expect(other.firstDivergence == "conv1")
  }

  @Test func preprocessingIsBakedIn() throws {
    let folder = try TemporaryFolder()
    var options = ConversionOptions()
    options.preprocessing.mean = "0.25"
    options.preprocessing.scale = 2
    let baked = folder.path("b.onnx")
    #expect(try Converter(options: options).writeONNX(try Model.load(Self.files), to: baked).passes)
    let x = try SeededInputs.tensor(
      .tensor(.float32, sizes: [10, 1, 8, 8]), name: "data", seed: 3, sample: 0, kind: .uniform)
    let moved = try Tensor(try x.floats().map { ($0 - 0.25) * 2 }, shape: x.shape)
    let a = try Model.load([baked]).run(InputValues([(name: "data", tensor: x)]), blobs: .none, threads: 1)
    let b = try Model.load(Self.files).run(InputValues([(name: "data", tensor: moved)]), blobs: .none, threads: 1)
    let (p, q) = (try #require(a.outputs.first?.value.tensor), try #require(b.outputs.first?.value.tensor))
    #expect(try Comparison(name: "prob", actual: p, expected: q, tolerance: Tolerance()).passes)
  }

  @Test func otherInputSizesAreSetUpAgain() throws {
    let x = try SeededInputs.tensor(
      .tensor(.float32, sizes: [3, 1, 8, 8]), name: "data", seed: 3, sample: 0, kind: .uniform)
    let values = InputValues([(name: "data", tensor: x)])
    let model = try Model.load(Self.files, options: LoadOptions(), fitting: values)
    #expect(try model.run(values, blobs: .all, threads: 1).outputs.first?.value.tensor?.shape == [3, 10])
  }

  @Test func poolingReport() throws {
    let report = try Model.load([Self.files[0]]).poolingReport()
    #expect(report.differing == ["pool1", "pool2"])
    #expect(report.layers[0].endPadsForFloor == [1, 1])
    #expect(report.layers[0].isZeroPaddingSafe)
    #expect(!report.layers[1].isZeroPaddingSafe)
  }

  @Test func layersAreFoundByName() throws {
    let model = try Model.load(Self.files)
    let d = try model.layer(named: "conv1")
    #expect(d.weights.map(\.shape) == [[16, 1, 3, 3], [16]])
    #expect(d.location.contains("deploy.prototxt:"))
    let error = #expect(throws: ModelConvError.self) { try model.layer(named: "conv3") }
    #expect(error?.findings.first?.help?.contains("did you mean") == true)
  }

  @Test func checkFindsNothingWrong() throws {
    let report = try Model.check(Self.files, options: LoadOptions(), target: "onnx")
    #expect(report.passes)
    #expect(report.warnings == 0)
    #expect(report.findings.filter { $0.code == "check.rounding" }.count == 2)
  }

  @Test func tensorsTravel() throws {
    let folder = try TemporaryFolder()
    let source = "\(Self.files[1]):conv1.0"
    for (name, target) in [
      ("w.npy", TensorConversion.Target.npy), ("w.npz", .npz), ("w.pb", .onnxTensor), ("w.binaryproto", .binaryproto),
    ] {
      let s = try TensorConversion.convert(source, to: folder.path(name), as: target, keepsDimensions: false)
      #expect(s.shape == ["16", "1", "3", "3"])
      #expect(try TensorFile.read(folder.path(name)).floats() == TensorFile.read(source).floats())
    }
  }

  @Test func meanLosesItsLeadingOne() throws {
    let folder = try TemporaryFolder()
    try NpyWriter.write(try Tensor((0..<24).map { Float($0) }, shape: [2, 3, 4]), path: folder.path("m.npy"))
    _ = try TensorConversion.convert(
      folder.path("m.npy"), to: folder.path("m.binaryproto"), as: .binaryproto, keepsDimensions: false)
    _ = try TensorConversion.convert(
      folder.path("m.binaryproto"), to: folder.path("n.npy"), as: .npy, keepsDimensions: false)
    #expect(try TensorFile.read(folder.path("n.npy")).shape == [2, 3, 4])
    _ = try TensorConversion.convert(
      folder.path("m.binaryproto"), to: folder.path("k.npy"), as: .npy, keepsDimensions: true)
    #expect(try TensorFile.read(folder.path("k.npy")).shape == [1, 2, 3, 4])
  }
}
