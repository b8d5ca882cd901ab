import Diagnostics
import ModelGraph
import TensorCore
import Testing

@testable import CPURuntime

@Suite struct SessionTests {
  /// conv 3→4, relu, max pool, inner product, softmax.
  private func smallNet() throws -> Graph {
    var e = GraphEditor(name: "small")
    let x = e.addInput("data", .tensor(.float32, [.symbol("N"), 3, 7, 9]))
    let w = e.addConstant("w", try Seeded.tensor([4, 3, 3, 2], seed: 1))
    let b = e.addConstant("b", try Seeded.tensor([4], seed: 2))
    let conv = try e.insert(
      Convolution(geometry: WindowGeometry(strides: [2, 1], padding: .explicit(begin: [1, 0], end: [0, 1]))),
      [x, w, b],
      name: "conv")
    let relu = try e.insert(UnaryMap(.relu), [conv[0]], name: "relu")
    let pool = try e.insert(
      MaxPool(WindowGeometry(kernel: [2, 2], strides: [2, 2], rounding: .ceil)), [relu[0]], name: "pool")
    let fw = e.addConstant("fw", try Seeded.tensor([5, 4 * 2 * 5], seed: 3))
    let fc = try e.insert(InnerProduct(), [pool[0], fw], name: "fc")
    let out = try e.insert(Softmax(axis: 1), [fc[0]], name: "prob")
    e.setOutputs(out.compactMap { $0 })
    return e.finish()
  }

  @Test func keptIntermediatesSurviveInPlaceComputation() throws {
    let graph = try smallNet()
    let input = try Seeded.tensor([2, 3, 7, 9], seed: 9)
    let plain = try Session(graph).run(["data": input])
    let kept = try Session(graph, options: SessionOptions(keep: .all)).run(["data": input])
    let conv = try #require(kept.tensor("conv")).values(Float.self)
    let relu = try #require(kept.tensor("relu")).values(Float.self)
    #expect(conv.contains { $0 < 0 })
    #expect(relu == conv.map { max($0, 0) })
    #expect(try plain.tensor("prob")?.values(Float.self) == kept.tensor("prob")?.values(Float.self))
    #expect(plain.values.count == 1)
  }

  @Test func otherShapesThanDeclaredAndRepeatedRuns() throws {
    let session = try Session(try smallNet())
    for batch in [3, 1, 3, 2] {
      let input = try Seeded.tensor([batch, 3, 7, 9], seed: UInt64(batch))
      let first = try #require(try session.run(["data": input]).tensor("prob"))
      let second = try #require(try session.run(["data": input]).tensor("prob"))
      #expect(first.shape == [batch, 5])
      let a = try first.values(Float.self)
      #expect(a == (try second.values(Float.self)))
      for row in 0..<batch { #expect(abs(a[row * 5..<row * 5 + 5].reduce(0, +) - 1) < 1e-5) }
    }
  }

  @Test func missingAndMistypedInputs() throws {
    let session = try Session(try smallNet())
    #expect(throws: Diagnostic.self) { try session.run([String: Tensor]()) }
    let wrong = try Tensor([Double](repeating: 0, count: 189), shape: [1, 3, 7, 9])
    #expect(throws: Diagnostic.self) { try session.run(["data": wrong]) }
    #expect(throws: Diagnostic.self) { try session.run(["data": try Seeded.tensor([1, 2, 7, 9], seed: 1)]) }
  }

  @Test func allUnsupportedLayersAreNamedAtOnce() throws {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.float32, [2, 3]))
    let a = e.insertUnchecked(
      ForeignOperator(domain: "caffe", type: "Mystery", outputCount: 1), [x], types: [.unknown], name: "first")
    let b = e.insertUnchecked(
      ForeignOperator(domain: "caffe", type: "Riddle", outputCount: 1), a, types: [.unknown], name: "second")
    e.setOutputs(b.compactMap { $0 })
    let graph = e.finish()
    do {
      _ = try Session(graph)
      Issue.record("the session was made")
    } catch {
      #expect(error.items.map(\.code) == ["run.unsupported-layer", "run.unsupported-layer"])
      #expect(error.items[0].message.contains("first") && error.items[1].message.contains("Riddle"))
    }
  }

  @Test func outputsThatAreInputsOrConstantsOrViews() throws {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.float32, [2, 3]))
    let c = e.addConstant("c", try Tensor([1, 2] as [Float]))
    let flat = try e.insert(Flatten(axis: 0), [x], name: "flat")
    let relu = try e.insert(UnaryMap(.relu), [flat[0]], name: "relu")
    e.setOutputs([x, c] + flat.compactMap { $0 } + relu.compactMap { $0 })
    let r = try Session(e.finish()).run(["x": try Tensor([-1, 2, -3, 4, -5, 6] as [Float], shape: [2, 3])])
    #expect(try r.tensor("x")?.values(Float.self) == [-1, 2, -3, 4, -5, 6])
    #expect(try r.tensor("c")?.values(Float.self) == [1, 2])
    #expect(r.tensor("flat")?.shape == [6])
    #expect(try r.tensor("flat")?.values(Float.self) == [-1, 2, -3, 4, -5, 6])
    #expect(try r.tensor("relu")?.values(Float.self) == [0, 2, 0, 4, 0, 6])
  }
}
