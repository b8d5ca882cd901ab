import Diagnostics
import ModelGraph
import TensorCore
import Testing

@testable import CPURuntime

/// Operands whose extents or element types only the kernel knows: a file may give others, and must then be refused.
@Suite struct OperandCheckTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var op: any Operator
    /// Shapes that fit; nil for an omitted operand.
    var shapes: [[Int]?]
    /// Per operand that is tried: shapes that do not fit.
    var wrong: [Int: [[Int]]]
    var integers: Set<Int> = []
    var testDescription: String { op.operatorName }
  }

  static let cases: [Case] = [
    Case(
      op: InstanceNormalization(epsilon: 1e-5), shapes: [[2, 3, 4], [3], [3]],
      wrong: [1: [[1], [2], [4], [0]], 2: [[1], [2], [4]]]),
    Case(
      op: BatchNormalization(epsilon: 1e-5), shapes: [[2, 3, 4], [3], [3], [3], [3]],
      wrong: [1: [[1]], 2: [[2]], 3: [[4]], 4: [[0]]]),
    Case(
      op: LayerNormalization(.layer, axis: 1), shapes: [[2, 3, 4], [3, 4], [4]],
      wrong: [1: [[2], [3, 3], [0], [2, 1, 1], [1, 2, 3, 4]], 2: [[3], [2, 4]]]),
    Case(op: LayerNormalization(.rootMeanSquare, axis: -1), shapes: [[2, 5], [5]], wrong: [1: [[3], [4], [6]]]),
    Case(
      op: GroupNormalization(groups: 2), shapes: [[2, 4, 3], [4], [4]], wrong: [1: [[2], [3]], 2: [[1], [2], [3]]]),
    Case(
      op: ClassificationLoss(.negativeLogLikelihood), shapes: [[2, 5], [2], [5]],
      wrong: [1: [[1], [3]], 2: [[1], [4]]],
      integers: [1]),
    Case(
      op: ClassificationLoss(.crossEntropy, reduction: .none), shapes: [[2, 5, 3], [2, 3], [5]],
      wrong: [1: [[2]], 2: [[4]]], integers: [1]),
    Case(
      op: DeformableConvolution(), shapes: [[1, 2, 4, 4], [3, 2, 2, 2], [1, 8, 3, 3], [3], [1, 4, 3, 3]],
      wrong: [2: [[1, 8, 3, 2]], 3: [[1], [2]], 4: [[1, 4, 3, 1]]]),
    Case(
      op: Attention(),
      shapes: [[2, 4, 3, 8], [2, 2, 5, 8], [2, 2, 5, 6], [2, 1, 3, 7], [2, 2, 2, 8], [2, 2, 2, 6]],
      wrong: [
        3: [[3, 1, 3, 7], [2, 3, 3, 7], [2, 1, 2, 7], [8]],
        4: [[1, 2, 2, 8], [2, 1, 2, 8], [2, 2, 2, 7], [2, 2, 1, 8]],
        5: [[1, 2, 2, 6], [2, 2, 2, 5]],
      ]),
    Case(
      op: RotaryEmbedding(), shapes: [[2, 4, 3, 8], [50, 4], [50, 4], [2, 3]],
      wrong: [1: [[50, 3]], 2: [[49, 4]], 3: [[1, 3], [2, 2], [3]]], integers: [3]),
    Case(
      op: LinearAttention(queryHeads: 4, keyValueHeads: 2, updateRule: .gatedDelta, scale: 0, chunkSize: 64),
      shapes: [[2, 3, 16], [2, 3, 8], [2, 3, 12], [2, 2, 4, 6], [2, 3, 2], [2, 3, 2]],
      wrong: [2: [[1, 3, 12]], 3: [[1, 2, 4, 6], [2, 2, 4, 5]], 4: [[1, 3, 2], [2, 2, 2]], 5: [[1, 3, 2]]]),
    Case(
      op: CausalConvolution(), shapes: [[2, 3, 6], [3, 1, 4], [3], [2, 3, 3]],
      wrong: [2: [[1], [2]], 3: [[1, 3, 3], [2, 3, 2]]]),
    Case(op: GatherND(batchAxes: 1), shapes: [[2, 3, 4], [2, 1]], wrong: [1: [[1, 1], [3, 1]]], integers: [1]),
    Case(
      op: CacheScatter(), shapes: [[2, 3, 4, 5], [2, 3, 1, 5], [2]], wrong: [1: [[1, 3, 1, 5]], 2: [[1], [0]]],
      integers: [2]),
    Case(op: ScatterND(), shapes: [[4, 3], [2, 1], [2, 3]], wrong: [2: [[1, 3], [2, 2]]], integers: [1]),
    Case(op: Clip(), shapes: [[2, 3], [], []], wrong: [1: [[0], [2]], 2: [[0], [2]]]),
    Case(op: Gemm(), shapes: [[2, 3], [3, 4], [4]], wrong: [2: [[3], [3, 4], [1, 2, 4]]]),
    Case(op: QuantizeLinear(axis: 1), shapes: [[2, 3], [3], [3]], wrong: [2: [[1], [2], [0], [4]]], integers: [2]),
    Case(op: DequantizeLinear(axis: 1), shapes: [[2, 3], [3], [3]], wrong: [2: [[1], [2], [0]]], integers: [0, 2]),
    Case(
      op: QuantizeLinear(axis: 1, blockSize: 2), shapes: [[2, 4], [2, 2], [2, 2]],
      wrong: [1: [[1, 4], [4, 1], [2, 1]], 2: [[2, 1], [1, 2], [4]]], integers: [2]),
    Case(
      op: Recurrent(.gru, hiddenSize: 3), shapes: [[4, 2, 5], [1, 9, 5], [1, 9, 3], [1, 18], [2], [1, 2, 3]],
      wrong: [2: [[1, 8, 3]], 3: [[1, 9]], 4: [[1]], 5: [[1, 1, 3]]], integers: [4]),
  ]

  private static func operands(
    _ c: Case, replacing place: Int? = nil, with shape: [Int] = []
  ) throws -> [RuntimeValue?] {
    try c.shapes.enumerated().map { i, own -> RuntimeValue? in
      guard let own else { return nil }
      let s = i == place ? shape : own
      if c.integers.contains(i) {
        let t = try Tensor([Int64](repeating: 1, count: s.reduce(1, *)), shape: s)
        guard c.op is QuantizeLinear || c.op is DequantizeLinear else { return .tensor(t) }
        return try Evaluator.evaluate(Cast(to: .uint8), [.tensor(t)], name: "c").first
      }
      return .tensor(try Seeded.tensor(s, seed: UInt64(i + 1), in: 0.5...1))
    }
  }

  @Test(arguments: cases) func otherExtentsAreRefused(_ c: Case) throws {
    _ = try Evaluator.evaluate(c.op, try Self.operands(c), name: "n")
    for (place, shapes) in c.wrong {
      for shape in shapes {
        let given = try Self.operands(c, replacing: place, with: shape)
        let problem: Diagnostic?
        do throws(Diagnostic) {
          _ = try Evaluator.evaluate(c.op, given, name: "n")
          problem = nil
        } catch { problem = error }
        #expect(problem?.message.contains("'n'") == true, "operand \(place) of shape \(shape) is taken")
      }
    }
  }

  /// Float64 where float32 is computed with, and the other way round: twice or half the bytes.
  @Test(arguments: cases) func otherElementTypesAreRefused(_ c: Case) throws {
    guard c.op is any PlannedKernel else { return }
    for place in c.shapes.indices.dropFirst() where !c.integers.contains(place) {
      var given = try Self.operands(c)
      let t = try #require(given[place]?.tensor)
      given[place] = try Evaluator.evaluate(Cast(to: .float64), [.tensor(t)], name: "c").first
      #expect(throws: Diagnostic.self, "operand \(place)") { try Evaluator.evaluate(c.op, given, name: "n") }
    }
  }

  @Test func partsOfAnEmptyShapeMayNotOverflow() throws {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.float32, [0]))
    let shape = e.addConstant("shape", try Tensor([Int64(0), 1 << 40, 1 << 40]))
    let wide = try e.insert(Reshape(allowsZero: true), [x, shape], name: "wide")
    let soft = try e.insert(Softmax(axis: 1), [wide[0]], name: "soft")
    e.setOutputs(soft.compactMap { $0 })
    let graph = e.finish()
    #expect { try Session(graph).run(["x": try Tensor([Float](), shape: [0])]) } throws: {
      ($0 as? Diagnostic)?.code == "run.too-large"
    }
  }

  @Test func anAxisThatIsGivenTwiceIsRefused() throws {
    let x = RuntimeValue.tensor(try Seeded.tensor([10], seed: 1))
    func list(_ v: Int64...) throws -> RuntimeValue { .tensor(try Tensor(v)) }
    let twice = [x, try list(-1, -1), try list(-11, -11), try list(0, 0), try list(-1, -1)]
    #expect(throws: Diagnostic.self) { try Evaluator.evaluate(Slice(), twice, name: "n") }
    #expect(throws: Diagnostic.self) { try Evaluator.evaluate(Einsum("i->ii"), [x], name: "n") }
  }

  /// A second result that nobody takes has no memory of its own.
  @Test func topKWithoutIndicesLeavesOtherValuesAlone() throws {
    var e = GraphEditor(name: "g")
    let x = e.addInput("x", .tensor(.float32, [4, 64]))
    let relu = try e.insert(UnaryMap(.relu), [x], name: "relu")
    let k = e.addConstant("k", try Tensor([Int64(64)]))
    let top = try e.insert(TopK(), [relu[0], k], name: "top")
    let sum = try e.insert(BinaryMap(.add), [relu[0], top[0]], name: "sum")
    e.setOutputs(sum.compactMap { $0 })
    let input = try Seeded.tensor([4, 64], seed: 3)
    let out = try #require(try Session(e.finish()).run(["x": input]).tensor("sum")).floats()
    let rows = try input.floats().map { max($0, 0) }
    for r in 0..<4 {
      let row = Array(rows[r * 64..<r * 64 + 64])
      #expect(Array(out[r * 64..<r * 64 + 64]) == zip(row, row.sorted(by: >)).map { $0 + $1 })
    }
  }

  /// ONNX Runtime rounds corners to the element type, and then has fewer samples to a bin here.
  @Test func samplesOfARegionAreCountedInTheElementType() throws {
    let x = RuntimeValue.tensor(try Tensor((0..<400).map { Float($0) }, shape: [1, 1, 20, 20]))
    let batch = RuntimeValue.tensor(try Tensor([Int64(0)]))
    let region = RuntimeValue.tensor(try Tensor([0, 0, 20, 20] as [Float], shape: [1, 4]))
    let op = RoiAlign(height: 1, width: 1, samplingRatio: 0, spatialScale: 0.1, isMaximum: true, isHalfPixel: false)
    // 20 · 0.1 is 2 in single precision, but 2.00000003 in double.
    let out = try #require(try Evaluator.evaluate(op, [x, region, batch], name: "r").first?.tensor).floats()
    // Samples at 0.5 and 1.5: the largest part is a quarter of element (2, 2).
    #expect(out == [10.5])
  }
}
