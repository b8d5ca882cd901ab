import Diagnostics
import ModelGraph
import Rewrites
import TensorCore
import Testing

private let newest = RewriteContext(operatorSet: 24)

extension GraphBuilder {
  fileprivate mutating func number(_ name: String, _ v: Float) throws -> ValueID {
    editor.addConstant(name, try Tensor(scalar: v))
  }
}

@Suite struct ActivationFusionTests {
  /// Where ½ stands in 0.5 · x · (1 + erf(x / √2)).
  @Test(arguments: [0, 1, 2])
  func exactGelu(_ form: Int) throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 5])
    let d = try b.add(BinaryMap(.divide), [x, try b.number("root2", 1.4142135)], "d")
    let e = try b.add(UnaryMap(.errorFunction), [d], "e")
    let s = try b.add(BinaryMap(.add), [try b.number("one", 1), e], "s")
    let half = try b.number("half", 0.5)
    let y: ValueID
    switch form {
    case 0:
      y = try b.add(BinaryMap(.multiply), [try b.add(BinaryMap(.multiply), [x, s], "p"), half], "y")
    case 1:
      y = try b.add(BinaryMap(.multiply), [try b.add(BinaryMap(.multiply), [half, x], "p"), s], "y")
    default:
      y = try b.add(BinaryMap(.multiply), [x, try b.add(BinaryMap(.multiply), [s, half], "p")], "y")
    }
    let g = try expectRewrite(b.graph(y), FuseActivations(), changes: 1, context: newest)
    #expect(g.nodes.map { "\($0.op)" } == ["\(UnaryMap(.gelu(approximate: false)))"])
  }

  @Test func geluWaitsForItsOperatorSet() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 5])
    let d = try b.add(BinaryMap(.multiply), [x, try b.number("root", 0.70710677)], "d")
    let e = try b.add(UnaryMap(.errorFunction), [d], "e")
    let s = try b.add(BinaryMap(.add), [e, try b.number("one", 1)], "s")
    let p = try b.add(BinaryMap(.multiply), [x, s], "p")
    let y = try b.add(BinaryMap(.multiply), [p, try b.number("half", 0.5)], "y")
    let graph = b.graph(y)
    try expectRewrite(graph, FuseActivations(), changes: 0, context: RewriteContext(operatorSet: 17))
    try expectRewrite(graph, FuseActivations(), changes: 0)
  }

  @Test func tanhGelu() throws {
    var b = GraphBuilder()
    let x = b.input("x", [3, 4])
    let cube = try b.add(BinaryMap(.power), [x, try b.number("three", 3)], "cube")
    let term = try b.add(BinaryMap(.multiply), [cube, try b.number("k", 0.044715)], "term")
    let sum = try b.add(BinaryMap(.add), [x, term], "sum")
    let arg = try b.add(BinaryMap(.multiply), [sum, try b.number("c", 0.7978845608)], "arg")
    let t = try b.add(UnaryMap(.tanh), [arg], "t")
    let s = try b.add(BinaryMap(.add), [t, try b.number("one", 1)], "s")
    let h = try b.add(BinaryMap(.multiply), [x, try b.number("half", 0.5)], "h")
    let y = try b.add(BinaryMap(.multiply), [h, s], "y")
    let g = try expectRewrite(b.graph(y), FuseActivations(), changes: 1, context: newest)
    #expect(g.nodeCount == 1)
  }

  @Test func swishAndMish() throws {
    var b = GraphBuilder()
    let x = b.input("x", [3, 4])
    let g = try b.add(UnaryMap(.sigmoid), [x], "g")
    let s = try b.add(BinaryMap(.multiply), [g, x], "s")
    let p = try b.add(UnaryMap(.softplus), [s], "p")
    let t = try b.add(UnaryMap(.tanh), [p], "t")
    let y = try b.add(BinaryMap(.multiply), [s, t], "y")
    let out = try expectRewrite(b.graph(y), FuseActivations(), changes: 2, context: newest)
    #expect(out.nodeCount == 2)
  }

  @Test func hardSwishOfAnyOperatorSet() throws {
    var b = GraphBuilder()
    let x = b.input("x", [3, 4])
    let s = try b.add(BinaryMap(.add), [x, try b.number("three", 3)], "s")
    let c = try b.add(Clip(), [s, try b.number("low", 0), try b.number("high", 6)], "c")
    let m = try b.add(BinaryMap(.multiply), [x, c], "m")
    let y = try b.add(BinaryMap(.divide), [m, try b.number("six", 6)], "y")
    let g = try expectRewrite(
      b.graph(y), FuseActivations(), changes: 1, context: RewriteContext(operatorSet: 11))
    #expect(g.nodeCount == 1)
  }

  @Test func aGateOfAnotherValueStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [3, 4])
    let z = b.input("z", [3, 4])
    let g = try b.add(UnaryMap(.sigmoid), [z], "g")
    let y = try b.add(BinaryMap(.multiply), [x, g], "y")
    try expectRewrite(b.graph(y), FuseActivations(), changes: 0, context: newest)
  }

  @Test func aGateWithAnotherUserStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [3, 4])
    let g = try b.add(UnaryMap(.sigmoid), [x], "g")
    let y = try b.add(BinaryMap(.multiply), [x, g], "y")
    try expectRewrite(b.graph(y, g), FuseActivations(), changes: 0, context: newest)
  }
}

@Suite struct NormalizationFusionTests {
  /// (x − mean) / √(mean((x − mean)²) + ε), with scale and bias.
  private func normalisation(
    _ shape: [Int], axes: [Int64], parameters: [Int], centred: Bool = true
  ) throws -> Graph {
    var b = GraphBuilder()
    let x = b.input("x", shape)
    let over = try b.ints("axes", axes)
    var d = x
    if centred {
      let m = try b.add(Reduction(.mean), [x, over], "m")
      d = try b.add(BinaryMap(.subtract), [x, m], "d")
    }
    let sq = try b.add(BinaryMap(.power), [d, try b.number("two", 2)], "sq")
    let v = try b.add(Reduction(.mean), [sq, over], "v")
    let e = try b.add(BinaryMap(.add), [v, try b.number("epsilon", 1e-3)], "e")
    let r = try b.add(UnaryMap(.squareRoot), [e], "r")
    let q = try b.add(BinaryMap(.divide), [d, r], "q")
    let s = try b.add(BinaryMap(.multiply), [q, try b.weights("scale", parameters)], "s")
    let y = centred ? try b.add(BinaryMap(.add), [s, try b.weights("bias", parameters)], "y") : s
    return b.graph(y)
  }

  @Test func layer() throws {
    let g = try expectRewrite(
      try normalisation([2, 3, 5], axes: [-1], parameters: [5]), FuseNormalizations(), changes: 1, context: newest)
    #expect(g.nodes.map(\.op.operatorName) == ["LayerNormalization"])
  }

  @Test func rootMeanSquare() throws {
    let g = try expectRewrite(
      try normalisation([2, 3, 5], axes: [-1], parameters: [5], centred: false), FuseNormalizations(), changes: 1,
      context: newest)
    #expect(g.nodes.map(\.op.operatorName) == ["LayerNormalization"])
  }

  @Test func instance() throws {
    let g = try expectRewrite(
      try normalisation([2, 3, 4, 5], axes: [2, 3], parameters: [3, 1, 1]), FuseNormalizations(), changes: 1,
      context: RewriteContext(operatorSet: 13))
    #expect(g.nodes.map(\.op.operatorName) == ["InstanceNormalization"])
  }

  @Test func layerWaitsForItsOperatorSet() throws {
    try expectRewrite(
      try normalisation([3, 5], axes: [1], parameters: [5]), FuseNormalizations(), changes: 0,
      context: RewriteContext(operatorSet: 16))
  }

  @Test func otherAxesStay() throws {
    try expectRewrite(
      try normalisation([2, 3, 5], axes: [1], parameters: [5]), FuseNormalizations(), changes: 0, context: newest)
  }

  @Test func groups() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 6, 3, 4])
    let split = try b.add(Reshape(), [x, try b.ints("grouped", [0, 3, -1])], "split")
    let n = try b.add(
      InstanceNormalization(epsilon: 1e-3), [split, try b.weights("s", [3]), try b.weights("o", [3])], "n")
    let back = try b.add(Reshape(), [n, try b.ints("whole", [2, 6, 3, 4])], "back")
    let m = try b.add(BinaryMap(.multiply), [back, try b.weights("scale", [6, 1, 1])], "m")
    let y = try b.add(BinaryMap(.add), [m, try b.weights("bias", [6, 1, 1])], "y")
    let g = try expectRewrite(b.graph(y), FuseGroupNormalization(), changes: 1, context: newest)
    #expect(g.nodes.map(\.op.operatorName) == ["GroupNormalization"])
  }

  @Test func attention() throws {
    var b = GraphBuilder()
    let q = b.input("q", [2, 3, 5, 4])
    let k = b.input("k", [2, 7, 3, 4])
    let v = b.input("v", [2, 3, 7, 6])
    let kt = try b.add(Transpose([0, 2, 3, 1]), [k], "kt")
    let p = try b.add(MatMul(), [q, kt], "p")
    let scaled = try b.add(BinaryMap(.multiply), [p, try b.number("scale", 0.3)], "scaled")
    let masked = try b.add(BinaryMap(.add), [scaled, try b.weights("mask", [5, 7])], "masked")
    let soft = try b.add(Softmax(axis: -1), [masked], "soft")
    let y = try b.add(MatMul(), [soft, v], "y")
    let g = try expectRewrite(b.graph(y), FuseAttention(), changes: 1, context: newest)
    #expect(g.nodes.map(\.op.operatorName) == ["Transpose", "Attention"])
  }
}
