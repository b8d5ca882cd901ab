import Diagnostics
import Foundation
import Pictures
import TensorCore
import TestSupport
import Testing
import WeightFormats

@testable import ModelConv

@Suite struct PreprocessingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  func write(_ text: String, _ name: String) throws -> String {
    try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
    return folder.path(name)
  }

  @Test func aSidecarComesBackAsItWas() throws {
    var p = ImagePreprocessing()
    p.source = "net.prototxt:3:5 layer 'data' (Data)"
    p.channelOrder = "RGB"
    p.range = 1
    p.crop = [227, 224]
    p.mean = .init(values: [0.485, 0.456, 0.406])
    p.scale = 0.017
    p.mirror = true
    try p.write(folder.path("p.json"))
    #expect(try ImagePreprocessing.read(folder.path("p.json")) == p)
    let text = try String(contentsOfFile: folder.path("p.json"), encoding: .utf8)
    for key in ImagePreprocessing.CodingKeys.allCases { #expect(text.contains("\"\(key.rawValue)\" :")) }
  }

  @Test(arguments: [
    ("{}", "schema"), ("{\"schema\": \"other/1\"}", "schema"),
    ("{\"schema\": \"modelconv.preprocessing/1\", \"scal\": 2}", "no key"),
    ("{\"schema\": \"modelconv.preprocessing/1\", \"scale\": \"2\"}", "scale"),
    ("{\"schema\": \"modelconv.preprocessing/1\", \"crop\": [0, 3]}", "crop"),
    ("{\"schema\": \"modelconv.preprocessing/1\", \"crop\": [1e300, 3]}", "crop"),
    ("{\"schema\": \"modelconv.preprocessing/1\", \"layout\": \"CHWN\"}", "layout"),
    ("{\"schema\": \"modelconv.preprocessing/1\", \"mean\": {}}", "mean"),
    ("{\"schema\": \"modelconv.preprocessing/1\", \"mean\": {\"values\": [NaN]}}", "mean"),
    ("{\"schema\": \"modelconv.preprocessing/1\", \"operations\": [\"mean\", \"crop\"]}", "operations"),
    ("layer { name: \"a\" type: \"Input\" top: \"a\" }", "no data layer"), ("\u{1}\u{2}", "neither"),
  ])
  func wrongSidecars(text: String, says: String) throws {
    let path = try write(text, "p.json")
    let error = #expect(throws: ModelConvError.self) { try ImagePreprocessing.read(path) }
    #expect(error?.findings.first?.rendered.contains(says) == true, "\(error?.findings.first?.rendered ?? "")")
    #expect(error?.exitStatus == 65)
  }

  @Test func aMeanFileIsFoundBesideTheNet() throws {
    let mean = (0..<3 * 4 * 5).map { Float($0) }
    try NpyWriter.write(try Tensor(mean, shape: [3, 4, 5]), path: folder.path("mean.npy"))
    let net = try write(
      """
      layer { name: "data" type: "Data" top: "data" top: "label"
        transform_param { mean_file: "some/where/mean.npy" crop_size: 2 scale: 0.25 }
        data_param { source: "db" batch_size: 3 } }
      """, "net.prototxt")
    let p = try ImagePreprocessing.read(net)
    #expect(p.mean?.file == folder.path("mean.npy"))
    #expect((p.crop, p.scale, p.channelOrder) == ([2, 2], 0.25, "BGR"))
    let image = try MeanImage(try #require(p.mean), by: p.source)
    #expect(image.channelMeans == [9.5, 29.5, 49.5])
    // (4 − 2) / 2 = 1 row, (5 − 2) / 2 = 1 column.
    #expect(
      try image.cropped(height: 2, width: 2, input: "data").values == [6, 7, 11, 12, 26, 27, 31, 32, 46, 47, 51, 52])
    #expect(throws: Diagnostic.self) { try image.cropped(height: 5, width: 2, input: "data") }
  }

  @Test func meansInWords() throws {
    #expect(try MeanImage("104, 117,123.5").values == [104, 117, 123.5])
    #expect(try MeanImage("7").broadcast(to: 3, input: "data").values == [7, 7, 7])
    #expect(throws: Diagnostic.self) { try MeanImage("1,2").broadcast(to: 3, input: "data") }
    #expect(throws: (any Error).self) { try MeanImage("104,,123") }
    #expect(throws: (any Error).self) { try MeanImage("nan,1,2") }
    try NpyWriter.write(
      try Tensor([Float](repeating: 1, count: 12), shape: [1, 1, 3, 2, 2]), path: folder.path("m.npy"))
    #expect(try MeanImage(folder.path("m.npy")).shape == [3, 2, 2])
    try NpyWriter.write(try Tensor([Float](repeating: 1, count: 6), shape: [3, 2]), path: folder.path("m.npy"))
    #expect(try MeanImage(folder.path("m.npy")).shape == [1, 3, 2])
    try NpyWriter.write(try Tensor([Float](), shape: [0]), path: folder.path("m.npy"))
    #expect(throws: Diagnostic.self) { try MeanImage(folder.path("m.npy")) }
  }

  @Test func cropsInCaffesOrder() throws {
    let image = try FloatImage(height: 3, width: 4, channels: 1, samples: (0..<12).map { Float($0) })
    var steps = PictureSteps(imageSize: [3, 4], cropSize: [2, 3])
    steps.oversamples = true
    let first = try steps.sampled(image).map { $0.samples[0] }
    #expect(first == [0, 1, 4, 5, 0, 2, 3, 6, 7, 2])
    steps.oversamples = false
    #expect(try steps.sampled(image).map { $0.samples[0] } == [0])
    steps.cropSize = [4, 4]
    #expect(throws: Diagnostic.self) { try steps.sampled(image) }
  }

  @Test func stepsOfAPixel() throws {
    let image = try FloatImage(height: 1, width: 2, channels: 3, samples: [0.25, 0.5, 1, 0, 0.125, 0.75])
    var steps = PictureSteps(imageSize: [1, 2], cropSize: [1, 2])
    steps.channelSwap = [2, 1, 0]
    steps.rawScale = 8
    steps.mean = MeanImage(shape: [3], values: [1, 2, 3])
    steps.inputScale = 0.5
    #expect(steps.transformed(image) == [3.5, 2.5, 1, -0.5, -0.5, -1.5])
    steps.mean = MeanImage(shape: [1, 1, 2], values: [1, 6])
    #expect(steps.transformed(image) == [3.5, 0, 1.5, -2.5, 0.5, -3])
  }

  @Test func digitsByTheTrainingNet() throws {
    let digits = SharedData.root.appending(path: "Samples/digits")
    var o = ClassificationOptions()
    o.labels = digits.appending(path: "labels.txt").path
    o.top = 1
    let report = try Model.classify(
      [digits.appending(path: "train_val.prototxt").path, digits.appending(path: "digits.caffemodel").path],
      options: LoadOptions(), pictures: (0..<10).map { digits.appending(path: "digit-\($0).png").path }, o)
    #expect(report.pictures.map { $0.top[0].index } == Array(0..<10))
    #expect(report.pictures[4].top[0].label == "four")
    #expect(report.preprocessing.inputScale == 0.00390625)
    #expect(report.preprocessing.imageSize == [8, 8])
    #expect(report.output == "prob")
  }

  @Test func optionsThatDoNotFit() throws {
    let digits = DigitsTests.files
    let picture = DigitsTests.path("digit-0.png")
    func fails(_ change: (inout ClassificationOptions) -> Void) -> Int32? {
      var o = ClassificationOptions()
      change(&o)
      do {
        _ = try Model.classify(digits, options: LoadOptions(), pictures: [picture], o)
        return nil
      } catch { return error.exitStatus }
    }
    #expect(fails { $0.channelSwap = [2, 1, 0] } == 64)
    #expect(fails { $0.mean = "1,2,3" } == 64)
    #expect(fails { $0.mean = "absent.npy" } == 66)
    #expect(fails { $0.imageSize = [4, 4] } == 64)
    #expect(fails { $0.output = "probe" } == 64)
    #expect(fails { $0.labels = picture } == 65)
    #expect(fails { $0.preprocessing = DigitsTests.path("labels.txt") } == 65)
    #expect(fails { $0.mean = "none" } == nil)
  }
}
