import ByteSource
import Diagnostics
import Testing

@testable import CaffeFormat

/// What data layers of every age say about pictures.
@Suite struct DataTransformTests {
  static func transforms(_ text: String, phase: CaffePhase = .test) throws -> [DataTransform] {
    let sink = DiagnosticSink()
    let net = try CaffeReader.readNet(text: try ByteStorage.copying(Array(text.utf8)).all, sink: sink)
    #expect(!sink.hasErrors, "\(sink.items)")
    return DataTransform.all(of: net, state: NetState(phase: phase))
  }

  @Test func current() throws {
    let t = try #require(
      try Self.transforms(
        """
        layer { name: "data" type: "Data" top: "data" top: "label"
          transform_param { scale: 0.5 crop_size: 227 mirror: true mean_value: 104 mean_value: 117 mean_value: 123 }
          data_param { source: "db" batch_size: 2 } }
        """
      ).first)
    #expect((t.layer, t.top, t.scale, t.mirrors) == ("data", "data", 0.5, true))
    #expect(t.crop == [227, 227])
    #expect(t.meanValues == [104, 117, 123])
    #expect(t.isNeeded)
  }

  @Test func olderForms() throws {
    let v1 = try Self.transforms(
      """
      layers { name: "data" type: IMAGE_DATA top: "data" top: "label"
        image_data_param { source: "list" batch_size: 2 scale: 0.25 mean_file: "m" crop_size: 9 mirror: true
          new_height: 12 new_width: 13 is_color: false } }
      """)
    let t = try #require(v1.first)
    #expect((t.scale, t.meanFile, t.mirrors, t.channels) == (0.25, "m", true, 1))
    #expect((t.crop, t.size) == ([9, 9], [12, 13]))
    let v0 = try Self.transforms(
      """
      layers { layer { name: "data" type: "data" source: "db" meanfile: "mean" scale: 0.5 batchsize: 4 cropsize: 7 }
        top: "data" top: "label" }
      """)
    #expect((v0.first?.meanFile, v0.first?.scale, v0.first?.crop) == ("mean", 0.5, [7, 7]))
    let window = try Self.transforms(
      """
      layers { name: "data" type: WINDOW_DATA top: "data" top: "label"
        window_data_param { source: "list" batch_size: 2 mean_file: "w" crop_size: 5 } }
      """)
    #expect((window.first?.meanFile, window.first?.crop) == ("w", [5, 5]))
  }

  @Test func forksFields() throws {
    let t = try #require(
      try Self.transforms(
        """
        layer { name: "data" type: "AnnotatedData" top: "data" top: "label"
          transform_param { mean_value: 104 resize_param { prob: 1 resize_mode: WARP height: 300 width: 301 } }
          data_param { source: "db" batch_size: 2 } annotated_data_param { batch_sampler { } } }
        """
      ).first)
    #expect(t.size == [300, 301])
  }

  @Test func thePhaseComesFirst() throws {
    let text = """
      layer { name: "a" type: "Data" top: "data" include { phase: TRAIN } transform_param { scale: 2 } }
      layer { name: "b" type: "Data" top: "data" include { phase: TEST } transform_param { scale: 3 } }
      layer { name: "c" type: "ReLU" bottom: "data" top: "c" }
      """
    #expect(try Self.transforms(text).map(\.layer) == ["b", "a"])
    #expect(try Self.transforms(text, phase: .train).map(\.layer) == ["a", "b"])
  }

  @Test func nothingIsDeclared() throws {
    let text = """
      layer { name: "m" type: "MemoryData" top: "data" top: "label"
        memory_data_param { batch_size: 2 channels: 3 height: 5 width: 6 } }
      layer { name: "i" type: "Input" top: "x" input_param { shape { dim: 1 } } }
      """
    #expect(try Self.transforms(text).map(\.isNeeded) == [false])
  }

  /// A caffemodel keeps the data layers of the net that was saved.
  @Test func weightsRememberTheirNet() throws {
    let sink = DiagnosticSink()
    let train = try CaffeReader.read(
      prototxt: try ByteStorage.copying(
        Array(
          """
          layer { name: "data" type: "Data" top: "data" top: "label" transform_param { mean_value: 7 crop_size: 4 }
            data_param { source: "db" batch_size: 2 } }
          layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
          """.utf8)
      ).all, weights: nil, sink: sink)
    var bytes: [UInt8] = []
    try CaffeWriter.caffemodel(train).write { bytes += $0 }
    let deploy = """
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
      layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
      """
    let model = try CaffeReader.read(
      prototxt: try ByteStorage.copying(Array(deploy.utf8)).all, weights: try ByteStorage.copying(bytes).all, sink: sink
    )
    #expect(model.transforms.first?.meanValues == [7])
    #expect(model.transforms.first?.crop == [4, 4])
  }
}
