import CaffeFormat
import Diagnostics
import ModelGraph
import Testing

@Suite struct FixtureTests {
  @Test(arguments: Fixtures.cases("caffe-layers"))
  func layerCasesAreReadWithTheirShapes(_ c: Fixtures.Case) throws {
    let sink = DiagnosticSink()
    let model = try c.read(sink)
    #expect(sink.errors.map(\.rendered) == [])
    #expect(!model.graph.nodes.contains { $0.op is ForeignOperator })
    for (name, shape) in c.outputs ?? [:] {
      let value = model.value(ofBlob: name).flatMap { model.graph[$0] }
      let got = value?.type.sizes
      if c.layer_types?.contains("Filter") == true, got == nil { continue }
      #expect(got == shape, "\(name): \(value?.type.description ?? "missing")")
    }
  }

  @Test(arguments: Fixtures.cases("caffe-rejects"))
  func rejectedCasesAreRefused(_ c: Fixtures.Case) throws {
    let sink = DiagnosticSink()
    do {
      let model = try c.read(sink)
      let foreign = model.graph.nodes.filter { $0.op is ForeignOperator }
      #expect(sink.hasErrors || !foreign.isEmpty, "nothing is wrong with \(c.id)")
    } catch let d as Diagnostics { #expect(!d.items.isEmpty) }
    let isText = c.fails_at != "weights"
    if isText { #expect(sink.items.contains { $0.severity != .note && $0.location.line != nil }) }
    if let place = c.parser?.split(separator: " ").first(where: { $0.contains(":") && $0.first?.isNumber == true }) {
      let numbers = place.split(separator: ":").compactMap { Int($0) }
      if numbers.count >= 2 { #expect(sink.errors.first?.location.line == numbers[0]) }
    }
  }
}
