import ModelGraph
import TensorCore
import Testing

@testable import CPURuntime

@Suite struct PoolingKernelTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var input: [Int]
    var geometry: WindowGeometry
    var testDescription: String { "\(input) k\(geometry.kernel) s\(geometry.strides) \(geometry.padding)" }
  }

  static let cases = [
    Case(input: [2, 3, 7, 9], geometry: WindowGeometry(kernel: [3, 2], strides: [2, 3])),
    Case(
      input: [2, 3, 5, 6],
      geometry: WindowGeometry(
        kernel: [2, 2], strides: [2, 2], padding: .explicit(begin: [1, 1], end: [1, 1]), rounding: .ceil,
        lastWindow: .dropInPaddingIfAnyPadded)),
    Case(
      input: [2, 3, 8, 7],
      geometry: WindowGeometry(
        kernel: [2, 2], strides: [3, 3], rounding: .ceil, lastWindow: .dropInPaddingIfAnyPadded)),
    Case(
      input: [2, 4, 10, 11],
      geometry: WindowGeometry(
        kernel: [3, 4], strides: [2, 1], dilations: [2, 1], padding: .explicit(begin: [2, 0], end: [1, 3]))),
    Case(input: [3, 2, 13], geometry: WindowGeometry(kernel: [4], strides: [3], padding: .sameUpper)),
    Case(
      input: [2, 3, 4, 5, 6], geometry: WindowGeometry(kernel: [2, 3, 2], strides: [1, 2, 3], padding: .sameLower)),
    Case(input: [2, 3, 4, 5], geometry: WindowGeometry(isGlobal: true)),
  ]

  /// Values of the window of one output place that lie inside, whether padding counts, and the padded count.
  private func window(_ c: Case, _ x: Naive, _ at: [Int]) throws -> (values: [Double], whole: Int, padded: Int) {
    let g = c.geometry
    let axes = c.input.count - 2
    let kernel = g.isGlobal ? Array(c.input[2...]) : g.kernel
    var pads: [(begin: Int, end: Int)] = []
    for a in 0..<axes {
      pads.append(g.isGlobal ? (0, 0) : try g.pads(input: c.input[a + 2], kernel: kernel[a], axis: a))
    }
    var values: [Double] = []
    var padded = 0
    for k in Naive.places(kernel) {
      var place = [at[0], at[1]]
      var isPadded = true
      for a in 0..<axes {
        let i = at[a + 2] * (g.isGlobal ? 1 : g.stride(a)) - pads[a].begin + k[a] * g.dilation(a)
        place.append(i)
        if i < -pads[a].begin || i >= c.input[a + 2] + pads[a].end { isPadded = false }
      }
      if isPadded { padded += 1 }
      if x.holds(place) { values.append(x[place]) }
    }
    return (values, kernel.reduce(1, *), padded)
  }

  @Test(arguments: cases) func maximum(_ c: Case) throws {
    let t = try Seeded.tensor(c.input, seed: 11)
    let x = try Naive(t)
    let y = try run(MaxPool(c.geometry, emptyValue: .lowestFinite), t)
    let want = try Naive(
      y.shape,
      Naive.places(y.shape).map {
        try window(c, x, $0).values.max() ?? -Double(Float.greatestFiniteMagnitude)
      })
    #expect(try want.difference(y) == 0)
  }

  @Test(arguments: cases, [AveragePool.Divisor.window, .paddedExtent, .validOnly])
  func average(_ c: Case, _ divisor: AveragePool.Divisor) throws {
    let t = try Seeded.tensor(c.input, seed: 12)
    let x = try Naive(t)
    let y = try run(AveragePool(c.geometry, divisor: divisor), t)
    let want = try Naive(
      y.shape,
      Naive.places(y.shape).map {
        let w = try window(c, x, $0)
        let n = divisor == .window ? w.whole : divisor == .validOnly ? w.values.count : w.padded
        return w.values.reduce(0, +) / Double(n)
      })
    #expect(try want.difference(y) < 1e-6)
  }

  @Test(arguments: cases) func norm(_ c: Case) throws {
    let t = try Seeded.tensor(c.input, seed: 13)
    let x = try Naive(t)
    for p in [1, 2, 3] {
      let y = try run(LpPool(c.geometry, p: p), t)
      let want = try Naive(
        y.shape,
        Naive.places(y.shape).map {
          let sum = try window(c, x, $0).values.reduce(0) { s, v in
            s + (p == 1 ? abs(v) : p == 2 ? v * v : abs(v) * abs(v) * abs(v))
          }
          return p == 1 ? sum : p == 2 ? sum.squareRoot() : Double.pow(sum, 1 / 3)
        })
      #expect(try want.difference(y) < 1e-6)
    }
  }

  @Test func indicesAndNaN() throws {
    let t = try Tensor([1, .nan, 5, 5, 2, 0, 7, 7] as [Float], shape: [1, 1, 2, 4])
    let g = WindowGeometry(kernel: [2, 2], strides: [2, 2])
    let onnx = try Evaluator.evaluate(MaxPool(g, indices: .flat(columnMajor: false)), [.tensor(t)], name: "p")
    #expect(try #require(onnx[0].tensor).values(Float.self)[0].isNaN)
    #expect(try #require(onnx[1].tensor).values(Int64.self) == [1, 6])
    let column = try Evaluator.evaluate(MaxPool(g, indices: .flat(columnMajor: true)), [.tensor(t)], name: "p")
    #expect(try #require(column[1].tensor).values(Int64.self) == [2, 5])
    let caffe = try Evaluator.evaluate(
      MaxPool(g, indices: .planeFloat, emptyValue: .lowestFinite, nanRule: .ignore), [.tensor(t)], name: "p")
    #expect(try #require(caffe[0].tensor).values(Float.self) == [2, 7])
    #expect(try #require(caffe[1].tensor).values(Float.self) == [4, 6])
  }

  @Test func stochasticPoolingOfZerosIsZero() throws {
    let t = try Tensor([0, 0, 0, 0, 1, 2, 3, 4] as [Float], shape: [1, 2, 2, 2])
    let y = try run(StochasticPool(WindowGeometry(kernel: [2, 2])), t)
    #expect(try y.values(Float.self) == [0, 3])
  }

  private func run(_ op: any CPUExecutable, _ t: Tensor) throws -> Tensor {
    try #require(try Evaluator.evaluate(op, [.tensor(t)], name: "pool").first?.tensor)
  }
}
