import Diagnostics
import ModelGraph
import Rewrites
import TensorCore
import Testing

/// Operators between a Transpose to channel-last and one back.
@Suite struct TransposeSinkingTests {
  /// x [2,3,4,5] → channel-last → what `body` makes → channel-first → tanh.
  private func sandwich(
    back: [Int]? = [0, 3, 1, 2], _ body: (inout GraphBuilder, ValueID) throws -> ValueID
  ) throws -> Graph {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 4, 5])
    let last = try b.add(Transpose([0, 2, 3, 1]), [x], "last")
    var y = try body(&b, last)
    if let back { y = try b.add(Transpose(back), [y], "back") }
    return b.graph(try b.add(UnaryMap(.tanh), [y], "z"))
  }

  private func expectNone(_ graph: Graph) throws {
    let g = try expectRewrite(graph, CancelTransposes())
    #expect(g.operatorCounts["Transpose"] == nil)
  }

  @Test func sumWithConstants() throws {
    try expectNone(
      try sandwich { b, x in
        let a = try b.add(BinaryMap(.add), [x, try b.weights("bias", [3])], "a")
        let c = try b.add(BinaryMap(.multiply), [try b.weights("k", [4, 1, 3]), a], "c")
        return try b.add(BinaryMap(.subtract), [c, try b.weights("one", [1])], "s")
      })
  }

  @Test func padAndClip() throws {
    try expectNone(
      try sandwich { b, x in
        let p = try b.add(Pad(mode: .reflect), [x, try b.ints("pads", [0, 1, 2, 0, 0, 3, 1, 0])], "p")
        let low = b.editor.addConstant("low", try Tensor(scalar: Float(-0.5)))
        return try b.add(Clip(), [p, low], "c")
      })
  }

  @Test func sliceAndSoftmax() throws {
    try expectNone(
      try sandwich { b, x in
        let s = try b.add(
          Slice(), [x, try b.ints("s", [1, 0]), try b.ints("e", [4, 2]), try b.ints("a", [2, -1])], "s2")
        return try b.add(Softmax(axis: -1), [s], "soft")
      })
  }

  @Test func sliceOfLeadingAxes() throws {
    try expectNone(
      try sandwich { b, x in try b.add(Slice(), [x, try b.ints("s", [1, 1]), try b.ints("e", [2, 9])], "s2") })
  }

  @Test func meanThatDropsThePlane() throws {
    try expectNone(
      try sandwich(back: nil) { b, x in
        try b.add(Reduction(.mean, keepsDimensions: false), [x, try b.ints("axes", [1, 2])], "m")
      })
  }

  @Test func meanThatKeepsThePlane() throws {
    try expectNone(
      try sandwich { b, x in try b.add(Reduction(.maximum), [x, try b.ints("axes", [1, -2])], "m") })
  }

  @Test func sumOverChannelsLeavesAnOrder() throws {
    // [N, H, W] without C: the order of what is left is that of the source.
    try expectNone(
      try sandwich(back: nil) { b, x in
        try b.add(Reduction(.sum, keepsDimensions: false), [x, try b.ints("axes", [3])], "m")
      })
  }

  @Test func resizeByScales() throws {
    try expectNone(
      try sandwich { b, x in
        let scales = b.editor.addConstant("scales", try Tensor([Float](arrayLiteral: 1, 2, 3, 1)))
        return try b.add(
          Resize(mode: .nearest, coordinates: .asymmetric, nearest: .floor), [x, nil, scales], "r")
      })
  }

  @Test func aResidualSumWithTwoUsers() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 4, 5])
    let last = try b.add(Transpose([0, 2, 3, 1]), [x], "last")
    let r = try b.add(UnaryMap(.relu), [last], "r")
    let s = try b.add(UnaryMap(.sigmoid), [last], "s")
    let sum = try b.add(BinaryMap(.add), [r, s], "sum")
    let y = try b.add(Transpose([0, 3, 1, 2]), [sum], "y")
    try expectNone(b.graph(try b.add(UnaryMap(.tanh), [y], "z")))
  }

  @Test func aComputedOperandStays() throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3, 4, 5])
    let w = b.input("w", [2, 4, 5, 3])
    let last = try b.add(Transpose([0, 2, 3, 1]), [x], "last")
    let y = try b.add(BinaryMap(.add), [last, w], "y")
    try expectRewrite(b.graph(y), CancelTransposes(), changes: 0)
  }
}
