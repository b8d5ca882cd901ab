import ModelGraph
import Rewrites
import TensorCore
import Testing

@Suite struct LayoutTests {
  @Test func channelLastWeightsBecomeViews() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5, 7])
    let hwio = try b.weights("hwio", [2, 4, 3, 6])
    let w = try b.add(Transpose([3, 2, 0, 1]), [hwio], "w")
    let y = try b.add(Convolution(), [x, w], "y")
    let before = b.graph(y)
    let g = try expectRewrite(before, FoldTransposesIntoConstants(), changes: 1)
    let view = try #require(g.value(named: "w")?.constant)
    #expect(view.shape == [6, 3, 2, 4])
    #expect(view.storage === before.value(named: "hwio")?.constant?.storage)
  }

  @Test func inverseTransposesCancelAcrossElementwise() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5, 7])
    let last = try b.add(Transpose([0, 2, 3, 1]), [x], "last")
    let r = try b.add(UnaryMap(.relu), [last], "r")
    let y = try b.add(Transpose([0, 3, 1, 2]), [r], "back")
    let z = try b.add(UnaryMap(.tanh), [y], "z")
    let g = try expectRewrite(b.graph(z), CancelTransposes())
    #expect(g.operatorCounts == ["relu": 1, "tanh": 1])
  }

  @Test func transposesOfBothOperandsCancel() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5, 7])
    let w = b.input("w", [2, 4, 5, 7])
    let p = try b.add(Transpose([0, 2, 3, 1]), [x], "p")
    let q = try b.add(Transpose([0, 2, 3, 1]), [w], "q")
    let joined = try b.add(Concat(axis: 3), [p, q], "joined")
    let y = try b.add(Transpose([0, 3, 1, 2]), [joined], "back")
    let z = try b.add(UnaryMap(.tanh), [y], "z")
    let g = try expectRewrite(b.graph(z), CancelTransposes())
    #expect(g.operatorCounts == ["Concat": 1, "tanh": 1])
    #expect((g.nodes[0].op as? Concat)?.axis == 1)
  }

  @Test func consecutiveTransposesJoin() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 5])
    let p = try b.add(Transpose([1, 2, 0]), [x], "p")
    let y = try b.add(Transpose([1, 2, 0]), [p], "y")
    try expectRewrite(
      b.graph(y), CancelTransposes(),
      gives: """
        graph g
          input x: float32[2,3,5]
          y: float32[5,2,3] = Transpose(x) {order=[2,0,1]}
          return y
        """)
  }

  @Test func differentOrdersStay() throws {
    var b = GraphBuilder()
    let x = b.input("x", [3, 3, 3])
    let p = try b.add(Transpose([1, 2, 0]), [x], "p")
    let q = try b.add(Transpose([2, 0, 1]), [x], "q")
    let y = try b.add(BinaryMap(.add), [p, q], "y")
    try expectRewrite(b.graph(y), CancelTransposes(), changes: 0)
  }

  @Test(arguments: [true, false])
  func fullyConnectedWeightsTakeTheFlattenOrder(flattens: Bool) throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 4, 5])
    let last = try b.add(Transpose([0, 2, 3, 1]), [x], "last")
    let source = flattens ? try b.add(FlattenToMatrix(axis: 1), [last], "flat") : last
    let w = try b.weights("w", [7, 60])
    let y = try b.add(InnerProduct(), [source, w], "y")
    let before = b.graph(y)
    let g = try expectRewrite(before, PermuteFullyConnectedWeights(), changes: 1)
    #expect(g.operatorCounts["Transpose"] == nil)
    let old = try #require(before.value(named: "w")?.constant).floats()
    let new = try #require(g.value(named: "w_permuted")?.constant).floats()
    for n in 0..<7 {
      for c in 0..<3 {
        for h in 0..<4 {
          for k in 0..<5 { #expect(new[n * 60 + (c * 4 + h) * 5 + k] == old[n * 60 + (h * 5 + k) * 3 + c]) }
        }
      }
    }
  }
}
