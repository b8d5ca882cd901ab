import ModelGraph
import TensorCore
import Testing

@testable import CPURuntime

@Suite struct ConvolutionKernelTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var input: [Int]
    var weights: [Int]
    var groups = 1
    var strides: [Int] = []
    var dilations: [Int] = []
    var begin: [Int] = []
    var end: [Int] = []
    var testDescription: String { "\(input) * \(weights) g\(groups) s\(strides) d\(dilations) p\(begin)\(end)" }
    var geometry: WindowGeometry {
      WindowGeometry(strides: strides, dilations: dilations, padding: .explicit(begin: begin, end: end))
    }
  }

  static let cases = [
    Case(input: [2, 3, 7, 9], weights: [4, 3, 3, 2]),
    Case(input: [3, 2, 11], weights: [5, 2, 4], strides: [3], begin: [2], end: [1]),
    Case(input: [2, 6, 9, 8], weights: [4, 3, 3, 5], groups: 2, strides: [2, 1], begin: [1, 2], end: [0, 3]),
    Case(input: [2, 5, 10, 7], weights: [10, 1, 3, 3], groups: 5, dilations: [2, 1], begin: [2, 1], end: [2, 1]),
    Case(input: [2, 3, 5, 6, 7], weights: [4, 3, 2, 3, 1], strides: [1, 2, 3], begin: [1, 0, 0], end: [0, 1, 0]),
    Case(input: [2, 2, 3, 4, 3, 5], weights: [3, 2, 2, 1, 2, 3], strides: [1, 2, 1, 2]),
    Case(input: [2, 3, 9, 8], weights: [4, 3, 2, 3], begin: [-1, 0], end: [0, -2]),
    Case(input: [2, 37, 1, 1], weights: [19, 37, 1, 1]),
    Case(input: [2, 8, 9, 11], weights: [17, 8, 3, 3], begin: [1, 1], end: [1, 1]),
  ]

  static func expected(_ c: Case, _ x: Naive, _ w: Naive, _ b: [Double], _ out: [Int]) -> Naive {
    let axes = c.input.count - 2
    let perGroup = c.weights[0] / c.groups
    return Naive(out) { at in
      var sum = b[at[1]]
      let g = at[1] / perGroup
      for k in Naive.places(Array(c.weights[1...])) {
        var place = [at[0], g * c.weights[1] + k[0]]
        for a in 0..<axes {
          place.append(
            at[a + 2] * c.geometry.stride(a) - c.geometry.explicitPads(a).begin + k[a + 1] * c.geometry.dilation(a))
        }
        sum += x[place] * w[[at[1]] + k]
      }
      return sum
    }
  }

  @Test(arguments: cases, [DType.float32, .float64, .float16, .bfloat16])
  func matchesTheDefinition(_ c: Case, _ type: DType) throws {
    let x = try cast(try Seeded.tensor(c.input, seed: 1), type)
    let w = try cast(try Seeded.tensor(c.weights, seed: 2), type)
    let b = try cast(try Seeded.tensor([c.weights[0]], seed: 3), type)
    let op = Convolution(geometry: c.geometry, groups: c.groups)
    let y = try #require(
      try Evaluator.evaluate(op, [.tensor(x), .tensor(w), .tensor(b)], name: "conv").first?.tensor)
    let want = Self.expected(c, try Naive(x), try Naive(w), try b.doubles(), y.shape)
    #expect(y.dtype == type)
    let tolerance = type == .float64 ? 1e-13 : type == .float32 ? 2e-5 : type == .float16 ? 1e-3 : 8e-3
    #expect(try want.difference(y) < tolerance)
  }

  @Test func resultsDoNotDependOnTheThreadCount() throws {
    let x = try Seeded.tensor([2, 16, 33, 31], seed: 4)
    let w = try Seeded.tensor([24, 16, 3, 3], seed: 5)
    let op = Convolution(geometry: WindowGeometry(padding: .explicit(begin: [1, 1], end: [1, 1])))
    var results: [[Float]] = []
    for threads in [1, 2, 3] {
      let r = try Evaluator.evaluate(
        op, [.tensor(x), .tensor(w)], name: "conv", options: SessionOptions(threads: threads))
      results.append(try #require(r.first?.tensor).values(Float.self))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  static let transposed: [(Case, outputPadding: [Int])] = [
    (Case(input: [2, 3, 4, 5], weights: [3, 2, 3, 2]), []),
    (
      Case(input: [2, 4, 3, 6], weights: [4, 3, 4, 3], groups: 2, strides: [2, 3], begin: [1, 0], end: [2, 1]), [1, 2]
    ),
    (Case(input: [3, 2, 7], weights: [2, 5, 3], strides: [2], dilations: [3], begin: [2], end: [2]), []),
    (Case(input: [2, 5, 3, 4], weights: [5, 1, 4, 4], groups: 5, strides: [2, 2], begin: [1, 1], end: [1, 1]), []),
    (Case(input: [2, 2, 2, 3, 4], weights: [2, 3, 2, 3, 2], strides: [2, 1, 3]), [0, 0, 1]),
  ]

  @Test(arguments: transposed.indices, [DType.float32, .float64])
  func transposedConvolutionScatters(_ index: Int, _ type: DType) throws {
    let (c, extra) = Self.transposed[index]
    let x = try cast(try Seeded.tensor(c.input, seed: 1), type)
    let w = try cast(try Seeded.tensor(c.weights, seed: 2), type)
    let b = try cast(try Seeded.tensor([c.weights[1] * c.groups], seed: 3), type)
    let op = TransposedConvolution(geometry: c.geometry, groups: c.groups, outputPadding: extra)
    let y = try #require(try Evaluator.evaluate(op, [.tensor(x), .tensor(w), .tensor(b)], name: "d").first?.tensor)
    let (nx, nw) = (try Naive(x), try Naive(w))
    let bias = try b.doubles()
    var want = Naive(y.shape) { bias[$0[1]] }
    let perGroup = c.input[1] / c.groups
    for at in Naive.places(c.input) {
      for k in Naive.places(Array(c.weights[1...])) {
        var place = [at[0], at[1] / perGroup * c.weights[1] + k[0]]
        for a in 0..<c.input.count - 2 {
          place.append(
            at[a + 2] * c.geometry.stride(a) - c.geometry.explicitPads(a).begin + k[a + 1] * c.geometry.dilation(a))
        }
        guard want.holds(place) else { continue }
        let flat = zip(place, want.shape).reduce(0) { $0 * $1.1 + $1.0 }
        want.values[flat] += nx[at] * nw[[at[1]] + k]
      }
    }
    #expect(try want.difference(y) < (type == .float64 ? 1e-13 : 1e-5))
  }

  private func cast(_ t: Tensor, _ type: DType) throws -> Tensor {
    if type == .float32 { return t }
    return try #require(try Evaluator.evaluate(Cast(to: type), [.tensor(t)], name: "cast").first?.tensor)
  }
}
