import Diagnostics
import ModelGraph
import Rewrites
import TensorCore
import Testing

@Suite struct EliminateShapeComputationsTests {
  /// Shape → Gather → Concat with a number → Reshape, the batch open: [0, 12].
  @Test func flattenWithOpenBatch() throws {
    var b = GraphBuilder()
    let x = b.editor.addInput("x", .tensor(.float32, [.symbol("N"), 3, 4]))
    let shape = try b.add(ShapeOf(), [x], "shape")
    let first = try b.add(Gather(), [shape, try b.ints("zero", [0])], "first")
    let target = try b.add(Concat(axis: 0), [first, try b.ints("rest", [-1])], "target")
    let y = try b.add(Reshape(), [x, target], "y")
    try expectRewrite(
      b.graph(y), EliminateShapeComputations(),
      gives: """
        graph g
          input x: float32[N,3,4]
          const y_shape: int64[2]
          y: float32[N,12] = Reshape(x, y_shape) {allowsZero=false}
          return y
        """)
  }

  @Test func twoOpenExtentsElsewhereStay() throws {
    var b = GraphBuilder()
    let x = b.editor.addInput("x", .tensor(.float32, [.symbol("N"), .symbol("M"), 4]))
    let shape = try b.add(ShapeOf(), [x], "shape")
    let turned = try b.add(Gather(), [shape, try b.ints("order", [2, 1, 0])], "turned")
    let y = try b.add(Reshape(), [x, turned], "y")
    // M stands at its place, N is the one that is inferred.
    let g = try expectRewrite(b.graph(y), EliminateShapeComputations(), changes: 1)
    #expect(g.nodeCount == 1)
    var c = GraphBuilder()
    let z = c.editor.addInput("z", .tensor(.float32, [.symbol("N"), .symbol("M"), 4]))
    let zs = try c.add(ShapeOf(), [z], "shape")
    let swapped = try c.add(Gather(), [zs, try c.ints("order", [1, 0, 2])], "swapped")
    try expectRewrite(c.graph(try c.add(Reshape(), [z, swapped], "w")), EliminateShapeComputations(), changes: 0)
  }

  @Test func extentsOfAnotherValueAreComparedByName() throws {
    var b = GraphBuilder()
    let x = b.editor.addInput("x", .tensor(.float32, [.symbol("?a"), 6]))
    let other = b.editor.addInput("o", .tensor(.float32, [.symbol("?a"), 2, 3]))
    let shape = try b.add(ShapeOf(), [other], "shape")
    let y = try b.add(Reshape(), [x, shape], "y")
    let g = try expectRewrite(b.graph(y), EliminateShapeComputations(), changes: 1)
    let s = try #require(g.value(named: "y_shape")?.constant).ints()
    #expect(s == [-1, 2, 3])
  }
}

@Suite struct CancelReshapesTests {
  @Test func twoBecomeOne() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 4])
    let a = try b.add(Reshape(), [x, try b.ints("s", [6, 4])], "a")
    let y = try b.add(FlattenToMatrix(axis: 0), [a], "y")
    try expectRewrite(
      b.graph(y), CancelReshapes(),
      gives: """
        graph g
          input x: float32[2,3,4]
          const y_shape: int64[2]
          y: float32[1,24] = Reshape(x, y_shape) {allowsZero=false}
          return y
        """)
  }

  @Test func thereAndBack() throws {
    var b = GraphBuilder()
    let x = b.editor.addInput("x", .tensor(.float32, [.symbol("N"), 3, 4]))
    let r = try b.add(UnaryMap(.relu), [x], "r")
    let a = try b.add(Reshape(), [r, try b.ints("s", [0, 12])], "a")
    let c = try b.add(Reshape(), [a, try b.ints("t", [0, 3, 4])], "c")
    let y = try b.add(UnaryMap(.tanh), [c], "y")
    let g = try expectRewrite(b.graph(y), CancelReshapes(), changes: 1)
    #expect(g.nodeCount == 2)
  }

  @Test func axesOfUnknownShape() throws {
    var b = GraphBuilder()
    let x = b.editor.addInput("x", .tensor(.float32, nil))
    let axes = try b.ints("axes", [1])
    let u = try b.add(Unsqueeze(), [x, axes], "u")
    let s = try b.add(Squeeze(), [u, axes], "s")
    let y = try b.add(UnaryMap(.tanh), [s], "y")
    let g = try expectRewrite(b.graph(y), CancelReshapes(), changes: 1)
    #expect(g.nodeCount == 1)
  }

  @Test func transposeOfUnitAxesIsAReshape() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 1, 1, 5])
    let t = try b.add(Transpose([0, 3, 1, 2]), [x], "t")
    let y = try b.add(FlattenToMatrix(axis: 1), [t], "y")
    let g = try expectRewrite(b.graph(y), CancelReshapes(), changes: 1)
    #expect(g.nodes.map(\.op.operatorName) == ["Reshape"])
  }

  @Test func realTransposesStay() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 4])
    let t = try b.add(Transpose([0, 2, 1]), [x], "t")
    let y = try b.add(FlattenToMatrix(axis: 1), [t], "y")
    try expectRewrite(b.graph(y), CancelReshapes(), changes: 0)
  }

  @Test func aUsedMiddleStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 4])
    let a = try b.add(FlattenToMatrix(axis: 2), [x], "a")
    let y = try b.add(FlattenToMatrix(axis: 0), [a], "y")
    try expectRewrite(b.graph(a, y), CancelReshapes(), changes: 0)
  }
}

@Suite struct CancelPairTests {
  @Test func losslessCastsGo() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let wide = try b.add(Cast(to: .float64), [x], "wide")
    let back = try b.add(Cast(to: .float32), [wide], "back")
    let y = try b.add(UnaryMap(.relu), [back], "y")
    let g = try expectRewrite(b.graph(y), CancelCasts(), changes: 1)
    #expect(g.nodeCount == 1)
  }

  @Test func lossyCastsStay() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let whole = try b.add(Cast(to: .int32), [x], "whole")
    let y = try b.add(Cast(to: .float32), [whole], "y")
    try expectRewrite(b.graph(y), CancelCasts(), changes: 0)
  }

  @Test(arguments: [
    (DType.int8, DType.float16, true), (.int32, .float32, false), (.int32, .float64, true), (.uint8, .int16, true),
    (.int8, .uint16, false), (.uint16, .int16, false), (.float16, .bfloat16, false), (.bool, .uint8, true),
    (.int64, .float64, false), (.bfloat16, .float32, true), (.uint8, .bfloat16, true), (.int16, .bfloat16, false),
  ])
  func whatACastKeeps(_ c: (DType, DType, Bool)) throws {
    var b = GraphBuilder()
    let x = b.editor.addInput("x", .tensor(c.0, sizes: [2]))
    let a = try b.add(Cast(to: c.1), [x], "a")
    let z = try b.add(Cast(to: c.0), [a], "z")
    let y = try b.add(Identity(), [z], "y")
    let (g, _) = try PassManager([CancelCasts()]).run(b.graph(y))
    #expect((g.nodes.count { $0.op is Cast } == 0) == c.2)
  }

  @Test func doubleNegationGoes() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    var v = x
    for i in 0..<4 { v = try b.add(UnaryMap(.negate), [v], "n\(i)") }
    let y = try b.add(UnaryMap(.tanh), [v], "y")
    let g = try expectRewrite(b.graph(y), CancelInverses(), changes: 2)
    #expect(g.nodeCount == 1)
  }

  @Test func reluIntoClamp() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let r = try b.add(UnaryMap(.relu), [x], "r")
    let rr = try b.add(UnaryMap(.relu), [r], "rr")
    let y = try b.add(UnaryMap(.clamp(lower: 0, upper: 0.5)), [rr], "y")
    let g = try expectRewrite(b.graph(y), CancelInverses(), changes: 2)
    #expect(g.nodeCount == 1)
  }

  @Test func slicesJoin() throws {
    var b = GraphBuilder()
    let x = b.input("x", [7, 8, 9])
    let a = try b.add(
      Slice(), [x, try b.ints("s1", [1]), try b.ints("e1", [6]), try b.ints("a1", [0])], "a")
    let c = try b.add(
      Slice(),
      [
        a, try b.ints("s2", [2, 1]), try b.ints("e2", [100, -1]), try b.ints("a2", [0, 2]), try b.ints("t2", [1, 2]),
      ], "c")
    let y = try b.add(UnaryMap(.tanh), [c], "y")
    let g = try expectRewrite(b.graph(y), MergeSlices(), changes: 1)
    #expect(g.value(named: "c")?.type == .tensor(.float32, sizes: [3, 8, 4]))
    #expect(g.nodeCount == 2)
  }

  @Test func neutralOperandsGo() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let a = try b.add(BinaryMap(.add), [x, b.editor.addConstant("zero", try Tensor(scalar: Float(0)))], "a")
    let m = try b.add(
      BinaryMap(.multiply), [a, b.editor.addConstant("ones", try Tensor([Float](repeating: 1, count: 3)))], "m")
    let y = try b.add(UnaryMap(.tanh), [m], "y")
    try expectRewrite(b.graph(y), RemoveIdentity(), changes: 2)
  }

  @Test func aConstantThatEnlargesStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [1, 3])
    let y = try b.add(
      BinaryMap(.multiply),
      [x, b.editor.addConstant("ones", try Tensor([Float](repeating: 1, count: 2), shape: [2, 1]))],
      "y")
    try expectRewrite(b.graph(y), RemoveIdentity(), changes: 0)
  }
}
