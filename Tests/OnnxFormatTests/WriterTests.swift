import ByteSource
import Diagnostics
import Foundation
import ModelGraph
import TensorCore
import TestSupport
import Testing

@testable import OnnxFormat

@Suite struct WriterTests {
  func convolution(_ w: Tensor) throws -> Graph {
    var e = GraphEditor(name: "net")
    let x = e.addInput("data", .tensor(.float32, sizes: [1, 3, 5, 6]))
    let c = e.addConstant("conv.weight", w)
    let y = try e.insert(
      Convolution(geometry: WindowGeometry(strides: [2, 1])), [x, c], name: "conv", outputNames: ["top"],
      origin: Origin(file: "a.prototxt", layer: "conv", layerType: "Convolution"))
    e.setOutputs(y.compactMap { $0 })
    e.setMetadata("caffe.name", "net")
    return e.graph
  }

  @Test func permutedViewsAreStreamedInTheirOrder() throws {
    let base = try floats([3, 2, 7, 3])
    let view = try base.permuted([2, 0, 1, 3])
    let (back, _) = try convolution(try view.reshaped([7, 3, 2, 3])).written(opset: 17)
    let stored = try #require(back.value(named: "conv.weight")?.constant)
    #expect(try stored.floats() == view.contiguous().floats())
  }

  @Test func originsAndMetadataTravel() throws {
    let old = try convolution(try floats([4, 3, 2, 3])).written(opset: 17).message
    #expect(old.graph.nodes[0].documentation == "from layer 'conv' (Convolution)")
    let new = try convolution(try floats([4, 3, 2, 3])).written(opset: 21).message
    #expect(new.graph.nodes[0].metadata.contains(EntryMessage(key: "origin.layer", value: "conv")))
    #expect(new.metadata == [EntryMessage(key: "caffe.name", value: "net")])
    #expect(new.producerName == "modelconv")
  }

  @Test func externalDataIsAlignedAndReadBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("m.onnx")
    let w = try floats([64, 3, 2, 3])
    let report = try OnnxWriter.write(
      convolution(w), to: path, options: OnnxWriteOptions(externalData: true), sink: DiagnosticSink())
    #expect(report.externalDataPath == path + ".data")
    #expect(report.byteCount < 1000)
    let back = try OnnxReader.read(ByteStorage.open(path), path: path, sink: DiagnosticSink()).graph
    #expect(try back.value(named: "conv.weight")?.constant?.floats() == w.floats())
  }

  @Test func halfPrecisionKeepsTheInterface() throws {
    let options = OnnxWriteOptions(halfPrecision: .init())
    let (back, message) = try convolution(try floats([4, 3, 2, 3])).written(opset: 17, options: options)
    #expect(message.graph.nodes.map(\.type) == ["Cast", "Conv", "Cast"])
    #expect(back[back.inputs[0]]?.type.dtype == .float32)
    #expect(back[back.outputs[0]]?.name == "top")
    #expect(back[back.outputs[0]]?.type.dtype == .float32)
    #expect(back.value(named: "conv.weight")?.constant?.dtype == .float16)
    #expect(message.graph.nodes.last?.name == "conv")
  }

  @Test func valuesBeyondHalfPrecisionAreReported() throws {
    let w = try Tensor([Float](repeating: 70000, count: 4 * 3 * 2 * 3), shape: [4, 3, 2, 3])
    let sink = DiagnosticSink()
    let built = try OnnxWriter.model(
      convolution(w), options: OnnxWriteOptions(halfPrecision: .init(keepsInterface: false)), sink: sink)
    #expect(built.report.overflows.map(\.constant) == ["conv.weight"])
    #expect(sink.items.map(\.code) == ["onnx.float16-overflow"])
    #expect(built.message.graph.nodes.map(\.type) == ["Conv"])
  }

  @Test func outputsThatNoNodeMakesGetOne() throws {
    var e = GraphEditor(name: "g")
    let c = e.addConstant("c", try Tensor([Float(1), 2]))
    let x = e.addInput("x", .tensor(.float32, sizes: [2]))
    let y = try e.insert(UnaryMap(.relu), [x], name: "y")
    let first = try #require(y[0])
    e.setOutputs([c, first, first])
    let (back, message) = try e.graph.written(opset: 17)
    #expect(Set(message.graph.outputs.map(\.name)).count == 3)
    #expect(message.graph.outputs.prefix(2).map(\.name) == ["c", "y"])
    #expect(back.outputs.count == 3)
  }

  @Test func nothingIsLeftWhereAGraphCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.string, sizes: [2, 2]))
    let y = try e.insert(StringConcat(), [x, x], name: "y")
    e.setOutputs(y.compactMap { $0 })
    let graph = e.graph
    #expect(throws: Diagnostics.self) {
      try OnnxWriter.write(
        graph, to: folder.path("m.onnx"), options: OnnxWriteOptions(opset: 9), sink: DiagnosticSink())
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }
}
