import ByteSource
import CPURuntime
import CaffeFormat
import Diagnostics
import ModelGraph
import TensorCore
import Testing
import WeightFormats

/// Every layer fixture is run and compared with what Caffe computed, every recorded blob.
@Suite struct FixtureRunTests {
  @Test(arguments: Fixtures.cases("caffe-layers"))
  func blobsAgreeWithCaffe(_ c: Fixtures.Case) throws {
    let sink = DiagnosticSink()
    let model = try c.read(sink)
    #expect(sink.errors.map(\.rendered) == [])
    try compare(model, c, try Npz.read(c.bytes("io.npz")))
  }

  /// What is written and read again computes the same, from weights that are the same bits.
  @Test(arguments: Fixtures.cases("caffe-layers"))
  func writtenNetsAgreeWithCaffe(_ c: Fixtures.Case) throws {
    let model = try c.read(DiagnosticSink())
    let text = try CaffeWriter.prototxt(model.net)
    let weights = try ByteStorage.copying(CaffeWriter.caffemodel(model).bytes(), path: "written.caffemodel").all
    let sink = DiagnosticSink()
    let again = try CaffeReader.read(
      prototxt: textFile(text, name: "written.prototxt"), weights: weights, options: c.options, sink: sink)
    #expect(sink.errors.map(\.rendered) == [])
    #expect(again.net.dialect == .v2)
    #expect(again.layers.map(\.name) == model.layers.map(\.name))
    for (a, b) in zip(again.blobs, model.blobs) {
      #expect(a.map(\.shape) == b.map(\.shape))
      for (x, y) in zip(a, b) { #expect(try x.bytes().contentEquals(y.bytes())) }
    }
    try compare(again, c, try Npz.read(c.bytes("io.npz")))
  }

  /// The written caffemodel is a whole model by itself.
  @Test(arguments: Fixtures.cases("caffe-layers").filter { $0.phase != "TRAIN" })
  func writtenCaffemodelsStandAlone(_ c: Fixtures.Case) throws {
    let model = try c.read(DiagnosticSink())
    let weights = try ByteStorage.copying(CaffeWriter.caffemodel(model).bytes(), path: "written.caffemodel").all
    let sink = DiagnosticSink()
    let again = try CaffeReader.read(prototxt: nil, weights: weights, options: c.options, sink: sink)
    #expect(sink.errors.map(\.rendered) == [])
    try compare(again, c, try Npz.read(c.bytes("io.npz")))
  }

  private func compare(_ model: CaffeModel, _ c: Fixtures.Case, _ recorded: WeightBag) throws {
    var inputs: [String: Tensor] = [:]
    for e in recorded.entries where e.path.hasPrefix("in:") { inputs[String(e.path.dropFirst(3))] = e.tensor }
    let result = try Session(model.graph, options: SessionOptions(keep: .all)).run(inputs)
    for e in recorded.entries where !e.path.hasPrefix("in:") {
      let isBlob = e.path.hasPrefix("blob:")
      let name = String(e.path.dropFirst(isBlob ? 5 : 4))
      let id = try #require(model.value(ofBlob: name), "blob \(name)")
      let value = try #require(model.graph[id])
      let got = try #require(value.constant ?? inputs[value.name] ?? result.tensor(value.name), "blob \(name)")
      expectClose(got, e.tensor, c, e.path)
      if !isBlob { #expect(model.graph.outputs.contains(id), "\(name) is an output") }
    }
  }

  private func expectClose(_ got: Tensor, _ want: Tensor, _ c: Fixtures.Case, _ path: String) {
    #expect(got.shape == want.shape, "\(path)")
    guard got.shape == want.shape, let a = try? got.doubles(), let b = try? want.doubles() else { return }
    let atol = c.atol ?? 1e-5
    let rtol = c.rtol ?? 1e-3
    var worst = 0.0
    var failing = 0
    for (x, y) in zip(a, b) where !(x.isNaN && y.isNaN) && x != y {
      if !(abs(x - y) <= atol + rtol * abs(y)) {
        failing += 1
        worst = max(worst, abs(x - y))
      }
    }
    #expect(failing == 0, "\(path): \(failing) of \(a.count) differ, by up to \(worst)")
  }
}
