import Diagnostics
import ModelGraph
import Rewrites
import TensorCore
import Testing

@Suite struct FuseMatMulAddTests {
  @Test func becomesGemm() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let m = try b.add(MatMul(), [x, try b.weights("w", [3, 5])], "m")
    let y = try b.add(BinaryMap(.add), [try b.weights("bias", [5]), m], "y")
    try expectRewrite(
      b.graph(y), FuseMatMulAdd(),
      gives: """
        graph g
          input x: float32[2,3]
          const w: float32[3,5]
          const bias: float32[5]
          y: float32[2,5] = Gemm(x, w, bias) {alpha=1.0 beta=1.0 transposesA=false transposesB=false}
          return y
        """)
  }

  @Test func batchedProductsStay() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 4])
    let m = try b.add(MatMul(), [x, try b.weights("w", [4, 5])], "m")
    let y = try b.add(BinaryMap(.add), [m, try b.weights("bias", [5])], "y")
    try expectRewrite(b.graph(y), FuseMatMulAdd(), changes: 0)
  }

  @Test func aBiasThatEnlargesStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [1, 3])
    let m = try b.add(MatMul(), [x, try b.weights("w", [3, 5])], "m")
    let y = try b.add(BinaryMap(.add), [m, try b.weights("bias", [4, 5])], "y")
    try expectRewrite(b.graph(y), FuseMatMulAdd(), changes: 0)
  }
}

@Suite struct FoldArithmeticTests {
  @Test(arguments: [BinaryFunction.add, .multiply, .subtract, .divide])
  func intoConvolution(_ f: BinaryFunction) throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5, 6])
    let c = try b.add(
      Convolution(geometry: WindowGeometry(kernel: [2, 3])),
      [x, try b.weights("w", [4, 3, 2, 3]), try b.weights("b", [4])], "c")
    let y = try b.add(BinaryMap(f), [c, try b.weights("k", [4, 1, 1], low: 0.5)], "y")
    let g = try expectRewrite(b.graph(y), FoldArithmeticIntoLinear(), changes: 1)
    #expect(g.nodeCount == 1)
    // A sum leaves the weights as they are.
    #expect((g.value(named: "w") != nil) == (f == .add || f == .subtract))
  }

  @Test func fromTheLeft() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let m = try b.add(Gemm(transposesB: true), [x, try b.weights("w", [5, 3])], "m")
    let y = try b.add(BinaryMap(.subtract), [try b.weights("k", [1, 5]), m], "y")
    let g = try expectRewrite(b.graph(y), FoldArithmeticIntoLinear(), changes: 1)
    #expect(g.nodeCount == 1)
  }

  @Test func otherAxesStay() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5, 6])
    let c = try b.add(
      Convolution(geometry: WindowGeometry(kernel: [2, 3])), [x, try b.weights("w", [4, 3, 2, 3])], "c")
    // [4] aligns with the last axis, which has four elements too.
    let y = try b.add(BinaryMap(.add), [c, try b.weights("k", [4])], "y")
    try expectRewrite(b.graph(y), FoldArithmeticIntoLinear(), changes: 0)
  }

  @Test func sharedWeightsAreNotCopied() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let w = try b.weights("w", [5, 3])
    let m = try b.add(Gemm(transposesB: true), [x, w], "m")
    let y = try b.add(BinaryMap(.multiply), [m, try b.weights("k", [5])], "y")
    let z = try b.add(Gemm(transposesB: true), [x, w], "z")
    try expectRewrite(b.graph(y, z), FoldArithmeticIntoLinear(), changes: 0)
  }

  @Test func chainsJoin() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let m = try b.add(BinaryMap(.multiply), [x, try b.weights("k", [3], low: 0.5)], "m")
    let d = try b.add(BinaryMap(.divide), [m, b.editor.addConstant("six", try Tensor(scalar: Float(6)))], "d")
    let s = try b.add(BinaryMap(.add), [d, b.editor.addConstant("one", try Tensor(scalar: Float(1)))], "s")
    let y = try b.add(BinaryMap(.add), [s, try b.weights("t", [3], low: 0.25)], "y")
    let g = try expectRewrite(b.graph(y), JoinConstantArithmetic(), changes: 2)
    #expect(g.nodeCount == 2)
  }

  @Test func whatCancelsStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let s = try b.add(BinaryMap(.add), [x, b.editor.addConstant("big", try Tensor(scalar: Float(1e6)))], "s")
    let y = try b.add(BinaryMap(.subtract), [s, b.editor.addConstant("same", try Tensor(scalar: Float(1e6)))], "y")
    try expectRewrite(b.graph(y), JoinConstantArithmetic(), changes: 0)
  }

  @Test func batchNormAlone() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 4])
    let n = try b.add(
      BatchNormalization(epsilon: 1e-3),
      [x, try b.weights("s", [3]), nil, try b.weights("m", [3]), try b.weights("v", [3], low: 0.5)], "n")
    let g = try expectRewrite(b.graph(n), ReplaceBatchNormByScale(), changes: 1)
    #expect(g.nodes.map(\.op.operatorName) == ["ScaleShift"])
  }
}

@Suite struct MergePadTests {
  private func padded(
    _ op: any Operator, begin: Int64 = 1, end: Int64 = 2, value: Float? = nil, relu: Bool = false, weights: [Int] = []
  ) throws -> Graph {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 7, 9])
    let source = relu ? try b.add(UnaryMap(.relu), [x], "r") : x
    var operands: [ValueID?] = [source, try b.ints("pads", [0, 0, begin, 0, 0, 0, end, 1])]
    if let value { operands.append(b.editor.addConstant("value", try Tensor(scalar: value))) }
    let p = try b.add(Pad(mode: .constant), operands, "p")
    var inputs: [ValueID?] = [p]
    if !weights.isEmpty { inputs.append(try b.weights("w", weights)) }
    return b.graph(try b.add(op, inputs, "y"))
  }

  private let window = WindowGeometry(kernel: [3, 3], strides: [2, 1])

  @Test func convolution() throws {
    let op = Convolution(geometry: WindowGeometry(kernel: [3, 3], padding: .explicit(begin: [0, 1], end: [1, 0])))
    let g = try expectRewrite(try padded(op, weights: [4, 3, 3, 3]), MergePadIntoWindows(), changes: 1)
    #expect(g.nodeCount == 1)
    try expectRewrite(try padded(op, value: 0.5, weights: [4, 3, 3, 3]), MergePadIntoWindows(), changes: 0)
  }

  @Test func maximum() throws {
    try expectRewrite(try padded(MaxPool(window), value: -.infinity), MergePadIntoWindows(), changes: 1)
    try expectRewrite(try padded(MaxPool(window), relu: true), MergePadIntoWindows(), changes: 1)
    try expectRewrite(try padded(MaxPool(window)), MergePadIntoWindows(), changes: 0)
    // A window of padding alone.
    try expectRewrite(try padded(MaxPool(window), begin: 3, relu: true), MergePadIntoWindows(), changes: 0)
    var ceiled = window
    ceiled.rounding = .ceil
    try expectRewrite(try padded(MaxPool(ceiled), relu: true), MergePadIntoWindows(), changes: 0)
  }

  @Test func average() throws {
    try expectRewrite(try padded(AveragePool(window, divisor: .validOnly)), MergePadIntoWindows(), changes: 1)
    var own = window
    own.padding = .explicit(begin: [0, 1], end: [0, 0])
    try expectRewrite(try padded(AveragePool(own, divisor: .validOnly)), MergePadIntoWindows(), changes: 0)
    try expectRewrite(try padded(AveragePool(own, divisor: .paddedExtent)), MergePadIntoWindows(), changes: 1)
  }

  @Test func negativePadsStay() throws {
    try expectRewrite(
      try padded(Convolution(geometry: WindowGeometry(kernel: [3, 3])), begin: -1, weights: [4, 3, 3, 3]),
      MergePadIntoWindows(), changes: 0)
  }
}
