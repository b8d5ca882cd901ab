import CPURuntime
import Diagnostics
import TensorCore
import Testing

@testable import ModelConv

@Suite struct ComparisonTests {
  func compare(
    _ a: [Float], _ b: [Float], _ t: Tolerance = Tolerance(relative: 1e-3, absolute: 1e-5)
  ) throws -> Comparison {
    try Comparison(name: "x", actual: Tensor(a), expected: Tensor(b), tolerance: t)
  }

  @Test func ruleIsRelativeToTheReference() {
    let t = Tolerance(relative: 0.1, absolute: 0.5)
    #expect(t.accepts(11.5, 10))
    #expect(!t.accepts(11.51, 10))
    // The bound belongs to b: 0.5 + 0.1 · 11.6 is enough in this direction only.
    #expect(t.accepts(10, 11.6))
    #expect(t.accepts(.nan, .nan))
    #expect(!t.accepts(.nan, 0))
    #expect(!t.accepts(0, .nan))
    #expect(t.accepts(.infinity, .infinity))
    #expect(!t.accepts(.infinity, -.infinity))
    #expect(!t.accepts(1e300, .infinity))
  }

  @Test func equalTensorsPass() throws {
    let c = try compare([1, .nan, -.infinity, 0], [1, .nan, -.infinity, 0])
    #expect(c.passes)
    #expect(c.maxAbsolute == 0)
    #expect(c.failing == 0)
    #expect(c.cosine == 1)
  }

  @Test func worstElementIsNamed() throws {
    let a = try Tensor([1, 2, 3, 4, 5, 7] as [Float], shape: [2, 3])
    let b = try Tensor([1, 2, 3.5, 4, 5, 6] as [Float], shape: [2, 3])
    let c = try Comparison(name: "x", actual: a, expected: b, tolerance: Tolerance())
    #expect(!c.passes)
    #expect(c.failing == 2)
    #expect(c.worst?.index == [1, 2])
    #expect(c.worst?.actual == 7)
    #expect(c.worst?.expected == 6)
    #expect(c.maxAbsolute == 1)
    #expect(abs(c.maxRelative - 1.0 / 6) < 1e-12)
  }

  @Test func shapesAndTypesMustMatch() throws {
    let flat = try Tensor([1, 2, 3, 4] as [Float], shape: [4])
    let square = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    #expect(try Comparison(name: "x", actual: flat, expected: square, tolerance: Tolerance()).problem != nil)
    let doubles = try Tensor([1, 2, 3, 4] as [Double], shape: [4])
    let c = try Comparison(name: "x", actual: doubles, expected: flat, tolerance: Tolerance())
    #expect(c.problem?.contains("float64") == true)
    let allowed = try Comparison(
      name: "x", actual: doubles, expected: flat, tolerance: Tolerance(), comparesType: false)
    #expect(allowed.passes)
  }

  @Test func largeIntegersAreExact() throws {
    let a = try Tensor([Int64(1) << 60])
    let b = try Tensor([(Int64(1) << 60) + 1])
    #expect(try Comparison(name: "x", actual: a, expected: a, tolerance: Tolerance(relative: 0, absolute: 0)).passes)
    #expect(try !Comparison(name: "x", actual: a, expected: b, tolerance: Tolerance(relative: 0, absolute: 0)).passes)
  }

  @Test func stringsCompare() throws {
    let a = try Tensor(strings: ["a", "b"], shape: [2])
    let b = try Tensor(strings: ["a", "c"], shape: [2])
    #expect(try Comparison(name: "x", actual: a, expected: a, tolerance: Tolerance()).passes)
    #expect(try Comparison(name: "x", actual: a, expected: b, tolerance: Tolerance()).failing == 1)
  }

  @Test func emptyTensorsPass() throws {
    let e = try Tensor([Float](), shape: [0, 3])
    let c = try Comparison(name: "x", actual: e, expected: e, tolerance: Tolerance())
    #expect(c.passes)
    #expect(c.elements == 0)
  }

  @Test func sequencesCompareElementByElement() throws {
    let t = try Tensor([1, 2] as [Float])
    let u = try Tensor([1, 3] as [Float])
    let a = RuntimeValue.sequence([.tensor(t), .tensor(t)], element: .unknown)
    let b = RuntimeValue.sequence([.tensor(t), .tensor(u)], element: .unknown)
    let c = try ValueComparison.compare("s", a, b, Tolerance())
    #expect(c.map(\.passes) == [true, false])
    #expect(c[1].name == "s[1]")
    #expect(try ValueComparison.compare("s", nil, b, Tolerance()).first?.passes == false)
    let short = RuntimeValue.sequence([.tensor(t)], element: .unknown)
    #expect(try ValueComparison.compare("s", short, b, Tolerance()).first?.passes == false)
  }
}

@Suite struct StatisticsTests {
  @Test func finiteValues() throws {
    let s = TensorStatistics(name: "w", try Tensor([1, 2, 3, 4, 0, .nan, .infinity] as [Float]))
    #expect(s.min == 0)
    #expect(s.max == 4)
    #expect(s.mean == 2)
    #expect(abs((s.standardDeviation ?? 0) - 2.0.squareRoot()) < 1e-12)
    #expect((s.zeros, s.nans, s.infinities) == (1, 1, 1))
  }

  /// More than one chunk, a mean far from zero, against the definition.
  @Test func manyChunks() throws {
    let v = (0..<50_000).map { Float(1000 + Double($0 % 17) / 16) }
    let s = TensorStatistics(name: "w", try Tensor(v, shape: [5, 10_000]))
    let mean = v.reduce(0) { $0 + Double($1) } / Double(v.count)
    let variance = v.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(v.count)
    #expect(abs((s.mean ?? 0) - mean) < 1e-9)
    #expect(abs((s.standardDeviation ?? 0) - variance.squareRoot()) < 1e-9)
    let wide = TensorStatistics(name: "w", try Tensor(v.map { Double($0) }))
    #expect(abs((wide.mean ?? 0) - mean) < 1e-9)
    #expect(abs((wide.standardDeviation ?? 0) - variance.squareRoot()) < 1e-9)
  }

  @Test func viewsAreReadInOrder() throws {
    let t = try Tensor((0..<24).map { Float($0) }, shape: [2, 3, 4]).permuted([2, 0, 1]).sliced(
      axis: 0, start: 1, length: 1)
    let s = TensorStatistics(name: "w", t)
    #expect(s.min == 1)
    #expect(s.max == 21)
    #expect(s.elements == 6)
  }

  @Test func nothingFinite() throws {
    let s = TensorStatistics(name: "w", try Tensor([Float.nan]))
    #expect(s.mean == nil)
    #expect(s.nans == 1)
    #expect(TensorStatistics(name: "e", try Tensor([Float]())).min == nil)
    #expect(TensorStatistics(name: "b", try Tensor([true, false, true])).zeros == 1)
  }
}

@Suite struct SeededInputTests {
  @Test func reproducibleAndDifferentByNameSeedAndSample() throws {
    func values(_ name: String, _ seed: UInt64, _ sample: Int) throws -> [Float] {
      try SeededInputs.tensor(
        .tensor(.float32, sizes: [2, 5]), name: name, seed: seed, sample: sample, kind: .uniform
      ).floats()
    }
    #expect(try values("a", 1, 0) == values("a", 1, 0))
    #expect(try values("a", 1, 0) != values("b", 1, 0))
    #expect(try values("a", 1, 0) != values("a", 2, 0))
    #expect(try values("a", 1, 0) != values("a", 1, 1))
    #expect(try values("a", 1, 0).allSatisfy { $0 >= -1 && $0 < 1 })
  }

  @Test func freeBatchIsTwo() throws {
    let t = try SeededInputs.tensor(
      .tensor(.int64, [.symbol("N"), 3]), name: "x", seed: 1, sample: 0, kind: .bits)
    #expect(t.shape == [2, 3])
    #expect(try t.ints().allSatisfy { $0 == 0 || $0 == 1 })
    #expect(throws: Diagnostic.self) {
      try SeededInputs.tensor(.tensor(.float32, [1, .symbol("H")]), name: "x", seed: 1, sample: 0, kind: .uniform)
    }
  }
}
