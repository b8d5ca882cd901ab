import Diagnostics
import ModelGraph
import Rewrites
import TensorCore
import Testing

@Suite struct BodyTests {
  /// relu(−(−x)) + w · 1.
  private func body(_ name: String, _ f: UnaryFunction) throws -> Graph {
    var b = GraphBuilder()
    b.editor.setName(name)
    let x = b.input("inner", [2, 3])
    let n = try b.add(UnaryMap(.negate), [x], "n")
    let m = try b.add(UnaryMap(.negate), [n], "m")
    return b.graph(try b.add(UnaryMap(f), [m], "out"))
  }

  @Test func passesGoIntoBodies() throws {
    var b = GraphBuilder()
    let c = b.editor.addInput("c", .tensor(.bool, sizes: []))
    let x = b.input("x", [2, 3])
    let op = If(thenBody: try body("a", .relu), elseBody: try body("b", .tanh))
    let y = try b.add(op, [c, x, x], "y")
    let (g, steps) = try PassManager([CancelInverses()]).run(b.graph(y))
    #expect(steps.map(\.changes) == [2])
    #expect(steps.first?.before["negate"] == 4)
    #expect(steps.first?.after["negate"] == nil)
    #expect(g.nodes[0].op.bodies.map(\.nodeCount) == [1, 1])
  }

  @Test(arguments: [true, false])
  func aConstantConditionPicksItsBranch(_ flag: Bool) throws {
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let c = b.editor.addConstant("c", try Tensor(scalar: flag))
    let op = If(thenBody: try body("a", .relu), elseBody: try body("b", .tanh))
    let y = try b.add(op, [c, x, x], "y")
    let z = try b.add(UnaryMap(.sigmoid), [y], "z")
    let g = try expectRewrite(b.graph(z, y), InlineConstantBranches(), changes: 1)
    #expect(g.nodes.contains { ($0.op as? UnaryMap)?.function == (flag ? .relu : .tanh) })
  }

  @Test func aBranchThatPassesAnInputOn() throws {
    var inner = GraphBuilder()
    let i = inner.input("i", [2, 3])
    let same = inner.graph(i)
    var b = GraphBuilder()
    let x = b.input("x", [2, 3])
    let c = b.editor.addConstant("c", try Tensor(scalar: true))
    let y = try b.add(If(thenBody: same, elseBody: try body("b", .tanh)), [c, x, x], "y")
    try expectRewrite(b.graph(y), InlineConstantBranches(), changes: 1)
  }
}
